"""Sentences under their headings: the section of each, and the titles above it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from corpus.blocks import HEADING

_FENCE = re.compile(r"(?:`{3,}|~{3,})[^`\n]*")


def sections_of(text: str, spans: list[tuple[int, int]]) -> Iterable[tuple[int, tuple[str, ...], bool]]:
    """For every sentence: the number of its section, the titles above it, and whether it is a heading."""
    fences = sum(1 for start, end in spans if _FENCE.fullmatch(text, start, end))
    fenced = False
    section = 0
    path: list[tuple[int, str]] = []
    position = 0
    for start, end in spans:
        starts_line = position == 0 or lines_in(text[position:start]) > 1
        position = end
        heading = None
        if _FENCE.fullmatch(text, start, end):
            fences -= 1
            # A fence that nothing closes opens nothing.
            fenced = not fenced and fences > 0
        elif starts_line and not fenced:
            heading = HEADING.fullmatch(text, start, end)
        if heading:
            section += 1
            level = len(heading["level"])
            path = [(above, title) for above, title in path if above < level]
            path.append((level, heading["title"].rstrip("# \t").strip("*_") or heading["title"]))
        yield section, tuple(title for _, title in path), heading is not None


def lines_in(gap: str) -> int:
    """The lines that a stretch of whitespace goes over; 1 when it holds no newline."""
    return len(f"{gap}.".splitlines())
