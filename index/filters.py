"""Which passages a search may find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Filter:
    """What a passage must be for a search to find it; an empty field asks nothing.

    languages: its language (ISO 639-1) is one of these. sources: its document's source fits one of these
    patterns, where * stands for anything ("reports/*.pdf"). metadata: its document's metadata has each of
    these values; of a list, as an element. without: ids of documents that are left out.
    """

    languages: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    def allows_language(self, language: str) -> bool:
        """Whether passages of a language may be found."""
        return not self.languages or language in self.languages

    @property
    def asks_documents(self) -> bool:
        """Whether anything but the language decides."""
        return bool(self.sources or self.metadata or self.without)

    def allows_document(self, document_id: str, source: str, metadata: Mapping[str, Any]) -> bool:
        """Whether the passages of a document may be found."""
        return (
            document_id not in self.without
            and (not self.sources or any(fnmatchcase(source, pattern) for pattern in self.sources))
            and all(_has(metadata.get(key), value) for key, value in self.metadata.items())
        )


def _has(found: Any, wanted: Any) -> bool:
    return wanted in found if isinstance(found, list) else bool(found == wanted)


EVERYTHING = Filter()
