"""A finished run -> its folder: metrics.json, run.trec, answers.jsonl, questions.csv, report.html."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from corpus.errors import InvalidRequest
from eval.outcomes import Outcome
from eval.retrieval_measures import MEASURES, per_query, write_trec_run
from eval.run import Measured

Json = dict[str, Any]

METRICS, QUESTIONS = "metrics.json", "questions.csv"
RETRIEVAL_COLUMNS = MEASURES
ANSWER_COLUMNS = (
    "answered", "contains_gold", "exact_match", "f1", "chrf", "length_ratio", "citations", "right_citations",
    "citation_recall", "span_precision", "span_recall", "span_f1", "answer_language",
)  # fmt: skip


def prepare_folder(folder: Path) -> None:
    """Make a folder for a run, before anything is worked out. Raises InvalidRequest where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> InvalidRequest:
    return InvalidRequest(f"{folder} cannot be written ({error.strerror}): give another --out")


def write_outputs(measured: Measured, folder: Path) -> None:
    """Write everything but the report. Raises InvalidRequest when the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_trec_run(folder / "run.trec", measured.run)
        write_trec_run(folder / "run.own-language.trec", measured.own_run)
        rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in answer_rows(measured))
        replace_text(folder / "answers.jsonl", rows)
        _write_csv(folder / QUESTIONS, question_rows(measured))
        # Last, so that a folder with metrics.json is whole.
        replace_text(folder / METRICS, json.dumps(measured.metrics, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise _unwritable(folder, error) from error


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Half a surrogate pair becomes its escape."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    os.replace(partial, path)


def answer_rows(measured: Measured) -> Iterable[Json]:
    """Every question that was asked, with what ragas calls user_input, response, retrieved_contexts,
    retrieved_context_ids, reference and reference_context_ids, beside our own JSON of the answer."""
    own = {outcome.query.id: outcome for outcome in measured.own_pool}
    for outcome in measured.outcomes:
        gold = measured.dataset.answers[outcome.query.id]
        answer = outcome.answer
        hits = [hit for hit in answer["hits"] if hit["document_id"] in measured.passages]
        row: Json = {
            **answer,
            "kind": outcome.kind,
            "taken_out": outcome.taken_out,
            "cluster": outcome.cluster,
            "figures": dict(outcome.figures),
            "user_input": outcome.query.text,
            "response": answer["answer"],
            "retrieved_contexts": [
                measured.passages[hit["document_id"]].text[hit["start"] : hit["end"]] for hit in hits
            ],
            "retrieved_context_ids": [hit["document_id"] for hit in hits],
            "reference": next(iter(gold.answers), ""),
            "references": {language: list(texts) for language, texts in gold.answers_by_language.items()},
            "reference_context_ids": list(gold.evidence_ids),
        }
        if not outcome.taken_out and (same := own.get(outcome.query.id)):
            row["own_language_pool"] = {**same.answer, "figures": dict(same.figures)}
        yield row


def question_rows(measured: Measured) -> list[Json]:
    """One row a question with every figure, for a spreadsheet and for comparing runs."""
    retrieval = per_query(measured.run, measured.dataset.qrels)
    asked = {outcome.query.id: outcome for outcome in measured.outcomes if not outcome.taken_out}
    rows = []
    for query in measured.dataset.queries:
        row: Json = {"id": query.id, "question": query.text, "language": measured.languages[query.id]}
        row |= {name: retrieval.get(query.id, {}).get(name) for name in RETRIEVAL_COLUMNS}
        row |= _answer_columns(asked.get(query.id))
        rows.append(row)
    return rows


def _answer_columns(outcome: Outcome | None) -> Json:
    if outcome is None:
        return dict.fromkeys(("kind", "cluster", "refused", "confidence", *ANSWER_COLUMNS, "answer"))
    return {
        "kind": outcome.kind,
        "cluster": outcome.cluster,
        "refused": int(outcome.refused),
        "confidence": outcome.confidence,
        **{name: outcome.figures.get(name) for name in ANSWER_COLUMNS},
        "answer": outcome.answer["answer"],
    }


def _write_csv(path: Path, rows: list[Json]) -> None:
    partial = path.with_name(path.name + ".partial")
    # The mark lets spreadsheets read Arabic and Chinese as UTF-8.
    with partial.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(map(_spreadsheet_safe, rows))
    os.replace(partial, path)


def _spreadsheet_safe(row: Mapping[str, Any]) -> Json:
    """Texts that a spreadsheet would run as a formula get an apostrophe in front; 4 decimals do."""
    safe: Json = {}
    for name, value in row.items():
        if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            value = "'" + value
        safe[name] = round(value, 6) if isinstance(value, float) else value
    return safe


def read_metrics(folder: Path) -> Json:
    """The metrics.json of a finished run. Raises InvalidRequest where there is none or it is damaged."""
    try:
        metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequest(
            f"{folder} holds no finished run ({error}): give a folder that `tricite eval --out` wrote"
        ) from error
    if not isinstance(metrics, dict) or "retrieval" not in metrics:
        raise InvalidRequest(f"{folder / METRICS} is not of `tricite eval`: give the --out folder of a run")
    return metrics


def read_questions(folder: Path) -> dict[str, dict[str, str]]:
    """Question id -> its row of questions.csv. Raises InvalidRequest."""
    try:
        with (folder / QUESTIONS).open(encoding="utf-8-sig", newline="") as stream:
            return {row["id"].removeprefix("'"): row for row in csv.DictReader(stream)}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InvalidRequest(
            f"{folder / QUESTIONS} cannot be read ({error}): run `tricite eval` into {folder} again"
        ) from error
