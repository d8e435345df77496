"""Document -> Chunk: whole sentences packed into passages that fit the embedder's window.

Sentences are counted in the embedder's own tokens, once per document. Borders are then chosen together
(the cheapest division, by dynamic programming), so that passages come out even and begin at headings and
paragraphs where they can.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, takewhile

from corpus.document import Chunk, Document
from corpus.errors import InvalidRequest
from corpus.language import detect_language, script_of
from corpus.sentences import HEADING, split_sentences

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
# A chunk shorter than this is not asked for its own Chinese script.
_SHORT = 200
_WORD_BORDER = re.compile(r"\s|(?<=[，、；：،؛])")
_FENCE = re.compile(r"(?:`{3,}|~{3,})[^`\n]*")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a piece of one too long for a chunk: text[start:end].

    section: number of the heading it stands under; path: the titles of its headings, outermost first,
    its own included if it is one; border: what a chunk pays to begin here.
    """

    start: int
    end: int
    tokens: int
    section: int
    path: tuple[str, ...]
    is_heading: bool
    border: float


@dataclass(frozen=True, slots=True)
class _Group:
    """Units first to last (exclusive), with those from overlap (<= first) on repeated before them."""

    overlap: int
    first: int
    last: int


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
        groups = [_Group(0, 0, len(units))]
        total = sum(unit.tokens for unit in units)
        # Tokens of sentences alone and together differ by a few at their borders, hence the margin.
        if (
            total > 2 * self.max_tokens
            or count_tokens([text[units[0].start : units[-1].end]])[0] > self.max_tokens
        ):
            groups = self._within_limit(text, units, self._pack(units, total), count_tokens)
        return [_chunk(document, units, group) for group in groups]

    def _units(self, document: Document, count_tokens: CountTokens) -> list[_Unit]:
        text = document.text
        spans = split_sentences(text, document.language)
        if not spans:
            return []
        counts = count_tokens([text[start:end] for start, end in spans])
        sections = _sections(text, spans)
        units: list[_Unit] = []
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
                units.append(_Unit(start, end, size, section, path, is_heading, border))
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

    def _pack(self, units: list[_Unit], total: int) -> list[_Group]:
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
            groups.append(_Group(overlaps[begin], borders[begin], borders[at]))
            at = begin
        return groups[::-1]

    def _borders(self, units: list[_Unit], total: int) -> list[int]:
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

    def _overlap(self, units: list[_Unit], first: int, tokens: int) -> int:
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
        self, text: str, units: list[_Unit], groups: list[_Group], count_tokens: CountTokens
    ) -> list[_Group]:
        """The groups, those divided whose whole text has more tokens than its sentences had alone."""
        counted: set[_Group] = set()
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

    def _near_limit(self, units: list[_Unit], group: _Group) -> bool:
        """Could joining the sentences exceed the limit, at a token a border and one a space?"""
        members = units[group.overlap : group.last]
        if len(members) == 1:
            return False
        spaces = members[-1].end - members[0].start - sum(unit.end - unit.start for unit in members)
        return sum(unit.tokens for unit in members) + len(members) + spaces > self.max_tokens


def _sections(text: str, spans: list[tuple[int, int]]) -> Iterable[tuple[int, tuple[str, ...], bool]]:
    """For every sentence: the number of its section, the titles above it, and whether it is a heading."""
    fences = sum(1 for start, end in spans if _FENCE.fullmatch(text, start, end))
    fenced = False
    section = 0
    path: list[tuple[int, str]] = []
    position = 0
    for start, end in spans:
        starts_line = position == 0 or _lines(text[position:start]) > 1
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


def _border(gap: str) -> float:
    """What it costs to begin a chunk behind the whitespace of a gap."""
    lines = _lines(gap)
    return _AT_PARAGRAPH if lines > 2 else _AT_LINE if lines > 1 else _IN_PARAGRAPH


def _lines(gap: str) -> int:
    return len(f"{gap}.".splitlines())


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


def _smaller(group: _Group) -> list[_Group]:
    """A group without its overlap, or else in halves."""
    if group.overlap < group.first:
        return [_Group(group.first, group.first, group.last)]
    middle = (group.first + group.last) // 2
    return [_Group(group.first, group.first, middle), _Group(middle, middle, group.last)]


def _text(text: str, units: list[_Unit], group: _Group) -> str:
    return text[units[group.overlap].start : units[group.last - 1].end]


def _chunk(document: Document, units: list[_Unit], group: _Group) -> Chunk:
    start, end = units[group.overlap].start, units[group.last - 1].end
    text = document.text[start:end]
    language, script = _language(document, text)
    return Chunk(
        id=_chunk_id(document.id, start, end, text),
        document_id=document.id,
        text=text,
        language=language,
        start=start,
        end=end,
        heading=_heading(document.title, units[group.overlap : group.last]),
        script=script,
    )


def _chunk_id(document_id: str, start: int, end: int, text: str) -> str:
    """16 hex digits of SHA-256 over the fields, each behind its length, so that no two sets collide."""
    digest = hashlib.sha256()
    for field in (document_id, str(start), str(end), text):
        data = field.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def _heading(title: str, units: list[_Unit]) -> str:
    """The document's title and the headings that stand above all of a chunk: Title > Section."""
    paths = [unit.path for unit in units if not unit.is_heading] or [unit.path[:-1] for unit in units]
    # What the first and the last in order share, all share.
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(min(paths), max(paths), strict=False))
    titles = [shared for shared, _ in pairs]
    if titles and titles[0].casefold() == title.strip().casefold():
        titles = titles[1:]
    return " > ".join(part for part in [title.strip(), *titles] if part)


def _language(document: Document, text: str) -> tuple[str, str]:
    """The chunk's language and script: the document's own wherever the script agrees with it."""
    language, script = detect_language(text)
    given = document.language
    if given in ("", "und"):
        return language, script
    document_script = document.script if document.script != "Zyyy" else script_of(given)
    if script == "Zyyy":
        return given, document_script
    if {script, document_script} == {"Hans", "Hant"}:
        # A few characters that both scripts share say nothing.
        is_short = len(text) < _SHORT and document.script != "Zyyy"
        return given, document_script if is_short else script
    return (given if document_script in (script, "Zyyy") else language), script
