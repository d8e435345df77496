"""Extracted text -> cleaned text: what a web page wrapped around its article is taken out, with reasons.

What a line is taken for depends on its words (corpus.boilerplate) and on where it stands: before the first
line of prose (head), after the last (tail), or between. Between them only unmistakable furniture goes. At
head and tail also lines that are merely likely go, but only on a page that shows other furniture: an
ordinary document has none, so it loses nothing. Bylines, sources and dates stay; so do headings, tables
and fenced code.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from corpus import boilerplate
from corpus.document import Removed
from corpus.readings import strip_readings

# Sizes count Chinese characters and other words (see _size).
PROSE = 30
SENTENCE = 12
SHORT = 30
SITE_NAME = 12
# Longer lines, in characters, are never furniture.
LONGEST_FURNITURE = 400
# After an article's end no line is longer than this share of the article's median paragraph.
AFTER_END = 0.5
# An article is at least this many times as long as what follows its end.
ARTICLE_TO_REST = 3

_HAN_OR_WORD = re.compile("[\u3400-\u9fff\uf900-\ufaff]|[^\\W_\u3400-\u9fff\uf900-\ufaff]+")
_SENTENCE_END = re.compile(r"[.!?。！？؟；;…][\"'”’»」』)）\]]*$")
_STRUCTURE = re.compile(r"#{1,6} |\||>|(?:[-*+]|\d{1,3}[.)]) |={3,}$|-{3,}$|\*{3,}$|(?:\* ){2}")
_BLOCK_STRUCTURE = re.compile(r"#{1,6} |\|.*\|$|```|~~~")
_BULLET = re.compile(r"^(?:[-*+•·▪]|\d{1,3}[.)]) +")
_INDENT = re.compile("^[\u3000\xa0]+[ \u3000\xa0]*|^ +[\u3000\xa0]+[ \u3000\xa0]*")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text and what cleaning took out of it.

    line_starts: for every line of the given text the offset in `text` of what is left from there on.
    """

    text: str
    removed: tuple[Removed, ...]
    line_starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    folded: str
    size: int
    is_sentence: bool
    is_fenced: bool

    @property
    def is_structure(self) -> bool:
        return self.is_fenced or bool(_STRUCTURE.match(self.text))

    @property
    def is_byline(self) -> bool:
        return self.size <= SHORT and bool(boilerplate.BYLINE.fullmatch(self.folded))

    @property
    def is_fact(self) -> bool:
        return self.is_byline or (self.size <= SHORT and bool(boilerplate.DATED.fullmatch(self.folded)))


def clean(text: str) -> Cleaned:
    """Take injected readings and page furniture out of a text. Cleaning twice changes nothing more.

    Lines are ended by \\n. Spaces at line ends and repeated blank lines go without mention; everything
    else that goes is listed with its 1-based line in the given text.
    """
    lines = [_INDENT.sub("", line).rstrip() for line in text.split("\n")]
    removed: list[Removed] = []
    while changes := _clean_once(lines):
        for change, left in changes:
            lines[change.line - 1] = left
            removed.append(change)
    cleaned, starts = _assemble(lines)
    return Cleaned(cleaned, tuple(sorted(removed, key=lambda change: change.line)), starts)


def _clean_once(lines: list[str]) -> list[tuple[Removed, str]]:
    """One pass: what goes, and what is left of its line. Readings go first: they break up words."""
    stripped, readings = strip_readings("\n".join(lines))
    if readings:
        left = stripped.split("\n")
        return [
            (Removed(number, brackets, "reading injected after a character"), left[number - 1])
            for number, brackets in readings
        ]
    reasons = _furniture(_lines(lines))
    return [(Removed(number, lines[number - 1], why), "") for number, why in reasons.items()]


def _assemble(lines: list[str]) -> tuple[str, tuple[int, ...]]:
    """Join lines, with one blank line at most between two and none at either end."""
    pieces: list[str] = []
    starts: list[int] = []
    length, blank = 0, False
    for line in lines:
        if line:
            if pieces:
                gap = "\n\n" if blank else "\n"
                pieces.append(gap)
                length += len(gap)
            starts.append(length)
            pieces.append(line)
            length += len(line)
            blank = False
        else:
            starts.append(-1)
            blank = True
    # A line that went, or a blank one, starts where the next line that stays does.
    following = length
    for index in range(len(starts) - 1, -1, -1):
        if starts[index] < 0:
            starts[index] = following
        following = starts[index]
    return "".join(pieces), tuple(starts)


def _lines(lines: list[str]) -> list[_Line]:
    """The lines that hold something, with what the rules ask of them."""
    folded = boilerplate.fold("\n".join(lines)).split("\n")
    found, fenced = [], False
    for number, (line, low) in enumerate(zip(lines, folded, strict=True), start=1):
        text = line.strip()
        is_fence = text.startswith(("```", "~~~"))
        if text:
            bare = _BULLET.sub("", low.strip())
            is_sentence = bool(_SENTENCE_END.search(text))
            found.append(_Line(number, text, bare, _size(text), is_sentence, fenced or is_fence))
        fenced ^= is_fence
    return found


def _size(text: str) -> int:
    """Chinese characters plus other words: about as many as the line has things to say."""
    return len(_HAN_OR_WORD.findall(text))


def _furniture(lines: list[_Line]) -> dict[int, str]:
    """Line number -> why it is no part of the article."""
    sure = {index: why for index, line in enumerate(lines) if (why := _sure(line))}
    weak = {
        index
        for index, line in enumerate(lines)
        if index not in sure and not line.is_structure and not line.is_byline and _weak(line)
    }
    notices = {index for index, line in enumerate(lines) if boilerplate.is_notice(line.folded)}
    prose = [
        index
        for index, line in enumerate(lines)
        if index not in sure and index not in weak and index not in notices and _is_prose(line)
    ]
    reasons = dict(sure)
    end = _end_of_article(lines, sure, notices, prose)
    if end is not None:
        for index in range(end, len(lines)):
            if not lines[index].is_byline:
                reasons.setdefault(index, "after the end of the article" if index > end else "legal notice")
        prose = [index for index in prose if index < end]
    head, tail = (prose[0], prose[-1] + 1) if prose else (min(3, len(lines)), len(lines))
    reasons |= _head(lines, head, reasons)
    reasons |= _tail(lines, tail, sure, weak, notices)
    furniture = len(reasons) > 0
    outer = [index for index in sorted(weak) if index < head or index >= tail]
    if prose and (furniture or len(outer) >= 4):
        for index in outer:
            reasons.setdefault(index, "page control")
    return {lines[index].number: why for index, why in sorted(reasons.items())}


def _sure(line: _Line) -> str:
    if line.is_fenced or len(line.folded) > LONGEST_FURNITURE:
        return ""
    if boilerplate.is_link_spam(line.folded):
        return "link spam"
    if _BLOCK_STRUCTURE.match(line.text):
        return ""
    for why, pattern in boilerplate.SURE.items():
        if pattern.fullmatch(line.folded):
            return why
    return "link to another story" if boilerplate.RELATED.fullmatch(line.folded) else ""


def _weak(line: _Line) -> bool:
    return line.size <= SHORT and bool(
        boilerplate.WEAK.fullmatch(line.folded) or boilerplate.is_pager(line.folded)
    )


def _is_prose(line: _Line) -> bool:
    if line.is_structure and not _BULLET.match(line.text):
        return False
    return line.size >= PROSE or (line.size >= SENTENCE and line.is_sentence)


def _end_of_article(
    lines: list[_Line], sure: dict[int, str], notices: set[int], prose_lines: list[int]
) -> int | None:
    """The legal notice, or the header of other stories, with which the article is over.

    Blurbs of other stories are sentences too; they are told from the article by their length, all of them
    shorter than its paragraphs, and by being few.
    """
    prose = dict.fromkeys(prose_lines)
    repeated = Counter(_DIGITS.sub("", line.folded) for line in lines)
    furniture = notices | sure.keys()
    prose_before = [0, *accumulate(line.size * (index in prose) for index, line in enumerate(lines))]
    other_sizes = [0, *accumulate(line.size * (index not in furniture) for index, line in enumerate(lines))]
    for index, line in enumerate(lines):
        if not (index in notices or sure.get(index) in ("copyright line", "link to another story")):
            continue
        rest_size = other_sizes[-1] - other_sizes[index + 1]
        # A notice that comes again is the running foot of a document's pages.
        if repeated[_DIGITS.sub("", line.folded)] > 1 or not prose_before[index]:
            continue
        if prose_before[index] < ARTICLE_TO_REST * rest_size:
            continue
        rest = [lines[after] for after in range(index + 1, len(lines)) if after not in furniture]
        if any(_BLOCK_STRUCTURE.match(after.text) or after.is_fenced for after in rest):
            continue
        longest = AFTER_END * median(lines[before].size for before in prose if before < index)
        if all(after.size <= longest for after in rest):
            return index
    return None


def _head(lines: list[_Line], head: int, known: dict[int, str]) -> dict[int, str]:
    """Breadcrumbs and menus above the article, and the site's name above them."""
    reasons: dict[int, str] = {}
    for index in range(head):
        line = lines[index]
        if index in known or line.is_structure:
            continue
        if boilerplate.is_breadcrumb(line.folded):
            reasons[index] = "breadcrumb"
        elif boilerplate.is_menu(line.folded):
            reasons[index] = "menu"
    for start, stop in _runs_of_sections(lines[:head]):
        reasons |= dict.fromkeys(range(start, stop), "menu")
    if reasons:
        last = max(reasons)
        # A title must be left below: above the breadcrumb may be the title itself.
        titled = any(not lines[index].is_fact for index in range(last + 1, head))
        for index in range(last):
            line = lines[index]
            short = line.size <= SITE_NAME and not line.is_sentence
            if titled and index not in known and short and not line.is_fact and not line.is_structure:
                reasons.setdefault(index, "site header")
    return reasons


def _runs_of_sections(lines: list[_Line]) -> list[tuple[int, int]]:
    """Menus with one section a line: five short lines and more, most of them names of sections."""
    runs, start = [], 0
    for index in range(len(lines) + 1):
        if index < len(lines) and lines[index].size <= 4 and not lines[index].is_structure:
            continue
        run = lines[start:index]
        if len(run) >= 5 and boilerplate.is_menu(" ".join(line.folded.replace(" ", "-") for line in run)):
            runs.append((start, index))
        start = index + 1
    return runs


def _tail(
    lines: list[_Line], tail: int, sure: dict[int, str], weak: set[int], notices: set[int]
) -> dict[int, str]:
    """What follows the first furniture after the last line of prose: short lines without a sentence."""
    hits = [index for index in range(tail, len(lines)) if index in sure or index in weak or index in notices]
    if len(hits) < 2 or not any(index in sure or index in notices for index in hits):
        return {}
    reasons = {index: "legal notice" for index in hits if index in notices}
    title = lines[0].folded
    for index in range(hits[0], len(lines)):
        line = lines[index]
        if line.is_fact or line.is_structure or index in sure:
            continue
        if (line.size <= SHORT and not line.is_sentence) or (len(title) > 5 and title in line.folded):
            reasons.setdefault(index, "page furniture after the article")
    return reasons
