"""Planted errors: sentences made wrong on purpose, said by the generator; does the check let them pass?

The pipeline under measurement is given a generator that says a sentence of the evidence with one fact
changed. Caught means that it is not shown as a generated sentence. The same sentences unchanged tell how
many right ones the check turns away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from eval.asking import Asker
from eval.outcomes import Outcome
from eval.progress import Bar
from eval.scoring import cited_spans
from eval.statistics import mean
from qa.generators.scripted import ScriptedGenerator
from qa.pipeline import Pipeline

Json = dict[str, Any]

_DIGITS = re.compile(r"[0-9٠-٩]+")
_NEGATED = {
    "en": (re.compile(r"\b(is|was|are|were|has|have|had|can|will|would)\b"), r"\1 not"),
    "zh": (re.compile("(是|在|会|能|可以)"), r"不\1"),
    "ar": (re.compile(r"^"), "لم "),
}


def planted_figures(asker: Asker, outcomes: Sequence[Outcome], count: int, bar: Bar) -> Json:
    """The share of planted errors that was caught, by kind of error, and of right sentences accepted.

    count: answers whose first cited sentence is used, evenly spread; those cited in the question's own
    language, since a generator is not asked to translate.
    """
    usable = [o for o in outcomes if o.kind == "answerable" and o.right and o.cited_language == o.language]
    chosen = usable[:: max(1, len(usable) // count)][:count] if count else []
    found: dict[str, list[bool]] = {}
    speaker = _Speaker(asker)
    for outcome in bar.each("planting errors", chosen):
        for kind, shown in _tried(asker, speaker, outcome, chosen).items():
            found.setdefault(kind, []).append(shown)
    errors = {kind: [not shown for shown in tries] for kind, tries in found.items() if kind != "unchanged"}
    return {
        "answers": len(chosen),
        "catch_rate": mean([caught for tries in errors.values() for caught in tries]),
        "by_kind": {
            kind: {"catch_rate": mean(tries), "planted": len(tries)} for kind, tries in sorted(errors.items())
        },
        "right_accepted": mean(found.get("unchanged", [])),
    }


def plant(sentence: str, language: str, gold: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Kind of error -> the sentence with it, for those that it can hold.

    number: another number. negation: a word that denies it. answer: the gold answer gives way to another
    question's.
    """
    planted = {}
    if number := _DIGITS.search(sentence):
        changed = str(int(number[0]) + 3)
        planted["number"] = sentence[: number.start()] + changed + sentence[number.end() :]
    pattern, replacement = _NEGATED.get(language, _NEGATED["en"])
    negated = pattern.sub(replacement, sentence, count=1)
    if negated != sentence:
        planted["negation"] = negated
    stated = next((text for text in gold if text in sentence), "")
    other = next((text for text in others if text not in sentence and text not in gold), "")
    if stated and other:
        planted["answer"] = sentence.replace(stated, other, 1)
    return planted


class _Speaker:
    """The pipeline under measurement around a generator that says what it is told."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._said = ""

    @cached_property
    def _pipeline(self) -> Pipeline:
        return self._asker.pipeline_with(ScriptedGenerator(lambda prompt: self._said))

    def shows(self, outcome: Outcome, said: str) -> bool:
        """Whether a sentence, said in answer to a question, is shown whole as a generated one."""
        self._said = said
        answer = self._pipeline.ask(outcome.query.text, only=self._asker.filter_of(outcome.query))
        generated = "".join(s.text for s in answer.sentences if s.kind == "generated")
        return "".join(generated.split()) == "".join(said.split())


def _tried(asker: Asker, speaker: _Speaker, outcome: Outcome, chosen: Sequence[Outcome]) -> dict[str, bool]:
    """Kind of error (or "unchanged") -> whether the sentence was shown as generated."""
    sentence = " ".join(cited_spans(outcome.answer)[0].quote.split())
    gold = list(outcome.gold)
    others = [text for o in chosen if o.language == outcome.language and o is not outcome for text in o.gold]
    sentences = {"unchanged": sentence} | plant(sentence, outcome.language, gold, others)

    def work() -> Json:
        return {kind: speaker.shows(outcome, said) for kind, said in sentences.items()}

    return asker.derived("planted", {"question": outcome.query.text, "sentences": sentences}, work)
