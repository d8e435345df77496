"""What an indexing run did, and what it could not read."""

from __future__ import annotations

from dataclasses import dataclass, field

from corpus.errors import InvalidRequest

_LISTED = 20


@dataclass
class IndexReport:
    """What a run did. Document ids but for unchanged (a number of documents) and chunks (embedded now)."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    chunks: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    documents: int = 0
    seconds: float = 0.0

    def require_read(self) -> None:
        """Raise InvalidRequest when there were files and none of them could be read."""
        if self.unreadable and not (self.added or self.updated or self.unchanged):
            name, message = self.unreadable[0]
            raise InvalidRequest(f"none of the files could be read; the first was {name}: {message}")


class Problems:
    """The lines of one source that became no document: the first ones, and the number of the others."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: list[tuple[str, str]] = []
        self._others = 0
        self._last = ""

    def __len__(self) -> int:
        return len(self._first) + self._others

    def append(self, problem: tuple[str, str]) -> None:
        if len(self._first) < _LISTED:
            self._first.append(problem)
        else:
            self._others += 1
            self._last = problem[1]

    def listed(self) -> list[tuple[str, str]]:
        """At most 21 of (name, message): a file of a million bad lines is no report of a million lines."""
        if not self._others:
            return self._first
        return [*self._first, (self._name, f"{self._others} more like these, the last: {self._last}")]
