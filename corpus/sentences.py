"""Sentence spans of Arabic, Chinese, English and mixed text, by rule.

A text is cut three times: newlines end a block unless they only wrap a line; terminators end a sentence
unless they belong to an abbreviation, a number, a name or a bracket; what is still too long is cut at a
comma or a space. The script around each mark decides which rules hold, so a Chinese article may quote an
English sentence; the language given only adds that language's abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

# Characters. A semicolon or an ellipsis ends a sentence only when this much stands before it.
_LONG_CHINESE_CLAUSE = 20
_LONG_ARABIC_CLAUSE = 60
_LONG_BEFORE_ELLIPSIS = 10
# A line this short is not wrapped prose; no wrapped line is longer than the second.
_SHORTEST_WRAPPED_LINE = 40
_LONGEST_WRAPPED_LINE = 160
# A span beyond the first is cut at a comma or a space; none is longer than the second.
_LONG_SPAN = 400
_LONGEST_SPAN = 600
# How far a rule looks around a mark: for a bracket's other end, for the word before.
_BRACKET_REACH = 100
_WORD_REACH = 40

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
_WORD = re.compile(r"\S+")
_SPACE = re.compile(r"\s+")

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
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ][\w'’-]*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A full stop after these, or after a capitalised title, never ends a sentence ...
_NEVER_ENDS = _words("e.g i.e eg ie cf vs viz al approx ca esp incl resp fig figs eq eqs dept")
_TITLES = _words(
    "mr mrs ms dr prof gen rep sen gov capt lt col sgt maj cmdr adm rev hon pres supt messrs mme mlle mt"
)
# ... after these it does not before a number ...
_BEFORE_NUMBER = _words(
    "no nos nr vol vols ch chap sec sect pt p pp par ver jan feb mar apr jun jul aug sep sept oct nov dec"
)
# ... and after these, when capitalised, and after initials and acronyms, only before a word that opens
# sentences.
_MAY_END = _words(
    "inc ltd co corp llc plc bros jr sr st ave blvd rd est ph.d m.sc b.sc ed univ mon tue tues wed thu thurs"
    " fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec"
)
_OPENS_SENTENCES = _words(
    "the a an this that these those it its he she his her him they their we our you your i my there here in"
    " on at by for from with to of as after before during since until when while where what who why how if"
    " although though because but and or so yet however moreover furthermore therefore thus then also both"
    " each every some many most several all no not one two three another other such according despite unlike"
    " under over between through is are was were do does did has have had will would can could may might must"
    " should today later meanwhile finally instead"
)
_ABBREVIATIONS = {
    "de": _words("z.b bzw usw d.h u.a nr str hr fr ca evtl ggf inkl vgl abb bd hrsg jh st"),
    "fr": _words("m mm mme mlle dr cf av env chap éd p.ex"),
    "es": _words("sr sra srta d dña ud uds ee.uu p.ej núm art av dr dra"),
    "it": _words("sig sigg dott prof avv ing ecc art pag"),
    "pt": _words("sr sra dr dra exmo av núm pág art"),
    "nl": _words("dhr mevr mw bijv d.w.z o.a m.b.t enz nr blz"),
}
# Languages that write ordinals as a number and a full stop ("am 3. Mai").
_DOTTED_ORDINALS = _words("de da nb nn no fi cs sk hu hr sl et lv tr is")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_ROMAN = re.compile(r"[ivx]{1,5}", re.IGNORECASE)
# Arabic abbreviations are letters with full stops between: د. أ.د. ص.ب. هـ.
_ARABIC_INITIALS = re.compile("[ء-ي]\u0640?(?:\\.[ء-ي]\u0640?)*")
_NUMBER_BEFORE = re.compile(r"\d\s*\Z")
_CLAUSE_END = re.compile(r"[，、；：،؛]|,(?!\d)|[;:](?=\s)")


def split_sentences(text: str, language: str = "und") -> list[tuple[int, int]]:
    """The sentences of a text as [start, end) code-point spans, in order and without overlap.

    Spans neither start nor end with whitespace, everything outside them is whitespace, and none is longer
    than 600 characters. Headings, list items and table rows are sentences of their own.

    language: ISO 639-1 code; it adds that language's abbreviations, nothing else.
    """
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _blocks(text):
        if HEADING.match(text, block_start, block_end):
            found = iter([_trimmed(text, block_start, block_end)])
        else:
            found = _sentences(text, block_start, block_end, language)
        for start, end in found:
            spans.extend(_cut_long(text, start, end))
    return spans


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the whitespace at its ends."""
    start = _after_space(text, start, end)
    return start, start + len(text[start:end].rstrip())


def _after_space(text: str, start: int, end: int) -> int:
    space = _SPACE.match(text, start, end)
    return space.end() if space else start


def _is_cjk(character: str) -> bool:
    """Han, kana and the CJK and fullwidth punctuation that goes with them."""
    return (
        "\u2e80" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or ("\uff01" <= character <= "\uff9f" or "\U00020000" <= character <= "\U000323af")
    )


def _is_arabic(character: str) -> bool:
    return (
        "\u0600" <= character <= "\u06ff"
        or "\u0750" <= character <= "\u077f"
        or ("\u08a0" <= character <= "\u08ff" or "\ufb50" <= character <= "\ufefc")
    )


# --- newlines ------------------------------------------------------------------------------------------


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of text that no sentence leaves: lines, or the wrapped lines of a paragraph together."""
    paragraph: list[tuple[int, int]] = []
    position = 0
    for newline in _NEWLINE.finditer(text + "\n"):
        line = _trimmed(text, position, newline.start())
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
        word = _WORD.search(text, next_start, next_end)
        assert word is not None  # lines are never blank
        full = end - start > _SHORTEST_WRAPPED_LINE and end - start + 1 + len(word.group()) > least
        indented = word.start() > next_start
        wrapped.append(
            full
            and not (_is_cjk(text[end - 1]) or _is_cjk(word.group()[0]))
            and not _STANDS_ALONE.match(text, start, end)
            and (indented or not _LIST_ITEM.match(text, start, end))
            and not _STANDS_ALONE.match(text, next_start, next_end)
            and not _LIST_ITEM.match(text, next_start, next_end)
        )
    return wrapped if 2 * sum(wrapped) >= len(wrapped) else [False] * len(wrapped)


# --- terminators ---------------------------------------------------------------------------------------


def _sentences(text: str, start: int, stop: int, language: str) -> Iterator[tuple[int, int]]:
    """The trimmed sentences of text[start:stop], a stretch that no newline ends."""
    start, stop = _trimmed(text, start, stop)
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
            start, worded = _after_space(text, end, stop), False
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
    chinese = _is_cjk(before) or (not after.isspace() and _is_cjk(after))
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
        if chinese or _is_arabic(before):
            ends = mark.start() - start >= _LONG_BEFORE_ELLIPSIS
        else:
            ends = _sentence_starts(text, end, stop)
    elif _is_cjk(before) or _is_arabic(before):
        ends = True
    elif _is_cjk(after) or _is_arabic(after):
        # One word may be a name ("Yahoo!").
        ends = len(_LATIN_WORD.findall(text, max(start, mark.start() - _BRACKET_REACH), mark.start())) > 1
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
        if _is_cjk(text[dot - 1]):
            return _is_cjk(after) or after.isupper()
        if _is_arabic(text[dot - 1]):
            return _is_arabic(after) and after.isalpha() and len(word_before.rsplit(".", 1)[-1]) > 2
        words = _LATIN_WORD.findall(text, max(start, dot - _BRACKET_REACH), dot)
        return _is_cjk(after) and len(words) > 2 and not _abbreviates(word_before, "", language)
    if not _sentence_starts(text, end, stop):
        return False
    first = _first_letter(text, end, stop)
    following = _WORD.match(text, first, stop)
    word_after = following.group() if following else ""
    opens = dot - len(word_before) == start
    if word_before.isdigit():
        numbered = opens or text[max(start, dot - _WORD_REACH) : dot - len(word_before)].rstrip()[-1:] in (
            ":",
            "：",
        )
        ordinal = language in _DOTTED_ORDINALS and len(word_before) < 3
        return not (ordinal or (numbered and len(word_before) < 4))
    if opens and (len(word_before) == 1 or _ROMAN.fullmatch(word_before)):
        return False
    if _ARABIC_INITIALS.fullmatch(word_before):
        # After a number they are units and eras (1445 هـ. / 500 ق.م.), which do end sentences.
        return bool(_NUMBER_BEFORE.search(text[max(start, dot - _WORD_REACH) : dot - len(word_before)]))
    return not _abbreviates(word_before, word_after, language)


def _abbreviates(word: str, word_after: str, language: str) -> bool:
    """Is the full stop between two words part of the first one only?"""
    lower = word.lower()
    capitalised = word[:1].isupper()
    if (
        lower in _NEVER_ENDS
        or (capitalised and lower in _TITLES)
        or lower in _ABBREVIATIONS.get(language, ())
    ):
        return True
    if lower in _BEFORE_NUMBER and word_after[:1].isdigit():
        return True
    initial = len(word) == 1 and word.isalpha() and not _is_cjk(word)
    if initial or (capitalised and lower in _MAY_END) or _ACRONYM.fullmatch(word):
        # "A." after an initial is another initial, not the article.
        opener = _LATIN_WORD.match(word_after)
        return opener is None or word_after[1:2] == "." or opener.group().lower() not in _OPENS_SENTENCES
    return False


# --- length --------------------------------------------------------------------------------------------


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence whole, or, when longer than 400 characters, cut at commas or else at spaces."""
    while end - start > _LONG_SPAN:
        cut = _best_cut(text, start, end)
        if cut is None:
            break
        yield _trimmed(text, start, cut)
        start = _after_space(text, cut, end)
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
