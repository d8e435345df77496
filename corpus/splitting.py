"""Document -> Chunk: whole sentences packed into passages that fit the embedder's window.

Sentences are counted in the embedder's own tokens, once per document. Borders are then chosen together
(the cheapest division, by dynamic programming), so that passages come out even and begin at headings and
paragraphs where they can.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from corpus.chunks import Group, Unit, chunk_of
from corpus.document import Chunk, Document
from corpus.errors import InvalidRequest
from corpus.headings import lines_in, sections_of
from corpus.sentences import split_sentences

CountTokens = Callable[[Sequence[str]], list[int]]

# What a chunk pays for where it begins, on the scale of its size's squared relative deviation: 0.2 more
# is as bad as being 45% off the even size.
_AFTER_HEADING = 10.0
_AT_HEADING = 0.0
_AT_PARAGRAPH = 0.05
_AT_LINE = 0.1
_IN_PARAGRAPH = 0.2
_IN_SENTENCE = 0.3
# An overlap larger than this share of the budget repeats more than it connects.
_OVERLAP_SHARE = 0.25
# More sentences than this in a chunk are the mark of a list rather than prose.
_DENSE = 24
_WORD_BORDER = re.compile(r"\s|(?<=[，、；：،؛])")


@dataclass(frozen=True, slots=True)
class Splitter:
    """Settings of the division into chunks; an index records them and refuses chunks of other ones.

    max_tokens: most tokens of a chunk's text, special tokens and heading not counted.
    overlap_sentences: sentences repeated from the chunk before, within a section and when they are short.
    version: changes whenever the same text would be split differently.
    """

    max_tokens: int = 320
    overlap_sentences: int = 1
    version: str = "1"

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.overlap_sentences < 0:
            raise InvalidRequest(
                f"chunks of {self.max_tokens} tokens with {self.overlap_sentences} sentences of overlap"
                " cannot be made: give max_tokens of at least 1 and overlap_sentences of at least 0"
            )

    def split(self, document: Document, count_tokens: CountTokens) -> list[Chunk]:
        """The chunks of a document, in order; together they hold all of its text but whitespace.

        count_tokens: the number of tokens of each text, without special tokens. A document of at most
        max_tokens is one chunk. Only a single character of more than max_tokens tokens goes beyond them.
        """
        text = document.text
        units = self._units(document, count_tokens)
        if not units:
            return []
        groups = [Group(0, 0, len(units))]
        total = sum(unit.tokens for unit in units)
        # Tokens of sentences alone and together differ by a few at their borders, hence the margin.
        if (
            total > 2 * self.max_tokens
            or count_tokens([text[units[0].start : units[-1].end]])[0] > self.max_tokens
        ):
            groups = self._within_limit(text, units, self._pack(units, total), count_tokens)
        return [chunk_of(document, units, group) for group in groups]

    def _units(self, document: Document, count_tokens: CountTokens) -> list[Unit]:
        text = document.text
        spans = split_sentences(text, document.language)
        if not spans:
            return []
        counts = count_tokens([text[start:end] for start, end in spans])
        sections = sections_of(text, spans)
        units: list[Unit] = []
        for span, tokens, (section, path, is_heading) in zip(spans, counts, sections, strict=True):
            for start, end, size in self._pieces(text, span, tokens, count_tokens):
                if units and units[-1].is_heading:
                    border = _AFTER_HEADING
                elif start > span[0]:
                    border = _IN_SENTENCE
                elif is_heading:
                    border = _AT_HEADING
                else:
                    border = _border(text[units[-1].end : start] if units else "")
                units.append(Unit(start, end, size, section, path, is_heading, border))
        return units

    def _pieces(
        self, text: str, span: tuple[int, int], tokens: int, count_tokens: CountTokens
    ) -> list[tuple[int, int, int]]:
        """A sentence as (start, end, tokens), halved at word borders until every piece fits."""
        start, end = span
        if tokens <= self.max_tokens or end - start < 2:
            return [(start, end, tokens)]
        cut = _middle(text, start, end)
        left = (start, start + len(text[start:cut].rstrip()))
        right = (end - len(text[cut:end].lstrip()), end)
        counts = count_tokens([text[slice(*left)], text[slice(*right)]])
        return [
            piece
            for half, count in zip((left, right), counts, strict=True)
            for piece in self._pieces(text, half, count, count_tokens)
        ]

    def _pack(self, units: list[Unit], total: int) -> list[Group]:
        """The division of lowest cost: even sizes, borders at headings and paragraphs."""
        limit = self.max_tokens
        target = total / -(-total // limit)
        before = [0, *accumulate(unit.tokens for unit in units)]
        borders = self._borders(units, total)
        steps = [(before[first], units[first].border) for first in borders[:-1]]
        overlaps = [
            self._overlap(units, first, before[after] - before[first]) for first, after in pairwise(borders)
        ]
        repeated = [
            before[first] - before[overlap] for first, overlap in zip(borders, overlaps, strict=False)
        ]
        best, begins = [0.0], [0]
        for at in range(1, len(borders)):
            end = before[borders[at]]
            lowest, begin = float("inf"), at - 1
            for step in range(at - 1, -1, -1):
                start, border = steps[step]
                size = end - start
                if size + repeated[step] > limit and step < at - 1:
                    if size > limit:
                        break
                    continue
                cost = best[step] + border + (size / target - 1) ** 2
                if cost < lowest:
                    lowest, begin = cost, step
            best.append(lowest)
            begins.append(begin)
        groups = []
        at = len(borders) - 1
        while at:
            begin = begins[at]
            groups.append(Group(overlaps[begin], borders[begin], borders[at]))
            at = begin
        return groups[::-1]

    def _borders(self, units: list[Unit], total: int) -> list[int]:
        """The units at which a chunk may begin, and the end.

        All of them, unless the text is all short lines (a word list): the time to choose grows with the
        square of the sentences a chunk holds, so there the short ones are taken a few at a time.
        """
        is_dense = len(units) * self.max_tokens > _DENSE * total
        step = self.max_tokens // _DENSE if is_dense else 0
        borders, size = [0], 0
        for at, unit in enumerate(units):
            if at and (size + unit.tokens > step or unit.border == _AT_HEADING):
                borders.append(at)
                size = 0
            size += unit.tokens
        return [*borders, len(units)]

    def _overlap(self, units: list[Unit], first: int, tokens: int) -> int:
        """Where the sentences begin that a chunk repeats before its first tokens; first itself if none."""
        room = min(int(_OVERLAP_SHARE * self.max_tokens), self.max_tokens - tokens)
        begin = first
        while begin and first - begin < self.overlap_sentences:
            unit = units[begin - 1]
            room -= unit.tokens
            if room < 0 or unit.is_heading or unit.section != units[first].section:
                break
            begin -= 1
        return begin

    def _within_limit(
        self, text: str, units: list[Unit], groups: list[Group], count_tokens: CountTokens
    ) -> list[Group]:
        """The groups, those divided whose whole text has more tokens than its sentences had alone."""
        counted: set[Group] = set()
        while True:
            near = [group for group in groups if group not in counted and self._near_limit(units, group)]
            if not near:
                return groups
            counts = count_tokens([_text(text, units, group) for group in near])
            too_long = {group for group, count in zip(near, counts, strict=True) if count > self.max_tokens}
            counted.update(near)
            groups = [
                part for group in groups for part in (_smaller(group) if group in too_long else [group])
            ]

    def _near_limit(self, units: list[Unit], group: Group) -> bool:
        """Could joining the sentences exceed the limit, at a token a border and one a space?"""
        members = units[group.overlap : group.last]
        if len(members) == 1:
            return False
        spaces = members[-1].end - members[0].start - sum(unit.end - unit.start for unit in members)
        return sum(unit.tokens for unit in members) + len(members) + spaces > self.max_tokens


def _border(gap: str) -> float:
    """What it costs to begin a chunk behind the whitespace of a gap."""
    lines = lines_in(gap)
    return _AT_PARAGRAPH if lines > 2 else _AT_LINE if lines > 1 else _IN_PARAGRAPH


def _middle(text: str, start: int, end: int) -> int:
    """The word border nearest to the middle of a span, else a character border, never a span's end."""
    middle = (start + end) // 2
    quarter = (end - start) // 4
    inner = range(max(start + 1, start + quarter), min(end - 1, end - quarter) + 1)
    cuts = (
        [border.start() for border in _WORD_BORDER.finditer(text, inner[0], inner[-1])]
        or [at for at in inner if not _joined(text[at - 1], text[at])]
        or [middle]
    )
    return min(cuts, key=lambda cut: abs(cut - middle))


def _joined(left: str, right: str) -> bool:
    """Do two characters belong to one Latin word, or one to the other as a combining mark?"""
    return (left.isascii() and left.isalnum() and right.isascii() and right.isalnum()) or bool(
        unicodedata.combining(right)
    )


def _smaller(group: Group) -> list[Group]:
    """A group without its overlap, or else in halves."""
    if group.overlap < group.first:
        return [Group(group.first, group.first, group.last)]
    middle = (group.first + group.last) // 2
    return [Group(group.first, group.first, middle), Group(middle, middle, group.last)]


def _text(text: str, units: list[Unit], group: Group) -> str:
    return text[units[group.overlap].start : units[group.last - 1].end]
