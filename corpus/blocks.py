"""Newlines: which end a block of text, and which only wrap a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from corpus.characters import is_cjk

# A line this short is not wrapped prose; no wrapped line is longer than the second.
_SHORTEST_WRAPPED_LINE = 40
_LONGEST_WRAPPED_LINE = 160

_NEWLINE = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Markdown headings; fences, tables and quotes; list items in the three languages' numbering.
HEADING = re.compile(r"[ \t]*(?P<level>#{1,6})[ \t]+(?P<title>\S.*)")
_STANDS_ALONE = re.compile(r"[ \t]*(?:#{1,6}[ \t]|```|~~~|[|>])")
_LIST_ITEM = re.compile(
    r"[ \t]*(?:[-*+•●◦▪‣–—·][ \t]|\d{1,3}[.)][ \t]|\d{1,3}[、．][^\d]"
    r"|[(（]\d{1,3}[)）]|[一二三四五六七八九十]{1,3}、)"
)
# Extraction puts the subscript of a formula on a line of its own: "O", newline, "2 around it".
_LOST_SUBSCRIPT = re.compile(r"(?<![A-Za-z])(?:Cl|Br|Si|[HCNOSFP]){1,4}\s+[2-9](?!\d)")
WORD = re.compile(r"\S+")
_SPACE = re.compile(r"\s+")


def blocks(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of text that no sentence leaves: lines, or the wrapped lines of a paragraph together."""
    paragraph: list[tuple[int, int]] = []
    position = 0
    for newline in _NEWLINE.finditer(text + "\n"):
        line = trimmed(text, position, newline.start())
        if line[0] < line[1]:
            paragraph.append((position, line[1]))
        else:
            yield from _joined_lines(text, paragraph)
            paragraph = []
        position = newline.end()
    yield from _joined_lines(text, paragraph)


def _joined_lines(text: str, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines of one paragraph, joined where a newline only wraps the text at a fixed width."""
    wrapped = _wrapped(text, lines)
    first = 0
    for index, (start, end) in enumerate(lines):
        joined = index + 1 < len(lines) and (
            wrapped[index] or _LOST_SUBSCRIPT.search(text, max(start, end - 6), lines[index + 1][0] + 2)
        )
        if not joined:
            yield lines[first][0], end
            first = index + 1


def _wrapped(text: str, lines: list[tuple[int, int]]) -> list[bool]:
    """For every line but the last: does it go on in the next, the next word not having fitted?"""
    if len(lines) < 2:
        return []
    width = max(end - start for start, end in lines)
    if not _SHORTEST_WRAPPED_LINE < width <= _LONGEST_WRAPPED_LINE:
        return [False] * (len(lines) - 1)
    # With few lines only the exact test tells prose from a title; pages of PDF are a little ragged.
    least = width if len(lines) < 4 else 0.85 * width
    wrapped = []
    for (start, end), (next_start, next_end) in pairwise(lines):
        word = WORD.search(text, next_start, next_end)
        assert word is not None  # lines are never blank
        full = end - start > _SHORTEST_WRAPPED_LINE and end - start + 1 + len(word.group()) > least
        indented = word.start() > next_start
        wrapped.append(
            full
            and not (is_cjk(text[end - 1]) or is_cjk(word.group()[0]))
            and not _STANDS_ALONE.match(text, start, end)
            and (indented or not _LIST_ITEM.match(text, start, end))
            and not _STANDS_ALONE.match(text, next_start, next_end)
            and not _LIST_ITEM.match(text, next_start, next_end)
        )
    return wrapped if 2 * sum(wrapped) >= len(wrapped) else [False] * len(wrapped)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the whitespace at its ends."""
    start = after_space(text, start, end)
    return start, start + len(text[start:end].rstrip())


def after_space(text: str, start: int, end: int) -> int:
    space = _SPACE.match(text, start, end)
    return space.end() if space else start
