"""Where a source says each word of a sentence: by form, by sound, else by meaning.

Offsets are those of qa.plain_text.plain() texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.transliteration import name_terms
from qa.quantities import quantities
from qa.similarity import NAME, Similarity
from qa.wording import Word, places, sounded, sounds_like, words

SHOWN = 0.5
"""The credit from which a word found by its vectors tells where in the source it stands."""


@dataclass(frozen=True, slots=True)
class Found:
    """A word of the sentence: the credit of being said by the source (0 to 1) and its places there."""

    word: Word
    credit: float
    places: tuple[int, ...]
    name: float = 0.0

    @property
    def is_name(self) -> bool:
        if "a" <= self.word.text[0] <= "z":
            return self.word.is_name and len(self.word.text) > 1
        return self.word.is_name or self.name > NAME


def find(
    stated: str,
    stated_words: Sequence[Word],
    given: str,
    given_words: Sequence[Word],
    named: str,
    pair: tuple[str, str],
    similarity: Similarity | None,
) -> list[Found]:
    """Where the source says each word of the sentence, by form, by sound, else by meaning."""
    language, source_language = pair
    counted = quantities(stated)
    open_words = [w for w in stated_words if not any(q.start <= w.start < q.end for q in counted)]
    found: dict[Word, Found] = {}
    named_words = words(named, source_language)
    sounds = (
        frozenset(name_terms(f"{given} {named}", source_language))
        if language != source_language
        else frozenset()
    )
    for word in open_words:
        if language == source_language or (word.text.isascii() and language != "en"):
            standing = places(word, given, given_words, language if language == source_language else "en")
            if standing or places(word, named, named_words, language):
                found[word] = Found(word, 1.0, tuple(standing))
        elif sounds and sounded(word.text, sounds):
            heard = [
                other.start
                for other in given_words
                if not frozenset(name_terms(word.text, "zh")).isdisjoint(name_terms(other.text, "zh"))
            ]
            found[word] = Found(word, 1.0, tuple(heard), name=1.0)
    rest = [word for word in open_words if word not in found]
    if rest and similarity is not None:
        source = f"{named}\n{given}" if named else given
        matches = similarity(stated, rest, source, pair)
        shift = len(source) - len(given)
        for word, value, place, name in zip(rest, matches.credit, matches.place, matches.name, strict=True):
            at = (int(place) - shift,) if value >= SHOWN and place >= shift else ()
            found[word] = Found(word, float(value), at, float(name))
        if language != source_language:
            found |= _heard([found[word] for word in rest], source, (*given_words, *named_words))
    else:
        found |= {word: Found(word, 0.0, ()) for word in rest}
    return [found[word] for word in open_words]


def _heard(unsaid: Sequence[Found], source: str, source_words: Sequence[Word]) -> dict[Word, Found]:
    """Names, of one word or several, that sound nearly like something in a source of another script.

    A name is heard by itself, with the names around it, or with the word beside it: a name of two
    characters, as in 陆文舟, is too short to be known for one.
    """
    heard: dict[Word, Found] = {}

    def hear(members: Sequence[Found]) -> None:
        if any(one.credit < SHOWN for one in members) and sounds_like(
            "".join(one.word.text for one in members), source, source_words
        ):
            for one in members:
                if one.credit < SHOWN:
                    heard[one.word] = Found(one.word, 1.0, one.places, one.name)

    group: list[Found] = []
    for one in [*unsaid, None]:
        if one and one.is_name and (not group or _adjacent(group[-1], one)):
            group.append(one)
            continue
        for members in [group, *([member] for member in group)] if group else []:
            hear(members)
        group = [one] if one and one.is_name else []
    for one, other in pairwise(unsaid):
        if one.is_name != other.is_name and _adjacent(one, other) and min(map(_length, (one, other))) <= 2:
            hear((one, other))
    return heard


def _adjacent(one: Found, other: Found) -> bool:
    return other.word.start - one.word.end <= 2


def _length(one: Found) -> int:
    return len(one.word.text)
