"""Retrieval measures: a run and its qrels -> nDCG@10, RR and R@100, overall, by language and by pair."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

# Query id -> document id -> score (higher is better), and query id -> document id -> grade.
Run = Mapping[str, Mapping[str, float]]
Qrels = Mapping[str, Mapping[str, int]]
Figures = dict[str, float]

MEASURES = ("nDCG@10", "RR", "R@100")
UNKNOWN = "und"


def retrieval_measures(
    run: Run,
    qrels: Qrels,
    query_languages: Mapping[str, str],
    document_languages: Mapping[str, str],
) -> dict[str, Any]:
    """Means over the questions that have a relevant document, as fractions of 1.

    Returns {"all": figures, "by_language": {"en": figures}, "by_pair": {"en->zh": figures}}; figures are
    the three measures and how many questions they rest on. A question that the run lacks counts 0.

    Pair a->b: questions in a with a relevant document in b. Before scoring, relevant documents in other
    languages than b are taken out of the ranking; all other documents stay.
    """
    relevant = {
        query: judged for query, judged in qrels.items() if any(grade > 0 for grade in judged.values())
    }
    figures = per_query(run, relevant)
    by_language = {
        language: _means(
            figures[query] for query in figures if query_languages.get(query, UNKNOWN) == language
        )
        for language in sorted({query_languages.get(query, UNKNOWN) for query in figures})
    }
    by_pair = {}
    for passage_language in sorted(
        {document_languages.get(d, UNKNOWN) for j in relevant.values() for d in j}
    ):
        pair_run, pair_qrels = _towards(passage_language, run, relevant, document_languages)
        pair_figures = per_query(pair_run, pair_qrels)
        for language in by_language:
            asked = [pair_figures[q] for q in pair_figures if query_languages.get(q, UNKNOWN) == language]
            if asked:
                by_pair[f"{language}->{passage_language}"] = _means(asked)
    return {
        "all": _means(figures.values()),
        "by_language": by_language,
        "by_pair": dict(sorted(by_pair.items())),
    }


def per_query(run: Run, qrels: Qrels) -> dict[str, Figures]:
    """The three measures of every query with a relevant document; 0 for those that the run lacks.

    Equal scores rank by document id, ascending. Computed by trec_eval (through ir-measures).
    """
    relevant = [query for query, judged in qrels.items() if any(grade > 0 for grade in judged.values())]
    figures: dict[str, Figures] = {query: dict.fromkeys(MEASURES, 0.0) for query in relevant}
    if not relevant:
        return figures
    import ir_measures

    measures = [ir_measures.parse_measure(name) for name in MEASURES]
    judged = {query: dict(qrels[query]) for query in relevant}
    ranked = {query: rank_scores(run.get(query, {})) for query in relevant}
    for metric in ir_measures.pytrec_eval.evaluator(measures, judged).iter_calc(ranked):
        figures[metric.query_id][str(metric.measure)] = float(metric.value)
    return figures


def rank_scores(found: Mapping[str, float]) -> dict[str, float]:
    """Documents in rank order (score descending, then id ascending), each with a score of its own.

    The scores are n, n - 1, ..., 1: trec_eval reads scores in single precision and ranks equal ones by id
    descending, so with these it cannot but keep our order.
    """
    ranked = sorted(found, key=lambda document: (-found[document], document))
    return {document: float(len(ranked) - place) for place, document in enumerate(ranked)}


def _towards(
    language: str, run: Run, qrels: Qrels, document_languages: Mapping[str, str]
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, int]]]:
    """Run and qrels in which only documents of one language are relevant."""
    pair_run, pair_qrels = {}, {}
    for query, judged in qrels.items():
        elsewhere = {
            document
            for document, grade in judged.items()
            if grade > 0 and document_languages.get(document, UNKNOWN) != language
        }
        pair_run[query] = {d: score for d, score in run.get(query, {}).items() if d not in elsewhere}
        pair_qrels[query] = {d: grade for d, grade in judged.items() if d not in elsewhere}
    return pair_run, pair_qrels


def _means(figures: Iterable[Figures]) -> Figures:
    """Means of the measures, and the number of questions under "questions"; 0 where there is none."""
    listed = list(figures)
    means = {
        name: float(np.mean([figure[name] for figure in listed])) if listed else 0.0 for name in MEASURES
    }
    return {**means, "questions": len(listed)}


def bootstrap_interval(
    values: Sequence[float], clusters: Sequence[str] | None = None, *, seed: int = 0, resamples: int = 1000
) -> tuple[float, float]:
    """95% percentile interval of the mean, by resampling whole clusters (every value its own without any).

    clusters: one id a value, such as its article; values of one cluster are drawn together, because they
    are right or wrong together (Field and Welsh 2007). (0, 0) without values.
    """
    if not values:
        return 0.0, 0.0
    if clusters is not None and len(clusters) != len(values):
        raise ValueError(f"{len(values)} values came with {len(clusters)} clusters: give one cluster a value")
    names = list(clusters) if clusters is not None else [str(place) for place in range(len(values))]
    _, members = np.unique(names, return_inverse=True)
    sums, counts = np.bincount(members, weights=values), np.bincount(members)
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    for resample in range(resamples):
        drawn = random.integers(0, len(sums), len(sums))
        means[resample] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def write_trec_run(path: Path, run: Run, tag: str = "tricite") -> None:
    """Write a run in TREC form: query, Q0, document, rank, score, tag.

    The score is that of rank_scores, so any evaluator ranks as we did. White space inside an id, which the
    form cannot hold, is percent-encoded.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for query, found in run.items():
            for rank, (document, score) in enumerate(rank_scores(found).items(), start=1):
                stream.write(f"{_one_word(query)} Q0 {_one_word(document)} {rank} {score:.0f} {tag}\n")


def _one_word(identifier: str) -> str:
    return re.sub(r"\s", lambda space: quote(space[0]), identifier)
