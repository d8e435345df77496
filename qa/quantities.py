"""Numbers, dates, times, shares and units of a text, comparable across languages and scripts.

423亿, 42.3 billion and ٤٢٫٣ مليار are one number; 12 May 1987, 1987年5月12日 and ١٢ أيار ١٩٨٧ one
date; a quarter, 四分之一 and 25٪ one share. Codes (HG-5, 3D) are no quantities. Offsets are those of the
plain() text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from qa.dates import dates, times
from qa.numbers import chinese, digits, shares, words
from qa.quantity import Quantity, agree
from qa.units import rates

_CODE = re.compile(
    r"(?<![a-z0-9])(?=[a-z0-9-]*[a-z])(?=[a-z0-9-]*\d)(?!\d+(?:st|nd|rd|th|s|km|kg|g|m|cm|mm|am|pm|gb|mb"
    r"|bn|k)\b)"
    r"[a-z0-9]+(?:-[a-z0-9]+)*(?![a-z0-9])"
)
_CENTURY = re.compile("(?:\\d+|[十九八七一二]+)世纪(?=(?:\\d+|[一二三四五六七八九十]+)年代)")
_NOT_COUNTED = re.compile(
    "十分(?!钟|之|公)|千万(?=别|不|要)|百姓|一一|万一|万万|四川|四周|四处|四季|五金|五官|七夕|八卦|九江"
    "|三亚|三明治|四分卫|三元组|二手|二维|再三|十足|千里|百货|百合|老百"
)


@lru_cache(maxsize=256)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of a plain text, in reading order; no two overlap."""
    taken = [match.span() for match in _CODE.finditer(text)]
    taken += [match.span() for pattern in (_NOT_COUNTED, _CENTURY) for match in pattern.finditer(text)]
    found: list[Quantity] = []
    for scan in (dates, times, shares, digits, chinese, words):
        for quantity in scan(text, taken):
            found.append(quantity)
        taken += [(quantity.start, quantity.end) for quantity in found]
    return tuple(sorted(found, key=lambda quantity: (quantity.start, quantity.kind)))


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


def _in_code(number: str, source: str, given: Sequence[Quantity]) -> bool:
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
