"""Abstention: are the right questions refused, and does confidence tell right answers from wrong ones?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eval.outcomes import Outcome, rate
from eval.statistics import Bootstrap, mean

Json = dict[str, Any]

_BINS = 10


def abstention_figures(outcomes: Sequence[Outcome], bootstrap: Bootstrap) -> Json:
    """Refusals of answerable, near and far questions, all at the one threshold, with intervals.

    precision: unanswerable among the refused; recall: refused among the unanswerable. far, near: shares of
    those questions that were refused; false_refusal: share of the answerable ones.
    """
    unanswerable = [outcome for outcome in outcomes if outcome.kind != "answerable"]
    refused = [outcome for outcome in outcomes if outcome.refused]
    groups = {
        "far": [outcome for outcome in unanswerable if outcome.kind == "far"],
        "near": [outcome for outcome in unanswerable if outcome.kind == "near"],
        "false_refusal": [outcome for outcome in outcomes if outcome.kind == "answerable"],
        "recall": unanswerable,
    }
    rates = {
        name: rate(members, lambda outcome: outcome.refused, bootstrap)
        for name, members in groups.items()
        if members
    }
    if unanswerable and refused:
        rates["precision"] = rate(refused, lambda outcome: outcome.kind != "answerable", bootstrap)
    found: Json = {name: figure["value"] for name, figure in rates.items()}
    found["intervals"] = {name: figure["interval"] for name, figure in rates.items()}
    found["questions"] = {name: len(members) for name, members in groups.items()}
    languages = sorted({outcome.language for outcome in outcomes})
    found["by_language"] = {
        language: {
            name: mean([outcome.refused for outcome in members if outcome.language == language])
            for name, members in groups.items()
            if any(outcome.language == language for outcome in members)
        }
        for language in languages
    }
    curve = risk_coverage(outcomes)
    found["risk_coverage"] = {"area": area_under(curve), "points": _thinned(curve)}
    found["reliability"] = reliability(outcomes)
    return found


def risk_coverage(outcomes: Sequence[Outcome]) -> list[tuple[float, float]]:
    """(coverage, risk) as questions are answered in order of falling confidence (Geifman and El-Yaniv 2017).

    Risk is the share of wrong answers among those given so far; any answer to an unanswerable question is
    wrong. A refused question has no answer: the curve ends at the share of questions that were answered.
    Equal confidences are taken together.
    """
    answered = sorted((o for o in outcomes if not o.refused), key=lambda outcome: -outcome.confidence)
    curve, wrong = [], 0
    for place, outcome in enumerate(answered, start=1):
        wrong += not outcome.right
        last = place == len(answered) or answered[place].confidence < outcome.confidence
        if last:
            curve.append((place / len(outcomes), wrong / place))
    return curve


def area_under(curve: Sequence[tuple[float, float]]) -> float:
    """The mean risk over the questions that were answered: each at the coverage that it is answered at."""
    before, total = 0.0, 0.0
    for coverage, risk in curve:
        total += risk * (coverage - before)
        before = coverage
    return total / before if before else 0.0


def reliability(outcomes: Sequence[Outcome]) -> list[Json]:
    """Share of right answers by tenths of the answered questions, in order of rising confidence."""
    answered = sorted((o for o in outcomes if not o.refused), key=lambda outcome: outcome.confidence)
    bins = min(_BINS, len(answered))
    found = []
    for number in range(bins):
        members = answered[number * len(answered) // bins : (number + 1) * len(answered) // bins]
        found.append(
            {
                "confidence": mean([outcome.confidence for outcome in members]),
                "right": mean([outcome.right for outcome in members]),
                "questions": len(members),
            }
        )
    return found


def _thinned(curve: Sequence[tuple[float, float]], points: int = 100) -> list[list[float]]:
    step = max(1, len(curve) // points)
    kept = [*curve[::step], *curve[-1:]]
    return [[round(coverage, 4), round(risk, 4)] for coverage, risk in kept]
