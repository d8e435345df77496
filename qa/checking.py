"""Is a sentence supported by the passage it cites? Nothing a generator says is shown unchecked.

The score is 0 to 1. Numbers must stand in the cited span, a negation must not appear or vanish, and the
sentence's other words must come from the span or the headings above it.
"""

from __future__ import annotations

import re

from corpus.language import detect_language
from index import terms
from index.chinese import simplified

SUPPORTED = 0.75
"""The least support a generated sentence needs to be shown."""

_CHINESE_FUNCTION_WORDS = set("的了是在和有与及其也都就为由被将把对从到于而则")
_NUMBER = re.compile(r"\d+(?:[.]\d+)*")
_NEGATIONS = {
    "en": re.compile(r"\b(?:not|no|never|none|nor|neither|without|cannot)\b|n't\b", re.IGNORECASE),
    "ar": re.compile(r"(?<!\w)(?:لا|لم|لن|ليس|ليست|غير|بدون|دون|ما عدا)(?!\w)"),
    "zh": re.compile("[不没沒未无無非]"),
}


def support(sentence: str, span: str, heading: str, question: str) -> float:
    """How far a span of a document supports a sentence that answers a question: 0 to 1.

    heading: title and headings above the span, which may name what the span only calls "it".
    Only for a sentence and a span in one language; between languages there is no score here (0).
    """
    language = detect_language(sentence)[0]
    if language != detect_language(span)[0]:
        return 0.0
    given = set(terms(span, language))
    if not numbers(set(terms(sentence, language))) <= numbers(given):
        return 0.0
    negation = _NEGATIONS.get(language)
    if negation and bool(negation.search(sentence)) != bool(negation.search(span)):
        return 0.0
    words = _words(sentence, language)
    stated = [word for word in words if _states(span, given, word, language)]
    if not set(stated) - set(_words(question, language)):
        return 0.0  # it says nothing beyond what was asked
    named = set(terms(heading, language))
    return len([word for word in words if word in stated or _states(heading, named, word, language)]) / len(
        words
    )


def _words(text: str, language: str) -> list[str]:
    """The words of a sentence that carry meaning."""
    if language != "zh":
        return [word for word in re.findall(r"\w+(?:[.,'’-]\w+)*", text.casefold()) if terms(word, language)]
    import rjieba

    words = [word for word in rjieba.cut(simplified(text)) if any(map(str.isalnum, word))]
    return [word for word in words if word not in _CHINESE_FUNCTION_WORDS]


def _states(text: str, text_terms: set[str], word: str, language: str) -> bool:
    """Whether a text has a word, in any of its forms."""
    if language == "zh":
        return word in simplified(text)
    return not text_terms.isdisjoint(terms(word, language))


def numbers(found: set[str]) -> set[str]:
    """The numbers among index terms."""
    return {match for term in found for match in _NUMBER.findall(term)}
