"""Numbers, dates, times, shares and units of a text, comparable across languages and scripts.

423亿, 42.3 billion and ٤٢٫٣ مليار are one number; 12 May 1987, 1987年5月12日 and ١٢ أيار ١٩٨٧ one
date; a quarter, 四分之一 and 25٪ one share. Codes (HG-5, 3D) are no quantities. Offsets are those of the
plain() text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from index.analyzers import ARABIC_SIGNS, FOREIGN_DIGIT, UNSEEN
from index.chinese import simplified
from qa.number_words import chinese_number, number_of_words, ordinal_word, scale_word, share_word
from qa.units import BASE_UNITS, MONTHS, WEEKDAYS, dual_unit, rates, unit_after

_LETTERS = str.maketrans("أإآٱةىیکھ", "ااااهييكه")
_SPACED_PERCENT = re.compile(r" (?:percent|per cent)\b| (?:في ال|بال)م(?:ئه|ائه|يه)(?!\w)|(?<=\d) %")
# Chinese sets a space beside a number or not.
_BETWEEN_SCRIPTS = re.compile("(?<=\\d) (?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff]) (?=\\d)")
_AND_HALF_SIGN = re.compile(r"(?<=\d) ?½")


def plain(text: str) -> str:
    """The text as all checks read it: small letters and digits of one form, Simplified, no vowel marks."""
    if not text.isascii():
        text = _AND_HALF_SIGN.sub(".5", UNSEEN.sub("", text))
        text = unicodedata.normalize("NFKC", text)
        text = FOREIGN_DIGIT.sub(
            lambda digit: str(unicodedata.decimal(digit[0])), text.translate(ARABIC_SIGNS)
        )
        text = simplified(text.translate(_LETTERS))
    text = _SPACED_PERCENT.sub("%", text.casefold().replace("’", "'"))
    return _BETWEEN_SCRIPTS.sub("", text)


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a text counts or dates, text[start:end] of the plain text.

    kind: number, share (of one: 0.25), month, day, weekday or time (minutes after midnight). unit: what is
    counted, where it is a unit of measure or money. bound: ">" for more than, "<" for less than, "~" for
    about. spoken: a small number in words, which a translation may leave out or imply.
    """

    kind: str
    value: Fraction
    unit: str
    start: int
    end: int
    bound: str = ""
    spoken: bool = False


_CODE = re.compile(
    r"(?<![a-z0-9])(?=[a-z0-9-]*[a-z])(?=[a-z0-9-]*\d)(?!\d+(?:st|nd|rd|th|s|km|kg|g|m|cm|mm|am|pm|gb|mb"
    r"|bn|k)\b)"
    r"[a-z0-9]+(?:-[a-z0-9]+)*(?![a-z0-9])"
)
_WORD_SPAN = re.compile(r"[a-z]+(?:'[a-z]+)?|[\u0621-\u064a]+")
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
_HAN_DIGITS = "〇零一二两三四五六七八九"
_HAN_NUMERAL = f"(?:{_DIGITS}|[{_HAN_DIGITS}十百千])(?:[{_HAN_DIGITS}十百千万亿]|(?<=[十百千万亿])\\d+)*"
_MONTH_NAME = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?:1\d{3}|20\d{2})"
_DATES = [
    re.compile(pattern)
    for pattern in (
        rf"(?P<year>{_YEAR}|[〇零一二三四五六七八九]{{4}})年(?:(?P<month>\d+"
        rf"|[一二三四五六七八九十]+)月(?:(?P<day>\d+|[一二三四五六七八九十]+)[日号])?)?",
        r"(?<![\d.])(?P<month>1[0-2]|0?[1-9]"
        r"|[一二三四五六七八九十]{1,2})月(?!份?[之前后]?的?个)(?:(?P<day>\d+"
        r"|[一二三四五六七八九十]+)[日号])?",
        rf"(?<![\d.,])(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?: of"
        rf"| من)?(?: شهر)? (?P<month>{_MONTH_NAME})(?![\w])(?:/\w+)?(?:,? (?:(?:of|عام"
        rf"|سنه) )?(?P<year>{_YEAR}))?",
        rf"(?<!\w)(?P<month>{_MONTH_NAME})(?!\w) (?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?!\d|[.,]\d"
        rf"|[:%])(?:,? (?P<year>{_YEAR}))?",
        rf"(?<!\w)(?:ب)?(?P<month>{_MONTH_NAME})(?!\w)(?:,? (?:(?:of|من|عام|سنه"
        rf"|من عام) )?(?P<year>{_YEAR}))?",
        rf"(?<!\d)(?P<year>{_YEAR})[-/.](?P<month>0?[1-9]|1[0-2])[-/.](?P<day>[0-3]?\d)(?!\d)",
    )
]
_TIME = re.compile(
    r"(?<![\d.])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?: ?(?P<half>[ap])\.?m\b)?"
    r"|(?<![\d.])(?P<hour2>1?\d) ?(?P<half2>[ap])\.?m\b"
    rf"|(?P<part>上午|下午|早上|晚上|凌晨|清晨|中午|傍晚)?(?P<hour3>\d+|[{_HAN_DIGITS}十]+)[点时](?!间"
    rf"|候)(?P<minute3>半|\d+分|[{_HAN_DIGITS}十]+分)?"
    r"|(?:ال)?ساعه (?P<hour4>1?\d)(?!\d)(?: (?P<part4>صباحا|مساء|ظهرا|ليلا|بعد الظهر))?"
)
_CHINESE_SHARE = re.compile(
    rf"(?P<whole>百|千|万|[{_HAN_DIGITS}十\d]+)分之(?P<part>{_HAN_NUMERAL})"
    rf"|(?P<tenths>[{_HAN_DIGITS}\d])成(?P<more>[{_HAN_DIGITS}])?(?![立为员果绩功熟年人本])"
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
_CENTURY = re.compile("(?:\\d+|[十九八七一二]+)世纪(?=(?:\\d+|[一二三四五六七八九十]+)年代)")
_NOT_COUNTED = re.compile(
    "十分(?!钟|之|公)|千万(?=别|不|要)|百姓|一一|万一|万万|四川|四周|四处|四季|五金|五官|七夕|八卦|九江"
    "|三亚|三明治|四分卫|三元组|二手|二维|再三|十足|千里|百货|百合|老百"
)
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


def quantities(text: str) -> list[Quantity]:
    """The quantities of a plain text, in reading order; no two overlap."""
    taken = [match.span() for match in _CODE.finditer(text)]
    taken += [match.span() for pattern in (_NOT_COUNTED, _CENTURY) for match in pattern.finditer(text)]
    found: list[Quantity] = []
    for scan in (_dates, _times, _shares, _digits, _chinese, _words):
        for quantity in scan(text, taken):
            found.append(quantity)
        taken += [(quantity.start, quantity.end) for quantity in found]
    return sorted(found, key=lambda quantity: (quantity.start, quantity.kind))


def _free(start: int, end: int, taken: list[tuple[int, int]]) -> bool:
    return all(end <= first or last <= start for first, last in taken)


def _value(written: str) -> Fraction:
    return Fraction(written) if written.isdigit() else chinese_number(written) or Fraction(0)


def _dates(text: str, taken: list[tuple[int, int]]) -> Iterator[Quantity]:
    seen = list(taken)
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if not _free(*match.span(), seen):
                continue
            parts = match.groupdict()
            month, year, day = parts.get("month"), parts.get("year"), parts.get("day")
            if (
                month in ("may", "march", "mai")
                and not (year or day)
                and not re.search(
                    r"\b(?:in|of|since|until|by|from|to|last|next|every|and|between|this|early|late|mid) $",
                    text[: match.start()],
                )
            ):
                continue  # may and march are verbs too
            seen.append(match.span())
            for name, kind in (("year", "number"), ("month", "month"), ("day", "day")):
                if written := parts.get(name):
                    value = MONTHS[written] if written in MONTHS else _value(written)
                    yield Quantity(kind, Fraction(value), "", *match.span(name))
    for match in WEEKDAYS.finditer(text):
        if _free(*match.span(), seen):
            assert match.lastgroup
            yield Quantity("weekday", Fraction(match.lastgroup[1:]), "", *match.span())


def _times(text: str, taken: list[tuple[int, int]]) -> Iterator[Quantity]:
    for match in _TIME.finditer(text):
        parts = match.groupdict()
        spelled = parts["hour3"] and not parts["hour3"].isdigit()
        if spelled and not (parts["part"] or parts["minute3"]):
            continue  # 一点 and 两点 are also "a bit" and "two points"
        hour = _value(next(filter(None, (parts["hour"], parts["hour2"], parts["hour3"], parts["hour4"]))))
        written = parts["minute"] or (parts["minute3"] or "").removesuffix("分")
        minute = Fraction(30) if written == "半" else _value(written) if written else Fraction(0)
        later = (parts["half"] or parts["half2"]) == "p" or parts["part"] in ("下午", "晚上", "傍晚")
        if (later or parts["part4"] in ("مساء", "بعد الظهر", "ليلا")) and hour < 12:
            hour += 12
        if hour <= 24 and _free(*match.span(), taken):
            yield Quantity("time", hour * 60 + minute, "", *match.span())


def _shares(text: str, taken: list[tuple[int, int]]) -> Iterator[Quantity]:
    for match in _CHINESE_SHARE.finditer(text):
        parts = match.groupdict()
        if not _free(*match.span(), taken):
            continue
        if parts["whole"]:
            whole = {"百": 100, "千": 1000, "万": 10000}.get(parts["whole"]) or _value(parts["whole"])
            part = chinese_number(parts["part"].replace(",", ""))
            if whole and part is not None:
                tail = re.match(f"点([{_HAN_DIGITS}]+)", text[match.end() :])
                digits = "".join(str(int(_value(one))) for one in tail[1]) if tail else ""
                part += Fraction(int(digits), 10 ** len(digits)) if digits else 0
                yield Quantity(
                    "share", part / whole, "", match.start(), match.end() + (tail.end() if tail else 0)
                )
        elif parts["tenths"]:
            more = _value(parts["more"]) if parts["more"] else Fraction(0)
            yield Quantity("share", _value(parts["tenths"]) / 10 + more / 100, "", *match.span())
        else:
            yield Quantity("share", Fraction(1, 2), "", *match.span(), spoken=True)


_CURRENCY_SIGN = {"$": "dollar", "€": "euro", "£": "pound"}
_SHORT_SCALE = {"k": 10**3, "m": 10**6, "bn": 10**9}
_DECADES = re.compile("(?:عشرين|ثلاثين|اربعين|خمسين|ستين|سبعين|ثمانين|تسعين)ي?ات(?!\\w)")
_ROMAN = re.compile("x{0,3}(?:ix|iv|v?i{0,3})")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10}


def _digits(text: str, taken: list[tuple[int, int]]) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(text):
        if not _free(*match.span(), taken) or re.match(
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


def _chinese(text: str, taken: list[tuple[int, int]]) -> Iterator[Quantity]:
    for match in _HAN_RUN.finditer(text):
        run, after = match[0].replace(",", ""), text[match.end() : match.end() + 1]
        if not _free(*match.span(), taken) or run.isdigit():
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


def _words(text: str, taken: list[tuple[int, int]]) -> Iterator[Quantity]:
    spans = [match.span() for match in _WORD_SPAN.finditer(text)]
    words = [text[start:end] for start, end in spans]
    position = 0
    while position < len(words):
        start = spans[position][0]
        if not _free(*spans[position], taken):
            position += 1
            continue
        run = 1
        while (  # words with nothing but a space, a hyphen or "and" between them
            run < 8
            and position + run < len(words)
            and text[spans[position + run - 1][1] : spans[position + run][0]] in (" ", "-")
            and _free(*spans[position + run], taken)
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


def agree(stated: Quantity, given: Quantity) -> bool:
    """Whether a quantity of a sentence can be one of its source."""
    if {stated.bound, given.bound} == {"<", ">"}:
        return False
    if stated.kind == given.kind:
        return _agree_within(stated, given)
    if {stated.kind, given.kind} == {"number", "time"}:
        time, number = (stated, given) if stated.kind == "time" else (given, stated)
        return not number.unit and (time.value % 720 == number.value * 60 % 720)
    if {stated.kind, given.kind} == {"number", "share"}:  # "from 29 to 17 percent": the sign stands once
        share, number = (stated, given) if stated.kind == "share" else (given, stated)
        return not number.unit and number.value in (share.value, share.value * 100)
    return {stated.kind, given.kind} <= {"number", "day"} and stated.value == given.value


def _agree_within(stated: Quantity, given: Quantity) -> bool:
    if stated.kind == "time":
        near = stated.value == given.value
        return near or (min(stated.value, given.value) < 720 and stated.value % 720 == given.value % 720)
    if stated.kind == "share":
        rounded = Fraction(1, 100) if stated.spoken != given.spoken else Fraction(0)
        return abs(stated.value - given.value) <= rounded
    left, right = stated, given
    if left.unit and right.unit and left.unit != right.unit:
        base_left, base_right = BASE_UNITS.get(left.unit), BASE_UNITS.get(right.unit)
        if not base_left or not base_right or base_left[0] != base_right[0]:
            return False
        return left.value * base_left[1] == right.value * base_right[1]
    if left.value == right.value:
        return True
    about = stated.bound in ("~", ">") and left.kind == "number"
    return about and abs(left.value - right.value) * 20 <= right.value


def disagreement(sentence: str, source: str) -> Quantity | None:
    """The first quantity that a sentence states and its source does not give, both in plain() form."""
    stated, given = quantities(sentence), quantities(source)
    for quantity in stated:
        if any(agree(quantity, other) for other in given):
            continue
        if quantity.spoken and quantity.kind == "number" and quantity.value == 2 and _PAIR.search(source):
            continue
        if not quantity.unit and _in_code(sentence[quantity.start : quantity.end], source, given):
            continue
        return quantity
    stated_rates, given_rates = rates(sentence), rates(source)
    if stated_rates and given_rates and not stated_rates <= given_rates:
        return Quantity("rate", Fraction(1), min(stated_rates - given_rates), 0, len(sentence))
    return None


def _in_code(number: str, source: str, given: list[Quantity]) -> bool:
    """Whether a number is part of a name in the source: MPEG-2, Astra 2A."""
    return number.isdigit() and any(
        not any(quantity.start <= match.start() < quantity.end for quantity in given)
        for match in re.finditer(rf"(?<![\d.,]){number}(?![\d.,])", source)
    )


# What says "two" without the number; Arabic does by the noun's ending.
_PAIR = re.compile(
    "[\u0621-\u064a]{3,}(?:ان|ين|تا|تي)(?![\u0621-\u064a])|双|俩|之一|\\b(?:both|either|each other"
    "|last but one|pair|twice|double)\\b"
)
