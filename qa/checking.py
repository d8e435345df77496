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
from qa.finding import SHOWN, Found, find
from qa.negation import clauses, denies
from qa.opposites import contrary, opposed
from qa.order import names_swapped, reversed_change, substituted, swapped
from qa.plain_text import plain
from qa.quantities import disagreement, quantities
from qa.quantity import agree
from qa.roles import crossed, joined, lifted, other_subject
from qa.similarity import Similarity, TokenSimilarity
from qa.wording import Word, capitalised, names_of, places, words

SUPPORTED = 0.75
"""The least support a generated sentence needs to be shown."""

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
    pair = language, source_language = detect_language(sentence)[0], detect_language(span)[0]
    stated = _LEAD_IN.sub("", plain(sentence))
    given, named, asked = plain(span), plain(heading), plain(question)
    same = language == source_language
    if not same and similarity is None:
        return 0.0
    names = names_of(sentence, f"{heading}\n{span}") if language == "en" else frozenset()
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
    given_words: Sequence[Word] = words(
        given, source_language, capitalised(span) if source_language == "en" else frozenset()
    )
    if similarity is not None and source_language != "en" and not same:
        given_words = similarity.with_names(given, given_words, source_language)
    found = find(stated, stated_words, given, given_words, named, pair, similarity)
    if not _in_span(stated, given, found):
        return 0.0
    if (
        denies(stated, given, found, same)
        or contrary(stated, given, found)
        or swapped(stated, given, found)
        or joined(stated, given, found, given_words, same)
    ):
        return 0.0
    if not same and (names_swapped(stated, given, found) or lifted(given, found, given_words, pair)):
        return 0.0
    if same and crossed(stated, given, found, given_words):
        return 0.0
    if same and language == "ar" and other_subject(given, found, given_words):
        return 0.0
    if same and (lifted(given, found, given_words, pair) or substituted(given, found, given_words)):
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


def _in_span(stated: str, given: str, found: Sequence[Found]) -> bool:
    """Whether anything is said by the span itself, not by its heading alone."""
    said = [one for one in found if one.credit >= SHOWN]
    if not said or any(one.places for one in said):
        return True
    counted = quantities(given)
    return any(agree(one, other) for one in quantities(stated) for other in counted)


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


_NAME_CREDIT, _NAME_CREDIT_ENGLISH = 0.34, 0.25
"""The least mean credit of a name that is given in another language, where its sound does not tell."""

_SAID = 0.9
"""The credit at which a word that only its vectors take for a name is said by the source."""

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
        if same:
            if any(one.credit < (1 if one.word.is_name else _SAID) for one in group):
                return True
        elif max(credits) < 1 and np.mean(credits) < least:
            return True
    return False
