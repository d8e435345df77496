"""Sentence spans of Arabic, Chinese, English and mixed text, by rule.

A text is cut three times: newlines end a block unless they only wrap a line; terminators end a sentence
unless they belong to an abbreviation, a number, a name or a bracket; what is still too long is cut at a
comma or a space. The script around each mark decides which rules hold, so a Chinese article may quote an
English sentence; the language given only adds that language's abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.abbreviations import ARABIC_INITIALS, DOTTED_ORDINALS, LATIN_WORD, ROMAN, abbreviates
from corpus.blocks import HEADING, WORD, after_space, blocks, trimmed
from corpus.characters import is_arabic, is_cjk

# Characters. A semicolon or an ellipsis ends a sentence only when this much stands before it.
_LONG_CHINESE_CLAUSE = 20
_LONG_ARABIC_CLAUSE = 60
_LONG_BEFORE_ELLIPSIS = 10
# A span beyond the first is cut at a comma or a space; none is longer than the second.
_LONG_SPAN = 400
_LONGEST_SPAN = 600
# How far a rule looks around a mark: for a bracket's other end, for the word before.
_BRACKET_REACH = 100
_WORD_REACH = 40

# A full stop inside a number, an address or a version is no candidate.
_TERMINATOR = re.compile(r"(?:\.(?![A-Za-z0-9])|[。．｡!！?？؟…⋯।॥۔])+|[;；؛]")
_ALWAYS_ENDS = frozenset("。．｡！？؟।॥۔")
_ELLIPSIS = frozenset(".…⋯")
# What closes after a terminator belongs to the sentence before. Straight marks close only when open.
_CLOSING = frozenset("」』”’）》】〉〕］｝)]}»›＂＇")
_STRAIGHT = re.compile(r"\*\*|__|[\"'*_]")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]|[⁰¹²³⁴-⁹]+")
# After these a terminator was only emphasis inside a sentence.
_CONTINUES = frozenset(",，、:：;；،؛")
_OPENED = re.compile(r"[(（\[【《〈][^()（）\[\]【】《》〈〉]*\Z")
_CLOSER = {"(": ")）", "（": ")）", "[": "]", "【": "】", "《": "》", "〈": "〉"}
_START = re.compile(r"[\s\"'“‘«‹「『（(\[{¿¡*_#—–-]*")
_BRAND = re.compile(r"[a-z]{1,2}[A-Z]")
_NUMBER_BEFORE = re.compile(r"\d\s*\Z")
_CLAUSE_END = re.compile(r"[，、；：،؛]|,(?!\d)|[;:](?=\s)")


def split_sentences(text: str, language: str = "und") -> list[tuple[int, int]]:
    """The sentences of a text as [start, end) code-point spans, in order and without overlap.

    Spans neither start nor end with whitespace, everything outside them is whitespace, and none is longer
    than 600 characters. Headings, list items and table rows are sentences of their own.

    language: ISO 639-1 code; it adds that language's abbreviations, nothing else.
    """
    spans: list[tuple[int, int]] = []
    for block_start, block_end in blocks(text):
        if HEADING.match(text, block_start, block_end):
            found = iter([trimmed(text, block_start, block_end)])
        else:
            found = _sentences(text, block_start, block_end, language)
        for start, end in found:
            spans.extend(_cut_long(text, start, end))
    return spans


# --- terminators ---------------------------------------------------------------------------------------


def _sentences(text: str, start: int, stop: int, language: str) -> Iterator[tuple[int, int]]:
    """The trimmed sentences of text[start:stop], a stretch that no newline ends."""
    start, stop = trimmed(text, start, stop)
    worded, looked = False, start
    for mark in _TERMINATOR.finditer(text, start, stop):
        if mark.start() < start:  # taken as a closing part of the sentence before
            continue
        # A mark with no word before it opens what follows.
        worded = worded or any(map(str.isalnum, text[looked : mark.start()]))
        looked = mark.end()
        if not worded:
            continue
        end = _closed(text, start, mark, stop)
        if end < stop and _ends(text, start, mark, end, stop, language):
            yield start, end
            start, worded = after_space(text, end, stop), False
            looked = start
    if start < stop:
        yield start, stop


def _closed(text: str, start: int, mark: re.Match[str], stop: int) -> int:
    """The end of a terminator with the quotes, brackets and footnotes that close after it."""
    end = mark.end()
    while end < stop:
        if text[end] in _CLOSING:
            end += 1
        elif footnote := _FOOTNOTE.match(text, end, stop):
            end = footnote.end()
        elif straight := _STRAIGHT.match(text, end, stop):
            is_open = text.count(straight.group(), max(start, mark.start() - _LONG_SPAN), mark.start()) % 2
            after = text[straight.end() : straight.end() + 1]
            if not (is_open or after.isspace() or straight.end() == stop):
                break
            end = straight.end()
        else:
            break
    return end


def _ends(text: str, start: int, mark: re.Match[str], end: int, stop: int, language: str) -> bool:
    """Does the terminator, closed at end, end the sentence that began at start?"""
    marks = mark.group()
    after = text[end]
    if after in _CONTINUES:
        return False
    before = _letter_before(text, start, mark.start())
    chinese = is_cjk(before) or (not after.isspace() and is_cjk(after))
    if marks == "؛":
        ends = mark.start() - start >= _LONG_ARABIC_CLAUSE
    elif marks in (";", "；"):
        ends = chinese and mark.start() - start >= _LONG_CHINESE_CLAUSE
    elif marks == ".":
        ends = _full_stop_ends(text, start, mark.start(), end, stop, language)
    elif not _ALWAYS_ENDS.isdisjoint(marks):
        ends = True
    elif _ELLIPSIS.issuperset(marks):
        # No capital tells the two uses of an ellipsis apart in Chinese and Arabic.
        if chinese or is_arabic(before):
            ends = mark.start() - start >= _LONG_BEFORE_ELLIPSIS
        else:
            ends = _sentence_starts(text, end, stop)
    elif is_cjk(before) or is_arabic(before):
        ends = True
    elif is_cjk(after) or is_arabic(after):
        # One word may be a name ("Yahoo!").
        ends = len(LATIN_WORD.findall(text, max(start, mark.start() - _BRACKET_REACH), mark.start())) > 1
    else:
        ends = _sentence_starts(text, end, stop)
    return ends and not _inside_bracket(text, start, mark, end)


def _letter_before(text: str, start: int, end: int) -> str:
    """The last letter before a mark, whatever digits, quotes and brackets stand between; "" if none."""
    return next((text[at] for at in range(end - 1, max(start, end - 20) - 1, -1) if text[at].isalpha()), "")


def _sentence_starts(text: str, end: int, stop: int) -> bool:
    """Is there a space at end, and after it something that may open a sentence?"""
    if not text[end].isspace():
        return False
    first = _first_letter(text, end, stop)
    if text[first].islower():
        return bool(_BRAND.match(text, first, stop))
    return not (text[first] in _CONTINUES or text[first] in _CLOSING or text[first] in _ELLIPSIS)


def _first_letter(text: str, end: int, stop: int) -> int:
    """Where the next word begins, behind spaces, opening quotes, brackets and dashes."""
    opening = _START.match(text, end, stop)
    return min(opening.end(), stop - 1) if opening else end


def _inside_bracket(text: str, start: int, mark: re.Match[str], end: int) -> bool:
    """Is the terminator part of a bracket or a title in a sentence: （真的吗？）, 《你好！》, (at 5 p.m.)?"""
    reach = max(start, mark.start() - _BRACKET_REACH)
    opened = _OPENED.search(text[reach : mark.start()])
    if not opened:
        return False
    at = reach + opened.start()
    rest = text[mark.end() : mark.end() + _BRACKET_REACH]
    closers = _CLOSER[text[at]]
    closed = min((found for closer in closers if (found := rest.find(closer)) >= 0), default=-1)
    if closed < 0 or "\n" in rest[:closed]:
        return False
    if mark.end() + closed >= end:
        return True
    # It closes right after the terminator: the bracket is the sentence, or something inside one.
    capital_follows = text[end].isspace() and text[_first_letter(text, end, len(text))].isupper()
    return text[at] in "《〈" or not (at == start or capital_follows)


def _full_stop_ends(text: str, start: int, dot: int, end: int, stop: int, language: str) -> bool:
    """Does the single full stop at dot, closed at end, end a sentence?"""
    word = text[max(start, dot - _WORD_REACH) : dot].rsplit(None, 1)[-1:]
    word_before = word[0].lstrip("([{\"'“‘«（「*_") if word and not text[dot - 1].isspace() else ""
    after = text[end]
    if not after.isspace():
        if is_cjk(text[dot - 1]):
            return is_cjk(after) or after.isupper()
        if is_arabic(text[dot - 1]):
            return is_arabic(after) and after.isalpha() and len(word_before.rsplit(".", 1)[-1]) > 2
        words = LATIN_WORD.findall(text, max(start, dot - _BRACKET_REACH), dot)
        return is_cjk(after) and len(words) > 2 and not abbreviates(word_before, "", language)
    if not _sentence_starts(text, end, stop):
        return False
    first = _first_letter(text, end, stop)
    following = WORD.match(text, first, stop)
    word_after = following.group() if following else ""
    opens = dot - len(word_before) == start
    if word_before.isdigit():
        numbered = opens or text[max(start, dot - _WORD_REACH) : dot - len(word_before)].rstrip()[-1:] in (
            ":",
            "：",
        )
        ordinal = language in DOTTED_ORDINALS and len(word_before) < 3
        return not (ordinal or (numbered and len(word_before) < 4))
    if opens and (len(word_before) == 1 or ROMAN.fullmatch(word_before)):
        return False
    if ARABIC_INITIALS.fullmatch(word_before):
        # After a number they are units and eras (1445 هـ. / 500 ق.م.), which do end sentences.
        return bool(_NUMBER_BEFORE.search(text[max(start, dot - _WORD_REACH) : dot - len(word_before)]))
    return not abbreviates(word_before, word_after, language)


# --- length --------------------------------------------------------------------------------------------


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence whole, or, when longer than 400 characters, cut at commas or else at spaces."""
    while end - start > _LONG_SPAN:
        cut = _best_cut(text, start, end)
        if cut is None:
            break
        yield trimmed(text, start, cut)
        start = after_space(text, cut, end)
    yield start, end


def _best_cut(text: str, start: int, end: int) -> int | None:
    """Where to cut a long span: the comma nearest to even pieces, else the space, else a bare length.

    None when a span of up to 600 characters has no comma to be cut at.
    """
    pieces = -(-(end - start) // _LONG_SPAN)
    middle = start + (end - start) // pieces
    low, high = start + (middle - start) // 2, min(start + _LONGEST_SPAN, middle + (middle - start) // 2)
    high = min(high, end - 1)
    commas = [mark.end() for mark in _CLAUSE_END.finditer(text, low, high)]
    if not commas and end - start <= _LONGEST_SPAN:
        return None
    cuts = commas or [at for at in range(low, high) if text[at].isspace()] or [middle]
    return min(cuts, key=lambda cut: abs(cut - middle))
