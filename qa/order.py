"""Who did what to whom: whether words of a sentence changed sides, or one took the place of another.

Words alone would pass "B beat A" for "A beat B". Offsets are those of qa.plain_text.plain() texts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from qa.finding import Found
from qa.wording import Word

_SAME_MEANING, _SAME_IN_COPY = 0.45, 0.5
"""The mean credit below which another word says another thing, also where all around it is copied."""

_PASSIVE = re.compile(r"\bby\b|被|由|受|为.{1,12}所|(?<!\w)(?:من قبل|علي يد|بواسطه|من جانب)(?!\w)")


def swapped(stated: str, given: str, found: Sequence[Found]) -> bool:
    """Whether two words changed sides about a third, as in "A beat B" and "B beat A"."""
    if bool(_PASSIVE.search(stated)) != bool(_PASSIVE.search(given)) or "اما " in given:
        return False
    placed = [(one.word, one.places[0]) for one in found if one.credit == 1.0 and len(one.places) == 1]
    ends = [match.end() for match in re.finditer(r"[;.!?。；！？؛] *", given)]
    for middle in range(1, len(placed) - 1):
        pivot, place = placed[middle]
        if pivot.is_name or (
            pivot.text > "\u2e80" and (not pivot.is_verb or given.startswith("的", place + len(pivot.text)))
        ):
            continue
        before = [
            word
            for word, at in placed[:middle]
            if at > place and bisect_right(ends, at) == bisect_right(ends, place)
        ]
        after = [
            word
            for word, at in placed[middle + 1 :]
            if at < place and bisect_right(ends, at) == bisect_right(ends, place)
        ]
        named = any(word.is_name for word in before + after) or "\u0621" <= pivot.text[0] <= "\u064a"
        if before and after and named:
            return True
    return False


def substituted(given: str, found: Sequence[Found], given_words: Sequence[Word]) -> bool:
    """Whether a copy has another word, not near in meaning, in the place of one of the source's."""
    taken = {place for one in found for place in one.places}
    run: list[Found] = []
    left = -1
    for one in [*found, None]:
        if one is not None and one.credit < 1:
            run.append(one)
            continue
        # Where the source goes on after what stands before the run, up to what stands behind it.
        after = [place for place in one.places if place > left] if one else []
        inside = left >= 0 or (
            bool(run) and run[0].word.text > "\u2e80" and not any(m.word.is_verb for m in run)
        )
        if run and one and inside:
            right = min(after, default=-1)
            between = [word for word in given_words if left < word.start < right and word.start not in taken]
            copied = sum(member.credit == 1 for member in found) >= 4 * len(run) and len(between) <= len(run)
            least = _SAME_IN_COPY if copied else _SAME_MEANING
            far = float(np.mean([member.credit for member in run])) < least
            if far and right > 0 and 0 < len(between) <= len(run) + 1:
                return True
        run = []
        left = min(after, default=-1) if one else -1
    return False


_SUBORDINATE = re.compile(r"的|\b(?:of|in|at|from|for)\b|'s|[,،、]|(?<!\w)(?:من|في|ب\w+)(?!\w)")


def names_swapped(stated: str, given: str, found: Sequence[Found]) -> bool:
    """Whether two names, found by their sound, changed sides about what is said of them."""
    if bool(_PASSIVE.search(stated)) != bool(_PASSIVE.search(given)):
        return False
    names = [
        (one.word, one.places[0])
        for one in found
        if one.word.is_name and one.credit == 1 and len(one.places) == 1
    ]
    for (first, place), (second, other) in pairwise(names):
        between = stated[first.end : second.start], given[other + 1 : place]
        told = any(first.end <= one.word.start < second.start and not one.word.is_name for one in found)
        if other < place and told and not any(_SUBORDINATE.search(text) for text in between[:1]):
            return True
    return False


_CHANGE = re.compile(
    r"\bfrom \D{0,12}?(?P<a>\d[\d.,]*)\D{0,24}? to \D{0,12}?(?P<b>\d[\d.,]*)"
    r"|(?P<b2>\d[\d.,]*)(?: \w+){0,3} (?:instead of|rather than|بدلا من|عوضا عن) (?:\w+ )?(?P<a2>\d[\d.,]*)"
    r"|[从由自](?P<a3>\d[\d.,]*)[^\d,，。]{0,12}?[到至为成](?P<b3>\d[\d.,]*)"
    r"|من (?P<a4>\d[\d.,]*)[^\d.،]{0,24}? الي (?P<b4>\d[\d.,]*)"
)


def reversed_change(stated: str, given: str) -> bool:
    """Whether a change from one number to another is told the other way round."""

    def changes(text: str) -> set[tuple[str, str]]:
        found = set()
        for match in _CHANGE.finditer(text):
            before, after = (
                next(value for name, value in match.groupdict().items() if value and name[0] == end)
                for end in "ab"
            )
            found.add((before.strip(".,"), after.strip(".,")))
        return found

    given_changes = changes(given)
    return any((after, before) in given_changes for before, after in changes(stated))
