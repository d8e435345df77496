"""Retrieval measures: a run and its qrels -> nDCG, recall, RR, AP, success; overall, by language, by pair."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from eval.statistics import Bootstrap, bootstrap_interval

# Query id -> document id -> score (higher is better), and query id -> document id -> grade.
Run = Mapping[str, Mapping[str, float]]
Qrels = Mapping[str, Mapping[str, int]]
Figures = dict[str, float]

MEASURES = ("nDCG@10", "nDCG@5", "RR", "AP", "R@10", "R@100", "Success@1", "Success@3", "Success@10")
UNKNOWN = "und"


def retrieval_measures(
    run: Run,
    qrels: Qrels,
    query_languages: Mapping[str, str],
    document_languages: Mapping[str, str],
    clusters: Mapping[str, str] | None = None,
    bootstrap: Bootstrap | None = None,
    own_run: Run | None = None,
) -> dict[str, Any]:
    """Means over the questions that have a relevant document, as fractions of 1.

    Returns {"all": figures, "by_language": {"en": figures}, "by_pair": {"en->zh": figures},
    "between_languages": {"en": nDCG@10}}; figures are the measures and how many questions they rest on, and
    where clusters are given (question id -> cluster) their 95% intervals under "intervals". A question that
    the run lacks counts 0. With own_run, a ranking of the documents of each question's own language alone,
    also "own_language_pool": {"all", "by_language", "loss"}.

    Pair a->b: questions in a with a relevant document in b. Before scoring, relevant documents in other
    languages than b are taken out of the ranking; all other documents stay. between_languages: the mean over
    the pairs of a question language with the others. loss: nDCG@10 in the own-language pool less that of the
    pair a->a, which is what the documents of other languages cost.
    """
    relevant = {
        query: judged for query, judged in qrels.items() if any(grade > 0 for grade in judged.values())
    }

    def means(figures: Mapping[str, Figures]) -> dict[str, Any]:
        found: dict[str, Any] = _means(figures.values())
        if clusters is not None:
            names = [clusters[query] for query in figures]
            columns = {name: [one[name] for one in figures.values()] for name in MEASURES}
            found["intervals"] = {
                name: list(bootstrap_interval(values, names, bootstrap=bootstrap))
                for name, values in columns.items()
            }
        return found

    def asked_in(language: str, figures: Mapping[str, Figures]) -> dict[str, Figures]:
        return {q: one for q, one in figures.items() if query_languages.get(q, UNKNOWN) == language}

    figures = per_query(run, relevant)
    languages = sorted({query_languages.get(query, UNKNOWN) for query in figures})
    by_pair = {}
    for passage_language in sorted(
        {document_languages.get(d, UNKNOWN) for j in relevant.values() for d in j}
    ):
        pair_figures = per_query(*_towards(passage_language, run, relevant, document_languages))
        for language in languages:
            if asked := asked_in(language, pair_figures):
                by_pair[f"{language}->{passage_language}"] = means(asked)
    found: dict[str, Any] = {
        "all": means(figures),
        "by_language": {language: means(asked_in(language, figures)) for language in languages},
        "by_pair": dict(sorted(by_pair.items())),
        "between_languages": _between(by_pair),
    }
    if own_run is not None:
        own = per_query(own_run, _of_own_language(relevant, query_languages, document_languages))
        by_language = {language: means(asked) for language in languages if (asked := asked_in(language, own))}
        found["own_language_pool"] = {
            "all": means(own),
            "by_language": by_language,
            "loss": {
                language: one["nDCG@10"] - by_pair[f"{language}->{language}"]["nDCG@10"]
                for language, one in by_language.items()
            },
        }
    return found


def _between(by_pair: Mapping[str, Figures]) -> Figures:
    """Question language -> the mean nDCG@10 of its pairs with other languages."""
    found: dict[str, list[float]] = {}
    for pair, figures in by_pair.items():
        language, _, other = pair.partition("->")
        if language != other:
            found.setdefault(language, []).append(figures["nDCG@10"])
    return {language: float(np.mean(values)) for language, values in sorted(found.items())}


def _of_own_language(
    qrels: Qrels, query_languages: Mapping[str, str], document_languages: Mapping[str, str]
) -> Qrels:
    """Qrels of the documents in the question's language alone."""
    return {
        query: {
            document: grade
            for document, grade in judged.items()
            if document_languages.get(document, UNKNOWN) == query_languages.get(query, UNKNOWN)
        }
        for query, judged in qrels.items()
    }


def per_query(run: Run, qrels: Qrels) -> dict[str, Figures]:
    """The measures of every query with a relevant document; 0 for those that the run lacks.

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
