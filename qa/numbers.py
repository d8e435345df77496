"""Shares and numbers of a plain text, in digits and in words of the three languages, with unit and bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from qa.dates import HAN_DIGITS, Spans, free, value_of
from qa.number_words import chinese_number, number_of_words, ordinal_word, scale_word, share_word
from qa.quantity import Quantity
from qa.units import dual_unit, unit_after

_WORD_SPAN = re.compile(r"[a-z]+(?:'[a-z]+)?|[\u0621-\u064a]+")
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
_HAN_NUMERAL = f"(?:{_DIGITS}|[{HAN_DIGITS}十百千])(?:[{HAN_DIGITS}十百千万亿]|(?<=[十百千万亿])\\d+)*"
_CHINESE_SHARE = re.compile(
    rf"(?P<whole>百|千|万|[{HAN_DIGITS}十\d]+)分之(?P<part>{_HAN_NUMERAL})"
    rf"|(?P<tenths>[{HAN_DIGITS}\d])成(?P<more>[{HAN_DIGITS}])?(?![立为员果绩功熟年人本])"
    "|一半|半数|减半|半价|上半|下半|折半|各半|各出半"
)
_AND_A_HALF = re.compile(
    r" and (?:a|one) half\b|-and-a-half\b| [\u0621-\u064a]*? ?ونصفا?(?: ال[\u0621-\u064a]+)?(?!\w)"
    r"|ونصفا?(?!\w)"
)
_CHINESE_HALF = re.compile("(?:个|[\u4e00-\u9fff]{1,2})?半(?!价|数|年|径|岛|导)")
_ENGLISH_HALF = re.compile(r"(?<= )(?:an?|one) (?P<unit>[a-z]+) and a half\b")
_OF_SCALE = re.compile(r"(?: a)? (hundred|thousand|million|billion|الف|مليون|مليار)\b")  # half a million
_NUMBER = re.compile(rf"(?<!\d)(?<!\d[.,])(?:{_DIGITS})(?![\d])")
_HAN_RUN = re.compile(_HAN_NUMERAL)
_COUNTED = (
    "个位名人件条张次年月日天岁元块座间只本种家台辆艘架所套户层楼届期项场支队头棵株份篇章首部幅倍份栋幢周星小分秒点公千平立米里吨克升度英海美欧日港"
    "万亿双对组批轮门节段步句字页号级等股名碗杯瓶盒箱袋车桶锅趟圈站班把枚颗根瓣声遍回代世成百十架亩镑盏"
)
_BEFORE = re.compile(
    r"(?P<more>(?:more than|over|above|at least|no (?:less|fewer) than|exceed(?:s|ed|ing)?|beyond|至少"
    r"|不少于|不低于|超过|多于|高于|大于|逾|超"
    r"|(?:اكثر|ازيد|اعلي|اكبر) من(?: ال)?|ما يزيد (?:علي|عن)|ت?يزيد (?:علي|عن)|لا [يت]قل عن|فوق"
    r"|[يت]?تجاوز(?:وا|ت)?)\s*)$"
    r"|(?P<less>(?:less than|fewer than|under|below|at most|up to|no more than|至多|最多|不超过|不到|不足"
    r"|少于|低于|小于|未满|不满"
    r"|(?:اقل|ادني|اصغر) من|ما لا يزيد (?:علي|عن)|لا [يت]زيد (?:مده \w+ )?(?:علي|عن)|لا [يت]تجاوز"
    r"|دون(?: سن)?|تحت)\s*(?:ال)?)$"
    r"|(?P<about>(?:about|around|some|nearly|almost|roughly|approximately|约|大约|大概|近|将近|接近|نحو"
    r"|حوالي|قرابه|زهاء|تقريبا|ما يقارب)\s*)$"
)
_AFTER = re.compile(
    r"(?P<more>\s*(?:or more|or over|以上|علي الاقل|فاكثر))|(?P<less>\s*(?:or less|or fewer|以下|以内"
    r"|علي الاكثر|فاقل))|(?P<about>[多余]|左右|上下)"
)


def shares(text: str, taken: Spans) -> Iterator[Quantity]:
    for match in _CHINESE_SHARE.finditer(text):
        parts = match.groupdict()
        if not free(*match.span(), taken):
            continue
        if parts["whole"]:
            whole = {"百": 100, "千": 1000, "万": 10000}.get(parts["whole"]) or value_of(parts["whole"])
            part = chinese_number(parts["part"].replace(",", ""))
            if whole and part is not None:
                tail = re.match(f"点([{HAN_DIGITS}]+)", text[match.end() :])
                digits = "".join(str(int(value_of(one))) for one in tail[1]) if tail else ""
                part += Fraction(int(digits), 10 ** len(digits)) if digits else 0
                yield Quantity(
                    "share", part / whole, "", match.start(), match.end() + (tail.end() if tail else 0)
                )
        elif parts["tenths"]:
            more = value_of(parts["more"]) if parts["more"] else Fraction(0)
            yield Quantity("share", value_of(parts["tenths"]) / 10 + more / 100, "", *match.span())
        else:
            yield Quantity("share", Fraction(1, 2), "", *match.span(), spoken=True)


_CURRENCY_SIGN = {"$": "dollar", "€": "euro", "£": "pound"}
_SHORT_SCALE = {"k": 10**3, "m": 10**6, "bn": 10**9}
_DECADES = re.compile("(?:عشرين|ثلاثين|اربعين|خمسين|ستين|سبعين|ثمانين|تسعين)ي?ات(?!\\w)")
_ROMAN = re.compile("x{0,3}(?:ix|iv|v?i{0,3})")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10}


def digits(text: str, taken: Spans) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(text):
        if not free(*match.span(), taken) or re.match(
            r"[百千万亿]|成(?![立为员果绩功熟年人本])", text[match.end() :]
        ):
            continue
        value, end = Fraction(match[0].replace(",", "")), match.end()
        if value < 100 and (century := re.search(r"(?<!\d)(\d\d)\d\d[-–]$", text[: match.start()])):
            value += int(century[1]) * 100  # 1623–25
        if currency := _CURRENCY_SIGN.get(text[match.start() - 1 : match.start()]):
            if scaled := re.match(" ?(k|m|bn)\\b", text[end:]):
                value, end = value * _SHORT_SCALE[scaled[1]], end + scaled.end()
            elif scaled := re.match(" (thousand|million|billion|trillion)", text[end:]):
                value, end = value * (scale_word(scaled[1]) or 1), end + scaled.end()
            yield _bounded(text, Quantity("number", value, currency, match.start(), end))
            continue
        if decade := re.match("s\\b|年代", text[end:]):
            yield Quantity("decade", value % 100, "", match.start(), end + decade.end())
            continue
        if text[end : end + 1] == "%":
            yield _bounded(text, Quantity("share", value / 100, "", match.start(), end + 1))
            continue
        after = re.match(r"[ -]([a-z]+|[\u0621-\u064a]+)", text[end:])
        if after and (scale := scale_word(after[1])):
            value, end = value * scale, end + after.end()
        yield _measured(text, value, match.start(), end)


def chinese(text: str, taken: Spans) -> Iterator[Quantity]:
    for match in _HAN_RUN.finditer(text):
        run, after = match[0].replace(",", ""), text[match.end() : match.end() + 1]
        if not free(*match.span(), taken) or run.isdigit():
            continue
        single = len(run) == 1
        value = chinese_number(run)
        if (
            value is None
            or (value == 1 and not _CHINESE_HALF.match(text, match.end()))
            or (single and after not in _COUNTED and text[max(match.start() - 1, 0)] != "第")
        ):
            continue
        if text.startswith("年代", match.end()):
            yield Quantity("decade", value % 100, "", match.start(), match.end() + 2)
            continue
        yield _measured(text, value, match.start(), match.end(), spoken=single)


def words(text: str, taken: Spans) -> Iterator[Quantity]:
    spans = [match.span() for match in _WORD_SPAN.finditer(text)]
    words = [text[start:end] for start, end in spans]
    position = 0
    while position < len(words):
        start = spans[position][0]
        if not free(*spans[position], taken):
            position += 1
            continue
        run = 1
        while (  # words with nothing but a space, a hyphen or "and" between them
            run < 8
            and position + run < len(words)
            and text[spans[position + run - 1][1] : spans[position + run][0]] in (" ", "-")
            and free(*spans[position + run], taken)
        ):
            run += 1
        parsed = number_of_words(words[position : position + run])
        if parsed:
            value, count = parsed
            end = spans[position + count - 1][1]
            share = share_word(words[position + count]) if count < run else None
            if share and share != Fraction(1, 2):
                yield Quantity("share", value * share, "", start, spans[position + count][1], spoken=True)
                position += count + 1
                continue
            if text[end : end + 1] == "%":
                yield _bounded(text, Quantity("share", value / 100, "", start, end + 1))
            elif value != 1 or _AND_A_HALF.match(text, end):
                measured = _measured(text, value, start, end, spoken=value <= 10)
                end = measured.end
                yield measured
            while position < len(words) and spans[position][0] < end:
                position += 1
            continue
        word = words[position]
        if half := _ENGLISH_HALF.match(text, start):
            yield _measured(
                text, Fraction(3, 2), start, start + len(word), unit=unit_after(text, start + len(word))[0]
            )
            taken = [*taken, half.span()]
        elif (share := share_word(word)) and (scaled := _OF_SCALE.match(text, spans[position][1])):
            scale = scale_word(scaled[1]) or Fraction(1)
            yield _measured(text, share * scale, start, scaled.end())
            position += 2
        elif (share := share_word(word)) and not text[:start].endswith((" and a ", "-and-a-")):
            yield Quantity("share", share, "", start, spans[position][1], spoken=True)
        elif word == "third" and re.search(r"\b(?:a|one|two|per) $", text[:start]):
            yield Quantity("share", Fraction(1, 3), "", start, spans[position][1], spoken=True)
        elif ordinal := ordinal_word(word):
            yield Quantity("number", ordinal, "", start, spans[position][1], spoken=True)
        elif (unit := unit_after(" " + word, 0)[0]) and (half := _AND_A_HALF.match(text, spans[position][1])):
            yield Quantity(
                "number", Fraction(3, 2), unit, start, half.end(), spoken=True
            )  # دينارا ونصف الدينار
            while position < len(words) and spans[position][0] < half.end():
                position += 1
            continue
        elif decade := _DECADES.search(word):
            parsed = number_of_words([decade[0].removesuffix("ات").removesuffix("ي")])
            yield Quantity("decade", parsed[0] if parsed else Fraction(0), "", start, spans[position][1])
        elif len(word) > 1 and word != "xi" and _ROMAN.fullmatch(word):
            digits = [_ROMAN_DIGITS[letter] for letter in word]
            signed = [
                -one if one < after else one for one, after in zip(digits, [*digits[1:], 0], strict=True)
            ]
            yield Quantity("number", Fraction(sum(signed)), "", start, spans[position][1], spoken=True)
        elif dual := dual_unit(word):
            yield _measured(text, Fraction(2), start, spans[position][1], unit=dual, spoken=True)
        position += 1


def _measured(
    text: str, value: Fraction, start: int, end: int, *, unit: str | None = None, spoken: bool = False
) -> Quantity:
    """A number with its unit, its half (three dinars and a half, 4岁半) and its bound."""
    unit_end = end
    if unit is None:
        unit, unit_end = unit_after(text, end)
    if (half := _AND_A_HALF.match(text, end)) or _CHINESE_HALF.match(text, end):
        scale = scale_word(half[0].split()[-1]) if half else None  # مليون ونصف المليون
        value, end = value + (scale or 1) / Fraction(2), half.end() if half else end + 1
        if half and (after := re.match(" ([a-z]+)", text[end:])) and (scale := scale_word(after[1])):
            value, end = value * scale, end + after.end()
    return _bounded(text, Quantity("number", value, unit, start, max(end, unit_end), spoken=spoken))


def _bounded(text: str, quantity: Quantity) -> Quantity:
    found = _BEFORE.search(text[max(quantity.start - 24, 0) : quantity.start]) or _AFTER.match(
        text, quantity.end
    )
    if not found or not found.lastgroup:
        return quantity
    bound = {"more": ">", "less": "<", "about": "~"}[found.lastgroup]
    return Quantity(
        quantity.kind, quantity.value, quantity.unit, quantity.start, quantity.end, bound, quantity.spoken
    )
