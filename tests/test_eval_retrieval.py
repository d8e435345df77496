"""Retrieval measures: by hand, against an independent computation, and the rules of pairs and ties."""

from __future__ import annotations

from math import log2
from pathlib import Path

import numpy as np
import pytest

from eval.retrieval_measures import MEASURES, per_query, rank_scores, retrieval_measures, write_trec_run


def figures(run: dict[str, float], qrels: dict[str, int]) -> dict[str, float]:
    return per_query({"q": run}, {"q": qrels})["q"]


def test_by_hand() -> None:
    # Relevant documents at ranks 2 and 4 of 5; a third is not found.
    run = {"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0, "e": 1.0}
    found = figures(run, {"b": 1, "d": 1, "z": 1, "a": 0})
    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert found["nDCG@10"] == pytest.approx((1 / log2(3) + 1 / log2(5)) / ideal, abs=1e-4)
    assert found["RR"] == pytest.approx(1 / 2)
    assert found["R@100"] == pytest.approx(2 / 3)


def test_cutoffs() -> None:
    run = {f"d{place:03d}": float(-place) for place in range(1, 151)}
    at_eleven = figures(run, {"d011": 1})
    assert (at_eleven["nDCG@10"], at_eleven["R@100"]) == (0, 1)
    assert at_eleven["RR"] == pytest.approx(1 / 11)
    assert figures(run, {"d100": 1})["R@100"] == 1
    assert figures(run, {"d101": 1})["R@100"] == 0


def independent_ndcg(ranking: list[str], qrels: dict[str, int]) -> float:
    def gain(grades: list[int]) -> float:
        return sum(grade / log2(rank + 2) for rank, grade in enumerate(grades[:10]))

    return gain([qrels.get(document, 0) for document in ranking]) / gain(sorted(qrels.values(), reverse=True))


def test_agrees_with_an_independent_ndcg() -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        documents = [f"d{number}" for number in range(30)]
        # Few distinct scores, so that most are ties.
        run = {document: float(random.integers(0, 6)) for document in documents}
        qrels = {d: int(random.integers(0, 4)) for d in random.permutation(documents)[:8]} | {"d0": 1}
        ranking = sorted(sorted(documents), key=lambda document: -run[document])
        assert figures(run, qrels)["nDCG@10"] == pytest.approx(independent_ndcg(ranking, qrels), abs=1e-4)


def test_ties_rank_by_id_ascending() -> None:
    # trec_eval by itself would rank "c" first.
    assert figures({"c": 1.0, "a": 1.0, "b": 1.0}, {"a": 1})["RR"] == 1
    assert figures({"c": 1.0, "a": 1.0, "b": 1.0}, {"c": 1})["RR"] == pytest.approx(1 / 3)
    assert list(rank_scores({"c": 1.0, "a": 1.0, "b": 2.0})) == ["b", "a", "c"]


def test_scores_that_single_precision_cannot_tell_apart() -> None:
    assert figures({"a": 1.0, "z": 1.0 - 1e-12}, {"a": 1})["RR"] == 1
    assert figures({"a": 1.0 - 1e-12, "z": 1.0}, {"z": 1})["RR"] == 1


def test_question_without_relevant_documents_does_not_count() -> None:
    qrels = {"q1": {"a": 1}, "q2": {"a": 0}}
    found = retrieval_measures({"q1": {"a": 1.0}, "q2": {"a": 1.0}, "q3": {"a": 1.0}}, qrels, {}, {})
    assert found["all"] == dict.fromkeys(MEASURES, 1) | {"questions": 1}


def test_question_that_the_run_lacks_counts_zero() -> None:
    qrels = {"q1": {"a": 1}, "q2": {"a": 1}, "q3": {"a": 1}, "q4": {"a": 1}}
    found = retrieval_measures({"q1": {"a": 1.0}, "q2": {}, "q4": {"b": 1.0}}, qrels, {}, {})
    assert found["all"] == dict.fromkeys(MEASURES, 0.25) | {"questions": 4}


def test_pair_takes_out_relevant_documents_of_other_languages() -> None:
    run = {
        "q1": {"en1": 9.0, "ar9": 8.0, "zh1": 7.0, "zh9": 6.0, "ar1": 5.0},
        "q2": {"zh9": 9.0, "zh2": 8.0},
        "q3": {"zh9": 9.0, "en1": 8.0, "zh1": 7.0},
    }
    qrels = {
        "q1": {"en1": 1, "zh1": 1, "ar1": 1, "ar9": 0},
        "q2": {"zh2": 1},
        "q3": {"zh1": 1, "en1": 1},
        "q4": {"en1": 0},
    }
    languages = {document: document[:2] for document in ("en1", "zh1", "ar1", "zh2", "zh9", "ar9")}
    found = retrieval_measures(run, qrels, {"q1": "en", "q2": "en", "q3": "zh", "q4": "zh"}, languages)
    pairs = found["by_pair"]
    assert set(pairs) == {"en->ar", "en->en", "en->zh", "zh->en", "zh->zh"}
    # q1 alone: en1 and zh1 are taken out, the ar9 and zh9 that are not relevant stay before ar1.
    assert pairs["en->ar"]["RR"] == pytest.approx(1 / 3)
    assert pairs["en->ar"]["questions"] == 1
    # q1: ar9 before zh1; q2: zh9 before zh2.
    assert pairs["en->zh"]["RR"] == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert pairs["en->zh"]["nDCG@10"] == pytest.approx(1 / log2(3), abs=1e-4)
    assert pairs["en->en"]["RR"] == 1
    # q3: zh9 is first, then the one that is left.
    assert pairs["zh->en"]["RR"] == pairs["zh->zh"]["RR"] == pytest.approx(1 / 2)
    # Over the whole pool nothing is taken out.
    assert found["by_language"]["zh"]["RR"] == pytest.approx(1 / 2)
    assert found["by_language"]["en"]["RR"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["by_language"]["en"]["questions"] == 2
    assert found["between_languages"] == {
        "en": pytest.approx((pairs["en->ar"]["nDCG@10"] + pairs["en->zh"]["nDCG@10"]) / 2),
        "zh": pytest.approx(pairs["zh->en"]["nDCG@10"]),
    }
    assert "own_language_pool" not in found
    assert found["all"]["RR"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)


def test_own_language_pool_and_what_other_languages_cost() -> None:
    languages = {"en1": "en", "en2": "en", "zh1": "zh", "zh2": "zh"}
    qrels = {"q1": {"en1": 1, "zh1": 1}, "q2": {"zh2": 1}, "q3": {"zh1": 1}}
    run = {
        "q1": {"zh2": 3.0, "en1": 2.0, "zh1": 1.0},  # a passage of another language is before en1
        "q2": {"zh2": 2.0, "zh1": 1.0},
        "q3": {"zh1": 1.0},
    }
    own = {"q1": {"en1": 2.0, "en2": 1.0}, "q2": {"zh1": 2.0, "zh2": 1.0}, "q3": {"en1": 1.0}}
    asked = {"q1": "en", "q2": "zh", "q3": "en"}
    found = retrieval_measures(run, qrels, asked, languages, own_run=own)["own_language_pool"]
    assert found["all"]["questions"] == 2  # nothing in q3's language is relevant
    assert found["by_language"]["en"]["RR"] == 1
    assert found["by_language"]["zh"]["RR"] == 1 / 2
    assert found["loss"]["en"] == pytest.approx(1 - 1 / log2(3), abs=1e-4)
    assert found["loss"]["zh"] == pytest.approx(1 / log2(3) - 1, abs=1e-4)  # it gains


def test_intervals_over_clusters() -> None:
    run = {f"q{number}": {"a": 1.0} for number in range(8)}
    qrels = {name: {"a" if number < 4 else "z": 1} for number, name in enumerate(run)}
    apart = retrieval_measures(run, qrels, {}, {}, {name: name for name in run})["all"]
    joined = retrieval_measures(run, qrels, {}, {}, {name: f"c{int(name[1]) // 4}" for name in run})["all"]
    assert apart["RR"] == joined["RR"] == 0.5
    assert 0 < apart["intervals"]["RR"][0] < 0.5 < apart["intervals"]["RR"][1] < 1
    assert joined["intervals"]["RR"] == [0, 1]  # two clusters, all right and all wrong


def test_unknown_languages_are_und() -> None:
    found = retrieval_measures({"q": {"a": 1.0}}, {"q": {"a": 1}}, {}, {})
    assert set(found["by_language"]) == {"und"}
    assert set(found["by_pair"]) == {"und->und"}


def test_nothing_to_measure() -> None:
    found = retrieval_measures({}, {}, {}, {})
    assert found["all"]["questions"] == 0
    assert found["by_language"] == found["by_pair"] == {}


def test_trec_run_ranks_as_we_do(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    write_trec_run(path, {"q1": {"b": 0.5, "a": 0.5, "zh/c d.md": 0.75}, "q2": {}})
    assert path.read_text(encoding="utf-8").splitlines() == [
        "q1 Q0 zh/c%20d.md 1 3 tricite",
        "q1 Q0 a 2 2 tricite",
        "q1 Q0 b 3 1 tricite",
    ]


def test_written_run_measures_the_same_when_read_again(tmp_path: Path) -> None:
    import ir_measures

    run = {"q1": {"c": 1.0, "a": 1.0, "b": 1.0}, "q2": {"c": 2.0, "a": 3.0}}
    qrels = {"q1": {"b": 1}, "q2": {"c": 1}}
    write_trec_run(tmp_path / "run.trec", run)
    read = list(ir_measures.read_trec_run(str(tmp_path / "run.trec")))
    again = ir_measures.calc_aggregate([ir_measures.parse_measure(name) for name in MEASURES], qrels, read)
    found = retrieval_measures(run, qrels, {}, {})["all"]
    assert {str(measure): value for measure, value in again.items()} == pytest.approx(
        {name: found[name] for name in MEASURES}
    )
