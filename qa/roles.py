"""What belongs together: whether the words of a sentence stand together as they do in its source.

Words alone would pass a number or name that the source gives to something else.
Offsets are those of qa.plain_text.plain() texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.finding import Found
from qa.negation import clauses
from qa.quantities import quantities
from qa.quantity import Quantity, agree
from qa.wording import Word


def _entities(stated: str, given: str, found: Sequence[Found]) -> list[tuple[int, int, str, set[int]]]:
    """What a sentence counts, dates or names: (start, end, type, places in the source)."""
    given_quantities = quantities(given)
    entities = []
    for quantity in quantities(stated):
        at = {other.start for other in given_quantities if agree(quantity, other)}
        entities.append((quantity.start, quantity.end, _type(quantity), at))
    group: list[Found] = []
    for one in [*found, None]:
        if one and one.word.is_name and (not group or one.word.start - group[-1].word.end <= 4):
            group.append(one)
            continue
        if group:
            places_of = {place for member in group for place in member.places}
            entities.append((group[0].word.start, group[-1].word.end, "name", places_of))
        group = [one] if one and one.word.is_name else []
    return entities


def _type(quantity: Quantity) -> str:
    """What a quantity can be mistaken for: a year for a year, an amount for one of the same unit."""
    if quantity.kind == "number":
        year = not quantity.unit and quantity.value.denominator == 1 and 1000 <= quantity.value <= 2100
        return "year" if year else f"amount {quantity.unit}"
    return quantity.kind


_PAUSE = re.compile(r"[,;:!?。，；：！？、،؛？()\n]+ ?|(?<!\d)\. ")
_AND = re.compile(r" (?=and )| (?=و[\u0621-\u064a]{3})|(?=[和及与])")


@dataclass(frozen=True, slots=True)
class _Parts:
    """A source cut into its clauses (at "and" too), and into what stands between punctuation marks."""

    clauses: list[tuple[int, int]]
    stretches: list[tuple[int, int]]

    @classmethod
    def of(cls, given: str) -> _Parts:
        parts = []
        for start, end in clauses(given):
            cuts = [start, *(m.start() for m in _AND.finditer(given, start, end) if m.start() > start), end]
            parts += list(pairwise(cuts))
        marks = [0, *(match.end() for match in _PAUSE.finditer(given)), len(given)]
        return cls(parts, list(pairwise(marks)))

    def clause(self, place: int) -> int:
        """The number of the clause at an offset."""
        return next((i for i, (first, last) in enumerate(self.clauses) if first <= place < last), -1)

    def stretch(self, place: int) -> int:
        """The number of the stretch at an offset."""
        return next((i for i, (first, last) in enumerate(self.stretches) if first <= place < last), -1)


def joined(stated: str, given: str, found: Sequence[Found], given_words: Sequence[Word], same: bool) -> bool:
    """Whether a number or name stands with words that the source says of another.

    "Tickets cost 9 euros for adults", where the source has 18 euros for adults and 9 for students.
    """
    parts = _Parts.of(given)
    stated_quantities, given_quantities = quantities(stated), quantities(given)
    near = 1 if same else 2  # translations put words in another order
    taken = {place for one in found for place in one.places}
    rivals = [
        (other.start, _type(other))
        for other in given_quantities
        if not any(agree(quantity, other) for quantity in stated_quantities)
        and not (other.spoken and other.value < 3)
    ]
    rivals += [
        (word.start, "name")
        for word in given_words
        if word.is_name
        and word.start not in taken
        and not any(other.start <= word.start < other.end for other in given_quantities)
    ]
    named_at = {word.start for word in given_words if same and word.is_name}
    for start, end, kind, at in _entities(stated, given, found):
        part_of = parts.stretch if kind == "name" else parts.clause
        own = {part_of(place) for place in at}
        plain_words = [one for one in found if not one.word.is_name and set(one.places) - named_at]
        beside = [one for one in plain_words if one.word.end <= start][-near:]
        beside += [one for one in plain_words if one.word.start >= end][:near]
        if (
            own
            and beside
            and all(
                not {part_of(place) for place in one.places} & own
                and any(
                    part_of(rival) == part_of(place) and _alike(kind, other)
                    for rival, other in rivals
                    for place in one.places
                )
                for one in beside
            )
        ):
            return True
    return False


def _alike(kind: str, other: str) -> bool:
    return kind == other or (
        kind.startswith("amount") and other.startswith("amount") and "amount " in (kind, other)
    )


_OWN_SUBJECT = {
    "en": re.compile(
        r"^(?:(?:and|but|while|whereas|although|though) )?(?:the|a|an|its|his|her|their|other|this|that"
        r"|some|most) $"),
    "ar": re.compile(r"^(?:(?:و?لكن|بينما|اما) )?(?:و|ف)?$"),
    "zh": re.compile(r"^(?:而|但|却)?(?:[^,，。]{1,12}的)?(?:其他|另一?|该|这|那|一)?[个位名座种次些]?$"),
}  # fmt: skip


def crossed(stated: str, given: str, found: Sequence[Found], given_words: Sequence[Word]) -> bool:
    """Whether two parallel clauses were crossed: "sales of cars doubled", where those of bicycles did.

    Both clauses hold one of the sentence's words; of one of them it has a single other word or number; and
    of both it leaves words out.
    """
    if len(clauses(stated)) > 1:
        return False
    parts = _Parts.of(given)
    placed = [{parts.clause(p) for p in one.places} for one in found if one.credit == 1 and one.places]
    only = Counter(next(iter(where)) for where in placed if len(where) == 1)
    for quantity in quantities(stated):
        only.update({parts.clause(other.start): 2 for other in quantities(given) if agree(quantity, other)})
    taken = {place for one in found for place in one.places}
    left_out = {parts.clause(word.start) for word in given_words if word.start not in taken}
    for where in placed:
        crossing = where & set(only) & left_out
        if len(crossing) > 1 and min(only[part] for part in crossing) == 1:
            return True
    return False


_SURE = 0.8
"""The credit from which a word of another language tells which clause it is of."""


def lifted(given: str, found: Sequence[Found], given_words: Sequence[Word], pair: tuple[str, str]) -> bool:
    """Whether the words of one clause were given to the subject of another.

    Forward: the other clause has a subject of its own, which the sentence leaves out ("the choir plays in
    Vienna", where the orchestra does). Backward: a word of a later clause, whose other words are left out,
    takes the place of the subject of an earlier one. Between languages only this is told, since what a
    clause leaves out is not sure there. pair: languages of sentence and source.
    """
    language, source_language = pair
    same = language == source_language
    parts = _Parts.of(given)
    placed = [
        (one.word, {parts.clause(p) for p in one.places})
        for one in found
        if one.credit >= (1 if same else _SURE) and one.places
    ]
    sure = [(word, next(iter(numbers))) for word, numbers in placed if len(numbers) == 1]
    if len({number for _, number in sure}) < 2 or len(sure) < 3:
        return False
    taken = {place for one in found for place in one.places}
    second = max(number for _, number in sure)
    left_out = [
        word for word in given_words if parts.clause(word.start) == second and word.start not in taken
    ]
    if not left_out:
        return False
    from_second = [word for word, number in sure if number == second]
    used = min(place for place in taken if parts.clause(place) == second)
    if same and sure[0][1] != second and left_out[0].start < used:
        before = given[parts.clauses[second][0] : left_out[0].start]
        starts = left_out[0].is_noun if language == "zh" else True
        if language == "ar":
            starts = left_out[0].text.startswith(("ال", "وال", "فال"))
        if starts and _OWN_SUBJECT[language].match(before):
            return True
    # The subject stands first, in Arabic mostly behind its verb.
    subject = [one.word for one in found][1 if language == "ar" else 0 :][:1]
    return subject == from_second[:1] and len(from_second) <= min(2, len(sure) - 2)


def other_subject(given: str, found: Sequence[Found], given_words: Sequence[Word]) -> bool:
    """Whether an Arabic verb, which stands before its subject, was given another subject than the source's.

    "دفع حسن التكاليف" for "تبرع حسن بالأرض، ودفعت البلدية التكاليف": the verb's clause does not name the
    subject, and what follows the verb there is left out.
    """
    parts = _Parts.of(given)
    placed = [(one, {parts.clause(p) for p in one.places}) for one in found if one.credit == 1 and one.places]
    if len(placed) < 3 or placed[0][0] is not found[0] or placed[1][0] is not found[1]:
        return False
    (verb, where), (_, named) = placed[:2]
    if where & named or len(where) != 1:
        return False
    taken = {place for one in found for place in one.places}
    after = next((word for word in given_words if word.start > verb.places[0]), None)
    return after is not None and after.start not in taken and after.text.startswith("ال")
