"""Intervals, the paired test and clusters: by hand, and against what theory says."""

from __future__ import annotations

from math import comb

import pytest

from eval.statistics import Bootstrap, bootstrap_interval, joined_clusters, paired_randomisation_test


def test_bootstrap_interval_of_independent_values() -> None:
    values = [1.0] * 50 + [0.0] * 50
    low, high = bootstrap_interval(values)
    # The normal approximation: 0.5 +- 1.96 * 0.5 / sqrt(100).
    assert low == pytest.approx(0.402, abs=0.03)
    assert high == pytest.approx(0.598, abs=0.03)
    assert bootstrap_interval(values) == (low, high)


def test_bootstrap_interval_is_wider_over_clusters() -> None:
    values = [1.0] * 50 + [0.0] * 50
    clusters = [f"article {place // 10}" for place in range(100)]
    low, high = bootstrap_interval(values, clusters)
    alone_low, alone_high = bootstrap_interval(values)
    # Ten clusters of ten equal values are worth ten values: 0.5 +- 1.96 * 0.5 / sqrt(10).
    assert low == pytest.approx(0.19, abs=0.06)
    assert high - low > 2 * (alone_high - alone_low)


def test_bootstrap_interval_weighs_clusters_by_their_size() -> None:
    assert bootstrap_interval([1.0, 1.0, 1.0], ["a", "a", "b"]) == (1, 1)
    assert bootstrap_interval([0.25] * 4, ["a"] * 4) == (0.25, 0.25)
    assert bootstrap_interval([]) == (0, 0)
    with pytest.raises(ValueError, match="clusters"):
        bootstrap_interval([1.0, 0.0], ["a"])


def test_bootstrap_of_a_ratio_counts_each_value_by_its_weight() -> None:
    # 9 right of 10, and 0 right of 0: the second tells nothing.
    assert bootstrap_interval([9.0, 0.0], weights=[10.0, 0.0]) == (0.9, 0.9)
    low, high = bootstrap_interval([5.0, 0.0], weights=[10.0, 10.0])
    assert (low, high) == (0.0, 0.5)


def test_bootstrap_follows_its_seed() -> None:
    values = [float(place % 7 == 0) for place in range(90)]
    assert bootstrap_interval(values, bootstrap=Bootstrap(1, 200)) == bootstrap_interval(
        values, bootstrap=Bootstrap(1, 200)
    )
    assert bootstrap_interval(values, bootstrap=Bootstrap(1, 200)) != bootstrap_interval(
        values, bootstrap=Bootstrap(2, 200)
    )


def test_paired_test_by_hand() -> None:
    # Ten questions all better by 1: only all signs equal reach it, 2 of 2^10.
    assert paired_randomisation_test([0.0] * 10, [1.0] * 10) == pytest.approx(2 / 2**10, abs=0.001)
    # 8 better, 2 worse: at least as far from 0 as 6 is 0, 1, 2, 8, 9 or 10 up.
    expected = 2 * sum(comb(10, up) for up in (0, 1, 2)) / 2**10
    after = [1.0] * 8 + [-1.0] * 2
    assert paired_randomisation_test([0.0] * 10, after) == pytest.approx(expected, abs=0.015)
    assert paired_randomisation_test([0.5] * 10, [0.5] * 10) == 1
    assert paired_randomisation_test([], []) == 1
    with pytest.raises(ValueError, match="twice"):
        paired_randomisation_test([1.0], [])


def test_paired_test_over_clusters_is_less_sure() -> None:
    before, after = [0.0] * 20, [1.0] * 20
    clusters = [f"c{place // 5}" for place in range(20)]
    assert paired_randomisation_test(before, after, clusters) == pytest.approx(2 / 2**4, abs=0.02)


def test_questions_that_share_a_key_are_one_cluster() -> None:
    found = joined_clusters({"a": ["x"], "b": ["x", "y"], "c": ["y"], "d": [], "e": ["z"]})
    assert found["a"] == found["b"] == found["c"]
    assert len({found["a"], found["d"], found["e"]}) == 3
