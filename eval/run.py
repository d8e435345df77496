"""One evaluation run: a dataset's corpus is indexed, its questions are asked, its measures are written."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from corpus.language import detect_language
from eval.abstention import abstention_figures
from eval.asking import Asker, index_bytes, index_dataset, library_versions
from eval.cache import ResultCache, code_of_answers, eval_folder
from eval.citations import Passage
from eval.configuration import Configuration, generator_identity
from eval.datasets import Dataset
from eval.examining import Examiner, check_questions
from eval.outcomes import Outcome, by_group, clusters_of, sentence_shares, summarise
from eval.planted import planted_figures
from eval.progress import Bar, Silent
from eval.retrieval_measures import retrieval_measures
from eval.rgb import ability_figures
from eval.statistics import Bootstrap
from index.embedder import Embedder
from qa.generators import Generator

Json = dict[str, Any]

SCHEMA = 1
"""Of metrics.json; docs/evaluation.md describes it."""


_SHOWN_HITS = 5
"""Documents of a ranking whose texts a report may show."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished run. metrics: as metrics.json holds it. run: question -> document -> score.

    own_run: the same with only the documents of the question's language searched. outcomes: over the full
    pool, of all questions that have an answer or are known to have none, those asked without their passages
    last. own_pool: of the questions with an answer in their own language, over passages of that language
    alone.
    """

    dataset: Dataset
    metrics: Json
    run: Mapping[str, Mapping[str, float]]
    own_run: Mapping[str, Mapping[str, float]]
    languages: Mapping[str, str]
    passages: Mapping[str, Passage]
    outcomes: Sequence[Outcome]
    own_pool: Sequence[Outcome]
    milliseconds: Sequence[float]


def evaluate(
    dataset: Dataset,
    configuration: Configuration,
    *,
    embedder: Embedder | None = None,
    load_generator: Callable[[], Generator] | None = None,
    cache: Path | None = None,
    bar: Bar | None = None,
) -> Measured:
    """Measure a dataset with a configuration. Languages of questions are detected, ids mean nothing.

    What was worked out before, be it in a run that was killed, is taken from the cache folder (by default
    the user's). embedder, load_generator: used in place of those the configuration names. Raises
    DatasetProblem, ModelProblem.
    """
    settings, bar = configuration.eval, bar or Silent()
    cache = cache or eval_folder()
    dataset = limited(dataset, settings.limit)
    if settings.answers:
        check_questions(dataset)  # before anything is worked out
    embedder = embedder or configuration.models.load_embedder()
    indexed = index_dataset(dataset, cache / "indexes", embedder, configuration, bar.indexing)
    results = ResultCache(cache / "results.sqlite")
    asker = Asker(indexed, configuration, results, load_generator)
    try:
        languages = {query.id: detect_language(query.text)[0] for query in dataset.queries}
        searched = bar.each("searching", dataset.queries)
        found = {query.id: asker.search(query, languages[query.id]) for query in searched}
        run, own_run = ({name: dict(f[part]) for name, f in found.items()} for part in ("hits", "own_hits"))
        document_languages = {indexed.names[d.id]: d.language for d in indexed.index.documents()}
        titles = {indexed.names[d.id]: d.title for d in indexed.index.documents()}
        clusters = clusters_of(dataset, titles, settings.cluster)
        bootstrap = Bootstrap(settings.seed, settings.resamples)
        metrics: Json = {
            "schema": SCHEMA,
            "retrieval": retrieval_measures(
                run, dataset.qrels, languages, document_languages, clusters, bootstrap, own_run
            ),
        }
        outcomes: list[Outcome] = []
        own: list[Outcome] = []
        needed = {name for answer in dataset.answers.values() for name in answer.evidence_ids}
        needed |= {name for judged in dataset.qrels.values() for name in judged}
        needed |= {name for ranked in run.values() for name in list(ranked)[:_SHOWN_HITS]}
        passages = {name: indexed.passage(name) for name in sorted(needed)}
        if settings.answers and dataset.answers:
            examiner = Examiner(asker, dataset, languages, clusters, passages, titles, bar)
            outcomes, own = examiner.full_pool(), examiner.own_pool()
            if all(answer.answerable for answer in dataset.answers.values()):
                outcomes += examiner.without_passages(settings.taken_out)
            metrics["answers"] = _answer_figures(outcomes, own, bootstrap)
            metrics["answers"]["planted_errors"] = planted_figures(asker, outcomes, settings.planted, bar)
        hits = {hit["document_id"] for outcome in outcomes for hit in outcome.answer["hits"]}
        passages |= {name: indexed.passage(name) for name in sorted(hits - passages.keys())}
        milliseconds = [f["milliseconds"] for f in found.values()]
        metrics["speed"] = _speed(asker, outcomes, milliseconds)
        metrics["config"] = _config(dataset, asker, configuration, embedder)
    finally:
        asker.close()
        results.close()
    return Measured(dataset, metrics, run, own_run, languages, passages, outcomes, own, milliseconds)


def limited(dataset: Dataset, limit: int) -> Dataset:
    """A dataset with at most limit of its questions, evenly spread; 0 keeps all."""
    if not limit or limit >= len(dataset.queries):
        return dataset
    places = np.linspace(0, len(dataset.queries) - 1, limit).astype(int)
    queries = tuple(dataset.queries[place] for place in places)
    kept = {query.id for query in queries}
    return replace(
        dataset,
        queries=queries,
        qrels={name: judged for name, judged in dataset.qrels.items() if name in kept},
        answers={name: answer for name, answer in dataset.answers.items() if name in kept},
    )


def _answer_figures(outcomes: Sequence[Outcome], own: Sequence[Outcome], bootstrap: Bootstrap) -> Json:
    """The "answers" part of metrics.json."""
    answerable = [outcome for outcome in outcomes if outcome.kind == "answerable"]
    figures: Json = {
        "all": summarise(answerable, bootstrap),
        "by_language": _each(answerable, lambda outcome: outcome.language, bootstrap),
        "by_pair": _each(
            answerable,
            lambda o: f"{o.language}->{o.cited_language}" if o.cited_language else "",
            bootstrap,
        ),
        "own_language_pool": {
            "all": summarise(own, bootstrap),
            "by_language": _each(own, lambda outcome: outcome.language, bootstrap),
        },
        "sentences": sentence_shares(answerable),
        "generated_only": {
            "all": summarise(answerable, bootstrap, "generated."),
            "by_language": _each(answerable, lambda outcome: outcome.language, bootstrap, "generated."),
        },
        "squad_v2": _squad_v2([outcome for outcome in outcomes if not outcome.taken_out]),
        "abstention": abstention_figures(outcomes, bootstrap),
    }
    abilities = ability_figures(outcomes)
    return figures | ({"rgb": abilities} if abilities else {})


def _each(
    outcomes: Sequence[Outcome], name: Callable[[Outcome], str], bootstrap: Bootstrap, prefix: str = ""
) -> Json:
    return {key: summarise(members, bootstrap, prefix) for key, members in by_group(outcomes, name).items()}


def _squad_v2(outcomes: Sequence[Outcome]) -> Json:
    """Exact match and F1 as SQuAD v2.0 counts them: a refused unanswerable question scores 1."""

    def scores(members: Sequence[Outcome], name: str) -> float:
        values = [
            float(o.figures[name] or 0.0) if o.kind == "answerable" else float(o.refused) for o in members
        ]
        return float(np.mean(values)) if values else 0.0

    groups = {
        "": list(outcomes),
        "HasAns_": [o for o in outcomes if o.kind == "answerable"],
        "NoAns_": [o for o in outcomes if o.kind != "answerable"],
    }
    return {
        f"{group}{shown}": scores(members, name)
        for group, members in groups.items()
        if members
        for shown, name in (("exact", "exact_match"), ("f1", "f1"))
    }


def _speed(asker: Asker, outcomes: Sequence[Outcome], search_ms: Sequence[float]) -> Json:
    built = asker.indexed.built
    share = built["chunks"] / max(1, sum(d.chunks for d in asker.indexed.index.documents()))
    size = index_bytes(asker.indexed.index.folder)
    chunks = sum(document.chunks for document in asker.indexed.index.documents())
    speed: Json = {
        "index_s": built["seconds"],
        "index_tokens_per_s": round(built["tokens"] * share / max(built["seconds"], 1e-3), 1),
        "index_bytes_per_chunk": round(size / max(1, chunks)),
        **_percentiles("search", search_ms),
    }
    answered = [o.answer["timings"] for o in outcomes if not o.taken_out]
    if answered:
        speed |= _percentiles("ask", [timings["total_ms"] for timings in answered])
        speed |= _percentiles("first_sentence", [timings["first_ms"] for timings in answered])
    speed["peak_rss_mb"] = asker.peak_memory()
    speed["worked_out_now"] = asker.fresh
    return speed


def _percentiles(name: str, milliseconds: Sequence[float]) -> Json:
    p50, p95 = np.percentile(milliseconds, [50, 95]) if milliseconds else (0.0, 0.0)
    return {f"{name}_p50_ms": round(float(p50), 1), f"{name}_p95_ms": round(float(p95), 1)}


def _config(dataset: Dataset, asker: Asker, configuration: Configuration, embedder: Embedder) -> Json:
    documents = asker.indexed.index.documents()
    return {
        "dataset": dataset.name,
        "questions": len(dataset.queries),
        "documents": len(documents),
        "chunks": sum(document.chunks for document in documents),
        "unreadable": asker.indexed.built["unreadable"],
        "embedder": embedder.name,
        "embedder_fingerprint": embedder.fingerprint,
        "generator": generator_identity(configuration.models),
        "index_key": asker.indexed.key,
        "code": code_of_answers(),
        "settings": configuration.values(),
        "seed": configuration.eval.seed,
        "libraries": library_versions(),
        "machine": machine(),
    }


def machine() -> Json:
    """What the figures of speed were measured on."""
    names = [
        line.split(":", 1)[1].strip()
        for line in (_read("/proc/cpuinfo").splitlines())
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
        "memory_gb": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
