"""What a reader found, and its BEIR form on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.errors import InvalidRequest
from eval.datasets import GoldAnswer, Query

Json = dict[str, Any]


@dataclass(slots=True)
class FoundSet:
    """An evaluation set as a reader found it; the fields are those of Dataset.

    documents: rows of corpus.jsonl; None where the documents are files that lie elsewhere.
    """

    documents: list[Json] | None = None
    queries: list[Query] = field(default_factory=list)
    qrels: dict[str, dict[str, int]] = field(default_factory=dict)
    answers: dict[str, GoldAnswer] = field(default_factory=dict)

    def add(self, query: Query, answer: GoldAnswer) -> None:
        """A question whose evidence is what is relevant."""
        self.queries.append(query)
        self.answers[query.id] = answer
        if answer.evidence_ids:
            self.qrels[query.id] = dict.fromkeys(answer.evidence_ids, 1)


def write_beir(found: FoundSet, folder: Path) -> None:
    """Write corpus.jsonl, queries.jsonl, qrels/test.tsv and answers.jsonl. Raises InvalidRequest."""
    try:
        (folder / "qrels").mkdir(parents=True, exist_ok=True)
        if found.documents is not None:
            _write_rows(folder / "corpus.jsonl", found.documents)
        _write_rows(folder / "queries.jsonl", map(_query_row, found.queries))
        _write_rows(folder / "answers.jsonl", (_answer_row(name, a) for name, a in found.answers.items()))
        lines = [f"{q}\t{d}\t{grade}\n" for q, judged in found.qrels.items() for d, grade in judged.items()]
        text = "query-id\tcorpus-id\tscore\n" + "".join(lines)
        (folder / "qrels" / "test.tsv").write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidRequest(f"{folder} cannot be written ({error.strerror}): give another folder") from error


def one_line(identifier: str) -> str:
    """An id without the white space that qrels cannot hold."""
    return "_".join(identifier.split())


def _query_row(query: Query) -> Json:
    row = {"_id": query.id, "text": query.text}
    more = {"language": query.language, "pool": query.pool, "ability": query.ability}
    return row | {name: value for name, value in more.items() if value}


def _answer_row(name: str, answer: GoldAnswer) -> Json:
    row: Json = {"_id": name, "answers": list(answer.answers), "answerable": answer.answerable}
    by_language: Mapping[str, Iterable[str]] = answer.answers_by_language
    more: Json = {
        "answers_by_language": {language: list(texts) for language, texts in by_language.items()},
        "unanswerable_kind": answer.unanswerable_kind,
        "evidence_ids": list(answer.evidence_ids),
        "article": answer.article,
        "parallel_id": answer.parallel_id,
        "all_of": [list(group) for group in answer.all_of],
        "wrong": list(answer.wrong),
    }
    return row | {key: value for key, value in more.items() if value}


def _write_rows(path: Path, rows: Iterable[Json]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
