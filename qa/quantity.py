"""A number, date, time or share with its unit, and whether two of them can be the same."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from qa.units import BASE_UNITS


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
