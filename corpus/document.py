"""The types that the corpus hands on: Document and Chunk. Offsets are Unicode code points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Removed:
    """A piece of the source that cleaning took out.

    line: 1-based line in the extracted (uncleaned) text; text: what was removed; why: a short reason.
    """

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Document:
    """One cleaned document.

    language: ISO 639-1 code ("ar", "zh", "en", ...; "und" when nothing tells).
    script: ISO 15924 code ("Arab", "Hans", "Hant", "Latn", ...; "Zyyy" when nothing tells).
    source: path inside the indexed root, or FILE#id for a line of a .jsonl file.
    metadata: JSON values only. pages: the start offset of every page, () for a source without pages.
    """

    id: str
    text: str
    language: str
    title: str
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    script: str = "Zyyy"
    removed: tuple[Removed, ...] = ()
    pages: tuple[int, ...] = ()

    def page(self, offset: int) -> int | None:
        """The 1-based page that holds a text offset, or None for a source without pages."""
        if not self.pages:
            return None
        return sum(1 for start in self.pages if start <= offset) or 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document: document.text[start:end] == text, always.

    id: hash of document id, offsets and text. heading: title and section headings above the passage,
    given to the embedder as context but no part of the text.
    """

    id: str
    document_id: str
    text: str
    language: str
    start: int
    end: int
    heading: str = ""
    script: str = "Zyyy"
