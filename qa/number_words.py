"""Numbers in words -> values: English, Arabic and Chinese, as far as a sentence writes them out.

Every function reads words of a text that qa.plain_text.plain() has prepared: small letters, one form of
each Arabic letter, Simplified Chinese.
"""

from __future__ import annotations

import re
from fractions import Fraction

Words = dict[str, Fraction]


def _numbered(listed: str, start: int = 0, step: int = 1) -> Words:
    """Words in counting order; alternatives stand between slashes."""
    values: Words = {}
    for number, words in enumerate(listed.split()):
        values |= dict.fromkeys(words.split("/"), Fraction(start + number * step))
    return values


_ENGLISH_SMALL = _numbered(
    "zero one two three four five six seven eight nine ten eleven twelve/dozen thirteen fourteen fifteen"
    " sixteen"
    " seventeen eighteen nineteen"
)
_ENGLISH_TENS = _numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
_ENGLISH_ORDINALS = _numbered(
    "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    " fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
    2,
)
_SCALES: Words = {
    "thousand": Fraction(10**3), "million": Fraction(10**6), "billion": Fraction(10**9),
    "trillion": Fraction(10**12), "mln": Fraction(10**6), "bn": Fraction(10**9),
    "الف": Fraction(10**3), "الفا": Fraction(10**3), "الاف": Fraction(10**3),
    "مليون": Fraction(10**6), "مليونا": Fraction(10**6), "ملايين": Fraction(10**6),
    "مليار": Fraction(10**9), "مليارا": Fraction(10**9), "مليارات": Fraction(10**9), "بليون": Fraction(10**9),
    "تريليون": Fraction(10**12),
}  # fmt: skip
_ARABIC_SMALL = _numbered(
    "صفر واحد/واحده/احد/احدي/حادي/حاديه اثنان/اثنين/اثنتان/اثنتين/اثنا/اثني/اثنتا/اثنتي/ثاني/ثانيه"
    " ثلاث/ثلاثه/ثالث/ثالثه اربع/اربعه/رابع/رابعه خمس/خمسه/خامس/خامسه ست/سته/سادس/سادسه"
    " سبع/سبعه/سابع/سابعه ثمان/ثماني/ثمانيه/ثامن/ثامنه تسع/تسعه/تاسع/تاسعه عشره/عاشر/عاشره"
)
_ARABIC_TENS = {
    form: Fraction(value)
    for value, stem in zip(
        range(20, 100, 10), ["عشر", "ثلاث", "اربع", "خمس", "ست", "سبع", "ثمان", "تسع"], strict=True
    )
    for form in (f"{stem}ون", f"{stem}ين")
}
_ARABIC_HUNDREDS = {
    **dict.fromkeys(("مئه", "مائه"), Fraction(100)),
    **dict.fromkeys(("مئتان", "مئتين", "مئتا", "مئتي", "مائتان", "مائتين"), Fraction(200)),
    **{
        stem + hundred: Fraction(value)
        for value, stem in zip(
            range(300, 1000, 100), ["ثلاث", "اربع", "خمس", "ست", "سبع", "ثماني", "تسع"], strict=True
        )
        for hundred in ("مئه", "مائه")
    },
    "ثمانمئه": Fraction(800), "ثمانمائه": Fraction(800),
}  # fmt: skip
_DUAL_SCALES: Words = {
    form: Fraction(2 * value)
    for stem, value in (("الف", 10**3), ("مليون", 10**6), ("مليار", 10**9))
    for form in (f"{stem}ان", f"{stem}ين", f"{stem}ا", f"{stem}ي")
    if form not in ("الفا", "مليونا", "مليارا")  # the accusative of one
}
_TEN_OF_TEENS = ("عشر", "عشره")
_ARABIC_PREFIX = re.compile("^(?:[وف]?[بلك]?ال|[وف]?لل|[وف][بلك]?|[بلك])")

_SHARES = {
    "half": Fraction(1, 2), "halves": Fraction(1, 2), "halved": Fraction(1, 2), "halve": Fraction(1, 2),
    "halving": Fraction(1, 2), "quarter": Fraction(1, 4), "quarters": Fraction(1, 4),
    "thirds": Fraction(1, 3), "fifths": Fraction(1, 5), "tenths": Fraction(1, 10),
    "نصف": Fraction(1, 2), "نصفا": Fraction(1, 2), "مناصفه": Fraction(1, 2),
    "ثلث": Fraction(1, 3), "ثلثا": Fraction(2, 3), "ثلثي": Fraction(2, 3), "ثلثين": Fraction(2, 3),
    "ربع": Fraction(1, 4), "ارباع": Fraction(1, 4), "اخماس": Fraction(1, 5),
}  # fmt: skip
_OWNED = re.compile("(?:ها|هم|هن|ه)$")

# Where a number goes on after "and", "-" or a space: what may follow what.
_SMALL, _TENS, _HUNDRED, _SCALE = range(4)


def share_word(word: str) -> Fraction | None:
    """The part of one that a word names: half, نصفهم, ثلثاها."""
    if word in _SHARES:
        return _SHARES[word]
    bare = _ARABIC_PREFIX.sub("", word)
    return _SHARES.get(bare) or _SHARES.get(_OWNED.sub("", bare))


def ordinal_word(word: str) -> Fraction | None:
    """The value of an English ordinal from second to twentieth."""
    return _ENGLISH_ORDINALS.get(word)


def scale_word(word: str) -> Fraction | None:
    """1000 for thousand, ألف, آلاف and so on, also behind digits."""
    return _SCALES.get(word) or _SCALES.get(_ARABIC_PREFIX.sub("", word))


def number_of_words(words: list[str]) -> tuple[Fraction, int] | None:
    """The value that some words begin with, and how many of them it takes; None for no number.

    "one" and "a hundred" are read too; "and" (و before an Arabic number) joins parts as the languages do.
    """
    total = current = Fraction(0)
    taken = position = 0
    before: int | None = None
    while position < len(words):
        word = words[position]
        if word == "and" and before in (_HUNDRED, _SCALE) and position + 1 < len(words):
            position += 1
            continue
        if word == "a" and before is None and len(words) > 1 and words[1] in ("hundred", "dozen", *_SCALES):
            position += 1
            continue
        if word in _TEN_OF_TEENS and before == _SMALL and current % 100 < 10:
            current, position = current + 10, position + 1
            taken, before = position, _TENS
            continue
        found = _part(word, joined=before is not None)
        if found is None:
            break
        kind, value = found
        if not _follows(before, kind, current, word):
            break
        if kind == _SCALE:
            total, current = total + max(current, Fraction(1)) * value, Fraction(0)
        elif kind == _HUNDRED and value == 100:
            current = max(current, Fraction(1)) * 100
        else:
            current += value
        position += 1
        taken, before = position, kind
    return (total + current, taken) if taken else None


def _part(word: str, joined: bool) -> tuple[int, Fraction] | None:
    """The kind and value of one word of a number; joined: an Arabic و may stand before it."""
    for form in (word, _ARABIC_PREFIX.sub("", word)):
        for kind, table in (
            (_SMALL, _ENGLISH_SMALL), (_TENS, _ENGLISH_TENS), (_SMALL, _ARABIC_SMALL), (_TENS, _ARABIC_TENS),
            (_HUNDRED, _ARABIC_HUNDREDS), (_SCALE, _SCALES),
        ):  # fmt: skip
            if form in table:
                return kind, table[form]
        if form == "hundred":
            return _HUNDRED, Fraction(100)
        if form in _DUAL_SCALES and not joined:
            return _TENS, _DUAL_SCALES[form]
        if joined and form in _ENGLISH_ORDINALS and _ENGLISH_ORDINALS[form] < 10:
            return _SMALL, _ENGLISH_ORDINALS[form]
    return None


def _follows(before: int | None, kind: int, current: Fraction, word: str) -> bool:
    """Whether a part goes on the number: twenty-one, خمسة وأربعون, two hundred and five, مئة وستون."""
    if before is None:
        return True
    linked = word.startswith("و") or word.isascii()
    if kind == _SCALE:
        return before != _SCALE and not word.startswith("و")
    if before == _SMALL and kind == _TENS:
        return word.startswith("و") and current % 100 < 10
    if before == _TENS and kind == _SMALL:
        return word.isascii() and current % 10 == 0 and current % 100 >= 20
    if before == _SMALL and kind == _HUNDRED:
        return word == "hundred" or (word in ("مئه", "مائه") and current < 10)
    return linked and before in (_HUNDRED, _SCALE) and kind != before


_CHINESE_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}
_CHINESE_SCALES = {"万": 10**4, "亿": 10**8}


def chinese_number(numeral: str) -> Fraction | None:
    """The value of a run of Chinese numerals, with or without digits: 三千五百, 4800万, 一九〇三."""
    if len(numeral) > 1 and all(character in _CHINESE_DIGITS for character in numeral):
        return Fraction(int("".join(str(_CHINESE_DIGITS[character]) for character in numeral)))
    total = section = Fraction(0)
    digit: Fraction | None = None
    last_unit = 1
    for part in re.findall(r"\d+(?:\.\d+)?|\D", numeral):
        if part[0].isdigit():
            digit = Fraction(part)
        elif part in _CHINESE_DIGITS:
            digit = Fraction(_CHINESE_DIGITS[part])
        elif part in _CHINESE_UNITS:
            section += (Fraction(1) if digit is None else digit) * _CHINESE_UNITS[part]
            digit, last_unit = None, _CHINESE_UNITS[part]
        elif part in _CHINESE_SCALES:
            scale = _CHINESE_SCALES[part]
            section += digit or 0
            if not section and not total:
                return None
            total = total * scale + section * scale if scale == 10**8 else total + section * scale
            section, digit, last_unit = Fraction(0), None, scale
        else:
            return None
    if digit is not None:
        # 三百五 is 350: the last unit's tenth is left out when nothing stands between.
        short = last_unit >= 100 and numeral[-2:-1] in (*_CHINESE_UNITS, *_CHINESE_SCALES)
        section += digit * (last_unit // 10 if short and digit < 10 else 1)
    return total + section
