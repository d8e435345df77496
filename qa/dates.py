"""Dates, weekdays and times of a plain text, in the three languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from qa.number_words import chinese_number
from qa.quantity import Quantity
from qa.units import MONTHS, WEEKDAYS

HAN_DIGITS = "〇零一二两三四五六七八九"
Spans = list[tuple[int, int]]
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
    rf"|(?P<part>上午|下午|早上|晚上|凌晨|清晨|中午|傍晚)?(?P<hour3>\d+|[{HAN_DIGITS}十]+)[点时](?!间"
    rf"|候)(?P<minute3>半|\d+分|[{HAN_DIGITS}十]+分)?"
    r"|(?:ال)?ساعه (?P<hour4>1?\d)(?!\d)(?: (?P<part4>صباحا|مساء|ظهرا|ليلا|بعد الظهر))?"
)


def free(start: int, end: int, taken: Spans) -> bool:
    """Whether a span overlaps none of those that are taken."""
    return all(end <= first or last <= start for first, last in taken)


def value_of(written: str) -> Fraction:
    """The value of digits or of a Chinese numeral; 0 where it is neither."""
    return Fraction(written) if written.isdigit() else chinese_number(written) or Fraction(0)


def dates(text: str, taken: Spans) -> Iterator[Quantity]:
    seen = list(taken)
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if not free(*match.span(), seen):
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
                    value = MONTHS[written] if written in MONTHS else value_of(written)
                    yield Quantity(kind, Fraction(value), "", *match.span(name))
    for match in WEEKDAYS.finditer(text):
        if free(*match.span(), seen):
            assert match.lastgroup
            yield Quantity("weekday", Fraction(match.lastgroup[1:]), "", *match.span())


def times(text: str, taken: Spans) -> Iterator[Quantity]:
    for match in _TIME.finditer(text):
        parts = match.groupdict()
        spelled = parts["hour3"] and not parts["hour3"].isdigit()
        if spelled and not (parts["part"] or parts["minute3"]):
            continue  # 一点 and 两点 are also "a bit" and "two points"
        hour = value_of(next(filter(None, (parts["hour"], parts["hour2"], parts["hour3"], parts["hour4"]))))
        written = parts["minute"] or (parts["minute3"] or "").removesuffix("分")
        minute = Fraction(30) if written == "半" else value_of(written) if written else Fraction(0)
        later = (parts["half"] or parts["half2"]) == "p" or parts["part"] in ("下午", "晚上", "傍晚")
        if (later or parts["part4"] in ("مساء", "بعد الظهر", "ليلا")) and hour < 12:
            hour += 12
        if hour <= 24 and free(*match.span(), taken):
            yield Quantity("time", hour * 60 + minute, "", *match.span())
