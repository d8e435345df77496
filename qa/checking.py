"""Is a sentence supported by the passage it cites? Nothing a generator says is shown unchecked.

The score is 0 to 1. Numbers must stand in the cited span, a negation must not appear or vanish, and the
sentence's other words must come from the span or, where they only repeat what was asked, the question.
"""

from __future__ import annotations

import re

from corpus.language import detect_language
from index import terms

SUPPORTED = 0.75
"""The least support a generated sentence needs to be shown."""

_NUMBER = re.compile(r"\d+(?:[.]\d+)*")
_NEGATIONS = {
    "en": re.compile(r"\b(?:not|no|never|none|nor|neither|without|cannot)\b|n't\b", re.IGNORECASE),
    "ar": re.compile(r"(?<!\w)(?:لا|لم|لن|ليس|ليست|غير|بدون|دون|ما عدا)(?!\w)"),
    "zh": re.compile("[不没沒未无無非]"),
}


def support(sentence: str, span: str, question: str) -> float:
    """How far a span of a document supports a sentence that answers a question: 0 to 1.

    Only for a sentence and a span in one language; between languages there is no score here (0).
    """
    language = detect_language(sentence)[0]
    if language != detect_language(span)[0]:
        return 0.0
    said, given = set(terms(sentence, language)), set(terms(span, language))
    if not numbers(said) <= numbers(given):
        return 0.0
    negation = _NEGATIONS.get(language)
    if negation and bool(negation.search(sentence)) != bool(negation.search(span)):
        return 0.0
    asked = set(terms(question, language))
    if not (said - asked) & given:
        return 0.0  # it only repeats what was asked
    return len(said & (given | (asked - numbers(asked)))) / len(said) if said else 0.0


def numbers(found: set[str]) -> set[str]:
    """The numbers among index terms."""
    return {match for term in found for match in _NUMBER.findall(term)}
