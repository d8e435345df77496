"""The four abilities of RGB (Chen et al. 2024): noise, negative rejection, integration, counterfactuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eval.answer_measures import contains_gold
from eval.outcomes import Outcome, by_group
from eval.scoring import spoken
from eval.statistics import mean

Json = dict[str, Any]

NAMES = {
    "noise": "noise_robustness",
    "rejection": "negative_rejection",
    "integration": "information_integration",
    "counterfactual": "counterfactual_robustness",
}


def ability_figures(outcomes: Sequence[Outcome]) -> Json:
    """Accuracy of the questions of each ability; for rejection the share that was refused.

    Counterfactual questions are asked over documents whose facts were changed: beside accuracy, misled is
    the share of answers that state the planted fact, refused the share that states nothing.
    """
    found: Json = {}
    outcomes = [outcome for outcome in outcomes if not outcome.taken_out]
    for ability, members in by_group(outcomes, lambda outcome: outcome.query.ability).items():
        refused = mean([outcome.refused for outcome in members])
        figures: Json = {"questions": len(members), "refused": refused}
        if ability == "rejection":
            figures["accuracy"] = refused
        else:
            figures["accuracy"] = mean([outcome.right for outcome in members])
        if ability == "counterfactual":
            figures["misled"] = mean([_states_wrong(outcome) for outcome in members])
        found[NAMES.get(ability, ability)] = figures
    return found


def _states_wrong(outcome: Outcome) -> bool:
    text = spoken(outcome.answer)
    return contains_gold(text, {outcome.language: outcome.wrong})
