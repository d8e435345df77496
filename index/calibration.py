"""Constants fitted on training questions: how to centre questions and how to weigh features.

Fitted by index/training/fit_calibration.py. A question's score depends on nothing but the question, the
passages and these constants, so it ranks the same alone, in a batch or shuffled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from index.vectors import Vectors

PRIOR_PASSAGES = 20
"""Passages that a prior mean and deviation count as, beside those of a language."""

_FILE = Path(__file__).parent / "calibration.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """What the features (index.retrieval.Candidates) weigh for passages in the question's language, and in
    others."""

    same: tuple[float, ...] = (0.4, 1.0, 1.5, 1.0, 0.0, 0.0)
    other: tuple[float, ...] = (0.7, 1.1, 1.5, 0.0, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class LatePriors:
    """Mean and standard deviation of a question's late interaction with passages at large.

    own: with those in its own language; pairs: with those in another, by "question-passage", as "ar-zh";
    other: for any pair that is not there. passages: how many a prior counts as beside those of a language.
    """

    own: tuple[float, ...] = (0.44, 0.018)
    other: tuple[float, ...] = (0.44, 0.015)
    pairs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    passages: int = PRIOR_PASSAGES

    def between(self, question: str, passage: str) -> tuple[float, ...]:
        """The prior for a question in one language and passages in another or the same."""
        return self.own if question == passage else self.pairs.get(f"{question}-{passage}", self.other)


@dataclass(frozen=True, slots=True)
class Feedback:
    """How passages in other languages are compared with the best one in the question's own.

    weight: of their likeness to it, in standard deviations, offset being taken off. middle: the score of the
    best one from which this is rather done than not; slope: how steeply. grant: what they get for every
    standard deviation of the best one's cosine: a question that says much lifts wrong passages of its own
    language too. usual: that cosine where the question's language does not answer, which counts where nothing
    is in it. prior: as dense_prior.
    """

    weight: float = 1.9
    offset: float = 1.3
    middle: float = 13.0
    slope: float = 0.35
    grant: float = 0.0
    usual: float = 0.0
    prior: tuple[float, ...] = (0.0, 0.1)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Constants of one embedder.

    query_means, passage_means: language -> float32 [dim], mean vectors of questions and of passages at
    large. dense_prior, late: mean and standard deviation of a question's scores on passages at large. The
    passages of a language count beside PRIOR_PASSAGES such, in late interaction beside late.passages, so that
    few are no problem. first: the weights by which candidates for late interaction are chosen, fitted
    beside what the feedback takes off, which is not known then; weights: those that rank.
    """

    dim: int
    query_means: dict[str, Vectors] = field(default_factory=dict)
    passage_means: dict[str, Vectors] = field(default_factory=dict)
    dense_prior: tuple[float, ...] = (0.0, 0.03)
    late: LatePriors = LatePriors()
    first: Weights = Weights()
    weights: Weights = Weights()
    feedback: Feedback = Feedback()

    def query_mean(self, language: str) -> Vectors:
        """The mean question of a language: zeros where none was fitted."""
        return self.query_means.get(language, np.zeros(self.dim, dtype=np.float32))

    def passage_centre(self, language: str, mean: Vectors, count: int) -> Vectors:
        """The mean [dim] of count passages of a language, steadied by the fitted one: float32 [dim]."""
        fitted = self.passage_means.get(language)
        if fitted is None:
            return mean
        steadied = (mean * count + fitted * PRIOR_PASSAGES) / (count + PRIOR_PASSAGES)
        return np.asarray(steadied, dtype=np.float32)


def load_calibration(fingerprint: str, dim: int) -> Calibration:
    """The constants fitted for an embedder; for one that nobody fitted, the general weights."""
    fitted = read_fitted().get(fingerprint)
    if fitted is None:
        return Calibration(dim)
    general = Calibration(dim)
    return Calibration(
        dim,
        query_means=_vectors(fitted["query_means"]),
        passage_means=_vectors(fitted["passage_means"]),
        dense_prior=tuple(fitted.get("dense_prior", general.dense_prior)),
        late=LatePriors(**fitted.get("late", {})),
        first=Weights(**fitted.get("first", {})),
        weights=Weights(**fitted.get("weights", {})),
        feedback=Feedback(**fitted.get("feedback", {})),
    )


def _vectors(means: Mapping[str, Sequence[float]]) -> dict[str, Vectors]:
    return {language: np.array(mean, dtype=np.float32) for language, mean in means.items()}


def read_fitted() -> dict[str, Any]:
    """Embedder fingerprint -> its fitted constants."""
    fitted: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8")) if _FILE.is_file() else {}
    return fitted


def write_fitted(fitted: dict[str, Any]) -> None:
    """Replace the fitted constants of all embedders."""
    _FILE.write_text(json.dumps(fitted) + "\n", encoding="utf-8")
