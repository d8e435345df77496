"""One evaluation run: a dataset's corpus is indexed, its questions are asked, its measures are written."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from corpus.language import detect_language
from corpus.splitting import Splitter
from eval.datasets import Dataset, read_dataset
from eval.measures import retrieval_measures, write_trec_run
from index import DocumentSummary, HybridRetriever, Index, Query, update_index
from index.embedder import Embedder
from index.indexing import Progress

_DEPTH = 100

Json = dict[str, Any]


def evaluate_dataset(
    name: str, out: Path, embedder: Embedder, *, splitter: Splitter, progress: Progress | None = None
) -> Json:
    """Measure retrieval on one dataset; writes metrics.json and run.trec into out and returns the metrics.

    name: a folder in BEIR form or the reserved word "sample". The languages of questions are detected,
    never read from the dataset. Raises DatasetProblem.
    """
    dataset = read_dataset(name)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tricite-eval-") as folder:
        report = update_index(
            Path(folder), list(dataset.corpus), embedder, splitter=splitter, progress=progress
        )
        index = Index(Path(folder), embedder, splitter)
        try:
            names = {summary.id: _dataset_id(dataset, summary) for summary in index.documents()}
            document_languages = {names[summary.id]: summary.language for summary in index.documents()}
            question_languages = {query.id: detect_language(query.text)[0] for query in dataset.queries}
            run, milliseconds = _search_all(dataset, question_languages, HybridRetriever(index), names)
        finally:
            index.close()
    metrics: Json = {
        "retrieval": retrieval_measures(run, dataset.qrels, question_languages, document_languages),
        "speed": {
            "index_s": round(report.seconds, 2),
            "search_p50_ms": round(float(np.percentile(milliseconds, 50)), 1),
            "search_p95_ms": round(float(np.percentile(milliseconds, 95)), 1),
        },
        "config": {
            "dataset": dataset.name,
            "questions": len(dataset.queries),
            "documents": report.documents,
            "chunks": report.chunks,
            "embedder": embedder.name,
            "embedder_fingerprint": embedder.fingerprint,
            "splitter": asdict(splitter),
        },
    }
    write_trec_run(out / "run.trec", run)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1, ensure_ascii=False), encoding="utf-8")
    return metrics


def _dataset_id(dataset: Dataset, summary: DocumentSummary) -> str:
    """A document's id in the dataset: its path where the corpus is a folder of files."""
    return summary.source if dataset.corpus[0].is_dir() else summary.id


def _search_all(
    dataset: Dataset, languages: dict[str, str], retriever: HybridRetriever, names: dict[str, str]
) -> tuple[dict[str, dict[str, float]], list[float]]:
    """Question id -> document id -> score, and how many milliseconds each search took."""
    run, milliseconds = {}, []
    for query in dataset.queries:
        started = time.perf_counter()
        hits = retriever.search(Query(query.text, languages[query.id]), _DEPTH)
        milliseconds.append((time.perf_counter() - started) * 1000)
        run[query.id] = {names[hit.chunk.document_id]: hit.score for hit in hits}
    return run, milliseconds


def format_table(metrics: Json) -> str:
    """The retrieval figures as lines of text, in percent."""
    retrieval = metrics["retrieval"]
    rows = {"all": retrieval["all"], **retrieval["by_language"], **retrieval["by_pair"]}
    measures = [name for name in retrieval["all"] if name != "questions"]
    lines = [f"{'':10}" + "".join(f"{name:>10}" for name in [*measures, "questions"])]
    for name, figures in rows.items():
        cells = "".join(f"{figures[measure] * 100:>10.1f}" for measure in measures)
        lines.append(f"{name:10}{cells}{figures['questions']:>10}")
    return "\n".join(lines)
