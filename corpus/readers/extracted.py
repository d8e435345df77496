"""The type that every reader hands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of one document as its format holds it, before cleaning.

    title: "" when the format gives none. metadata: JSON values only. pages: start offset of every page
    in `text`, () for a format without pages. verbatim: the text must not be cleaned.
    """

    text: str
    title: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pages: tuple[int, ...] = ()
    given_id: str | None = None
    given_language: str | None = None
    verbatim: bool = False
