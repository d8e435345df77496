"""Statistics of figures: means, bootstrap intervals over clusters, and a paired randomisation test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1000
"""Random rounds drawn at once: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are drawn: the seed of the random numbers, and how often all is drawn again."""

    seed: int = 0
    resamples: int = 1000


def mean(values: Sequence[float]) -> float:
    """The mean, 0 without values."""
    return float(np.mean(values)) if len(values) else 0.0


def bootstrap_interval(
    values: Sequence[float],
    clusters: Sequence[str] | None = None,
    *,
    weights: Sequence[float] | None = None,
    bootstrap: Bootstrap | None = None,
) -> tuple[float, float]:
    """95% percentile interval of the mean, by resampling whole clusters (every value its own without any).

    clusters: one id a value, such as its article; values of one cluster are drawn together, because they
    are right or wrong together (Field and Welsh 2007). weights: how much each value counts, as in right
    citations over citations: values are then sums, and the figure is sum of values over sum of weights.
    (0, 0) without values.
    """
    if not values:
        return 0.0, 0.0
    if weights is None:
        weights = [1.0] * len(values)
    sums, totals = _cluster_sums(values, clusters), _cluster_sums(weights, clusters)
    bootstrap = bootstrap or Bootstrap()
    random = np.random.default_rng(bootstrap.seed)
    means = []
    for start in range(0, bootstrap.resamples, _BLOCK):
        drawn = random.integers(0, len(sums), (min(_BLOCK, bootstrap.resamples - start), len(sums)))
        over = totals[drawn].sum(axis=1)
        means.append(sums[drawn].sum(axis=1)[over > 0] / over[over > 0])
    drawn_means = np.concatenate(means)
    if not len(drawn_means):
        return 0.0, 0.0
    low, high = np.percentile(drawn_means, [2.5, 97.5])
    return float(low), float(high)


def paired_randomisation_test(
    before: Sequence[float],
    after: Sequence[float],
    clusters: Sequence[str] | None = None,
    *,
    seed: int = 0,
    rounds: int = 10_000,
) -> float:
    """Two-sided p of the difference of means, over the same questions in the same order.

    Under the null hypothesis the two runs' values of a question could change places, so the signs of the
    differences are drawn at random, one sign a cluster (Noreen 1989; Smucker, Allan and Carterette 2007).
    1 without values.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} values came with {len(after)}: give the same questions twice")
    if not before:
        return 1.0
    sums = _cluster_sums(np.subtract(after, before).tolist(), clusters)
    observed = abs(sums.sum()) - 1e-9  # sums in another order differ in the last bits
    random = np.random.default_rng(seed)
    reached = 0
    for start in range(0, rounds, _BLOCK):
        signs = random.choice(np.array([-1.0, 1.0]), (min(_BLOCK, rounds - start), len(sums)))
        reached += int((np.abs(signs @ sums) >= observed).sum())
    return (reached + 1) / (rounds + 1)


def joined_clusters(members: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Question id -> cluster id: questions that share a key, or are linked through others, are in one.

    members: question id -> keys (its evidence documents, their articles). A question without keys is a
    cluster of its own.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for question, keys in members.items():
        for key in keys:
            parent[root(("key", key))] = root(("question", question))
    names: dict[tuple[str, str], str] = {}
    return {question: names.setdefault(root(("question", question)), question) for question in members}


def _cluster_sums(values: Sequence[float], clusters: Sequence[str] | None) -> NDArray[np.float64]:
    """The sum of the values of every cluster."""
    if clusters is None:
        return np.asarray(values, dtype=np.float64)
    if len(clusters) != len(values):
        raise ValueError(f"{len(values)} values came with {len(clusters)} clusters: give one cluster a value")
    _, members = np.unique(np.asarray(clusters), return_inverse=True)
    return np.bincount(members, weights=np.asarray(values, dtype=np.float64)).astype(np.float64)
