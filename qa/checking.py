"""Is a sentence supported by the passage it cites? Nothing a generator says is shown unchecked.

In this order: what stands word for word in the span passes; numbers, dates, units, negations and opposites
must agree with the span, across languages and scripts, or the support is 0; names and numbers must stand
with the words that the span sets them with; then every other word is looked for in the span, by its form
and, where it is a paraphrase or a translation, by the encoder's vectors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from corpus.language import detect_language
from index.embedder import Embedder
from index.transliteration import name_terms
from qa.negation import clauses, implied, negations, opposed
from qa.plain_text import plain
from qa.quantities import disagreement, quantities
from qa.quantity import agree
from qa.roles import Found, crossed, joined, lifted, names_swapped, reversed_change, substituted, swapped
from qa.similarity import Similarity, TokenSimilarity
from qa.wording import Word, capitalised, places, sounded, sounds_like, words

SUPPORTED = 0.75
"""The least support a generated sentence needs to be shown."""

_SHOWN_PLACE = 0.5  # credit from which a word found by its vectors tells where in the span it stands
_LEAD_IN = re.compile(
    r"^(?:according to (?:the|these) (?:documents?|sources?|text|passages?)|based on the (?:documents?"
    r"|sources?)"
    r"|(?:根据|据)(?:上述|以上|这些)?(?:文件|文档|资料|原文)(?:的?(?:内容|记载))?|وفقا ل(?:لوثائق|لوثيقه"
    r"|لنص|لمصدر)|بحسب (?:الوثائق|الوثيقه|النص))[,،:]? *"
)
_ASKS_WHETHER = re.compile(
    r"^(?:is|are|was|were|do|does|did|has|have|had|can|could|may|must|will|would|should)\b|^(?:هل|ا)(?= )"
    r"|^ا(?=[لي])|[吗么]?是否|吗[?]?$|是不是|有没有|能不能|会不会|可不可以"
)


class SupportChecker:
    """support() with the meaning of words by an embedder; embeds nothing where words alone decide."""

    def __init__(self, embedder: Embedder) -> None:
        self._similarity = TokenSimilarity(embedder)

    def support(self, sentence: str, span: str, heading: str, question: str) -> float:
        """See support()."""
        return support(sentence, span, heading, question, self._similarity)


def support(
    sentence: str, span: str, heading: str, question: str, similarity: Similarity | None = None
) -> float:
    """How far a span of a document supports a sentence that answers a question: 0 to 1.

    span: one or several sentences, in any language. heading: title and headings above it, which may name
    what the span only calls "it". Without similarity words are compared by their forms alone: paraphrases
    score lower, and translations 0.
    """
    language, source_language = detect_language(sentence)[0], detect_language(span)[0]
    stated = _LEAD_IN.sub("", plain(sentence))
    given, named, asked = plain(span), plain(heading), plain(question)
    same = language == source_language
    if not same and similarity is None:
        return 0.0
    names = (
        capitalised(f"{sentence} ") | capitalised(span) | capitalised(heading)
        if language == "en"
        else frozenset()
    )
    stated_words = words(stated, language, names)
    if not stated_words and not quantities(stated):
        return 0.0
    if not _tells(stated, stated_words, asked, language):
        return 0.0
    if same and _verbatim(stated, given):
        return 1.0
    source = f"{named}\n{given}"
    if disagreement(stated, source) or opposed(stated, source) or reversed_change(stated, given):
        return 0.0
    given_words = words(given, source_language, capitalised(span) if source_language == "en" else frozenset())
    if similarity is not None and source_language != "en" and not same:
        given_words = similarity.with_names(given, given_words, source_language)
    found = _find(stated, stated_words, given, given_words, named, (language, source_language), similarity)
    if (
        _denies(stated, given, found, same)
        or swapped(stated, given, found)
        or joined(stated, given, found, given_words, same)
    ):
        return 0.0
    if not same and names_swapped(stated, given, found):
        return 0.0
    if same and crossed(stated, given, found, given_words):
        return 0.0
    if same and (
        lifted(given, found, given_words, source_language) or substituted(given, found, given_words)
    ):
        return 0.0
    return _score(stated, found, same)


def _tells(stated: str, stated_words: Sequence[Word], asked: str, language: str) -> bool:
    """Whether a sentence says anything beyond the question it answers."""
    if _ASKS_WHETHER.search(asked) or detect_language(asked)[0] != language:
        return True
    asked_words = words(asked, language)
    if any(not places(word, asked, asked_words, language) for word in stated_words):
        return True
    repeated = quantities(asked)
    return any(not any(agree(one, other) for other in repeated) for one in quantities(stated))


_MARKS = re.compile(r"[\W_]+")


def _verbatim(stated: str, given: str) -> bool:
    """Whether a sentence is a whole clause, or several, of the source, but for its punctuation."""
    text = _MARKS.sub(" ", stated).strip()
    for start in {first for first, _ in clauses(given)} | {
        match.end() for match in re.finditer(r"[.!?。！？]\s*", given)
    }:
        rest = _MARKS.sub(" ", given[start:]).strip()
        if rest.startswith(text):
            after = rest[len(text) : len(text) + 1]
            ends = _MARKS.sub(" ", given).strip().endswith(text) or any(
                _MARKS.sub(" ", given[start:end]).strip() == text for _, end in clauses(given) if end > start
            )
            return not after or ends
    return False


def _find(
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
            at = (int(place) - shift,) if value >= _SHOWN_PLACE and place >= shift else ()
            found[word] = Found(word, float(value), at, float(name))
        if language != source_language:
            found |= _heard([found[word] for word in rest], source, (*given_words, *named_words))
    else:
        found |= {word: Found(word, 0.0, ()) for word in rest}
    return [found[word] for word in open_words]


def _heard(unsaid: Sequence[Found], source: str, source_words: Sequence[Word]) -> dict[Word, Found]:
    """Names, of one word or several, that sound nearly like something in a source of another script."""
    heard: dict[Word, Found] = {}
    group: list[Found] = []
    for one in [*unsaid, None]:
        if one and one.is_name and (not group or one.word.start - group[-1].word.end <= 2):
            group.append(one)
            continue
        unsure = [member for member in group if member.credit < _SHOWN_PLACE]
        whole = "".join(member.word.text for member in group)
        for member in unsure:
            if sounds_like(member.word.text, source, source_words) or sounds_like(
                whole, source, source_words
            ):
                heard[member.word] = Found(member.word, 1.0, member.places, member.name)
        group = [one] if one and one.is_name else []
    return heard


def _denies(stated: str, given: str, found: Sequence[Found], same: bool) -> bool:
    """Whether a negation was added or left out, clause by clause."""
    stated_negations, given_negations = negations(stated), negations(given)
    given_clauses = clauses(given)
    for start, end in clauses(stated):
        own = [first for first, _ in stated_negations if start <= first < end]
        # The source's clauses that this clause speaks of, by the words that its negation bears on.
        bears_on = [one for one in found if (min(own) if own else start) <= one.word.start < end]
        chosen = _chosen(bears_on or [one for one in found if start <= one.word.start < end], given_clauses)
        text = " ".join(given[first:last] for first, last in chosen) if chosen else given
        denied = [
            n for n in given_negations if not chosen or any(first <= n[0] < last for first, last in chosen)
        ]
        # A word that stands in both denies nothing between them; across languages any does.
        also = implied(stated[start:end])
        otherwise = implied(text) - also if same else implied(given) if not also else set()
        if own and not denied and not otherwise:
            return True
        if denied and len(own) == len(denied) + 1 and len(own) % 2 == 0 and not otherwise:
            return True  # "does not cost nothing"
        if own or implied(stated[start:end]) - implied(text):
            continue
        here = {
            place
            for one in found
            if start <= one.word.start < end
            for place in one.places
            if len(one.places) == 1 or any(first <= place < last for first, last in chosen)
        }
        if any(_bears_on(given, last, given_clauses) & here for _, last in given_negations):
            return True
    return False


def _chosen(found: Sequence[Found], given_clauses: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The clauses of the source that hold most of some words."""
    votes = [
        sum(1 / len(one.places) for one in found for place in one.places if first <= place < last)
        for first, last in given_clauses
    ]
    most = max(votes, default=0)
    return [clause for clause, vote in zip(given_clauses, votes, strict=True) if most and vote == most]


def _bears_on(given: str, after: int, given_clauses: Sequence[tuple[int, int]]) -> set[int]:
    """The offsets of the two words that a negation of the source bears on."""
    end = next((last for first, last in given_clauses if first < after <= last), len(given))
    following = words(given[after:end], detect_language(given)[0])[:2]
    return {after + word.start for word in following}


_NAME_CREDIT, _NAME_CREDIT_ENGLISH = 0.34, 0.25
"""The least mean credit of a name that is given in another language, where its sound does not tell."""

LIKELY_TRANSLATION = 0.36
LEAST_CLAUSE = 0.2
"""Mean credits of a sentence that is a translation of its span, and of each of its clauses: fitted on
parallel sentences (qa/training/fit_checking.py)."""


def _score(stated: str, found: Sequence[Found], same: bool) -> float:
    """The mean credit of the words, between languages scaled to SUPPORTED; half for a name not there."""
    if not found:
        return 1.0
    score = float(np.mean([one.credit for one in found]))
    if not same:
        least = LIKELY_TRANSLATION
        score = (
            score / least * SUPPORTED if score < least else 1 - (1 - score) / (1 - least) * (1 - SUPPORTED)
        )
    for start, end in clauses(stated):
        within = [one.credit for one in found if start <= one.word.start < end]
        if len(within) > 2 and np.mean(within) < LEAST_CLAUSE:
            score /= 2
            break
    return score / 2 if _names_another(found, same) else score


def _names_another(found: Sequence[Found], same: bool) -> bool:
    """Whether a sentence has a name that its source has not."""
    groups: list[list[Found]] = []
    for before, one in zip([None, *found], found, strict=False):
        if not one.is_name:
            continue
        if before is None or not before.is_name or one.word.start - before.word.end > 4:
            groups.append([])
        groups[-1].append(one)
    for group in groups:
        credits = [one.credit for one in group]
        least = _NAME_CREDIT_ENGLISH if "a" <= group[0].word.text[0] <= "z" else _NAME_CREDIT
        if min(credits) < 1 if same else max(credits) < 1 and np.mean(credits) < least:
            return True
    return False
