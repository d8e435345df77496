"""A folder in MIRACL's form, or TREC's: topics, qrels and documents -> FoundSet."""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from corpus.errors import DatasetProblem
from corpus.language import detect_language
from eval.datasets import Query, add_judgement
from eval.lines import new_id, read_lines, refuse, text_of
from eval.readers.beir import FoundSet

_log = logging.getLogger(__name__)

_DOCUMENTS = re.compile(r"(?:docs|corpus|collection).*\.jsonl(?:\.gz)?")
_TOPICS = re.compile(r"topics.*\.(?:tsv|txt)")
_QRELS = re.compile(r"qrels.*\.(?:tsv|txt|trec)|.*\.qrels")


def is_miracl(folder: Path) -> bool:
    """Whether a folder holds topics in MIRACL's form."""
    return bool(_files(folder, _TOPICS))


def read_miracl(folder: Path) -> FoundSet:
    """Read topics (id and question, with a tab between), TREC qrels, and documents in JSON Lines.

    Documents are docs*.jsonl, .gz too: {"docid", "title", "text"}. The files may lie in folders inside.
    Raises DatasetProblem with file and line.
    """
    rows: list[dict[str, Any]] = []
    known: set[str] = set()
    for path in _wanted(folder, _DOCUMENTS, "docs.jsonl"):
        for line, row in _documents(path):
            name = new_id({"_id": row.get("docid", row.get("_id", row.get("id")))}, known, path, line)
            known.add(name)
            title, text = (text_of(row, key, path, line) for key in ("title", "text"))
            if not (title + text).strip():
                refuse(path, line, "the document has neither title nor text", 'fill "text" or drop the line')
            rows.append({"_id": name, "title": title, "text": text})
    found = FoundSet(documents=rows)
    asked: set[str] = set()
    for path in _wanted(folder, _TOPICS, "topics.tsv"):
        for query in read_topics(path, asked):
            asked.add(query.id)
            found.queries.append(query)
    for path in _wanted(folder, _QRELS, "qrels.tsv"):
        for query_id, judged in read_trec_qrels(path, asked, known).items():
            found.qrels.setdefault(query_id, {}).update(judged)
    # The topics of a hidden test set come without judgements.
    unjudged = len(found.queries) - len(found.qrels)
    if unjudged:
        found.queries = [query for query in found.queries if query.id in found.qrels]
        _log.warning("%s: %d topics without judgements are left out", folder, unjudged)
    return found


def read_topics(path: Path, known: Collection[str] = ()) -> Iterator[Query]:
    """Queries of a file of id, tab, question. Raises DatasetProblem."""
    seen = set(known)
    for line, text in read_lines(path):
        name, tab, question = text.partition("\t")
        if not tab or not question.strip():
            refuse(path, line, "there is no question after a tab", "write id, tab, question")
        name = name.strip()
        if not name or len(name.split()) > 1:
            refuse(path, line, f'the id "{name}" is empty or has spaces', "write an id of one word")
        if name in seen:
            refuse(path, line, f'the id "{name}" came before', "give every line an id of its own")
        seen.add(name)
        yield Query(name, question.strip(), detect_language(question)[0])


def read_trec_qrels(
    path: Path, queries: Collection[str], documents: Collection[str]
) -> dict[str, dict[str, int]]:
    """Query -> document -> grade, from lines of query, 0, document, grade. Raises DatasetProblem."""
    qrels: dict[str, dict[str, int]] = {}
    for line, text in read_lines(path):
        columns = text.split()
        if len(columns) != 4:
            what = f"{len(columns)} columns where 4 were wanted"
            refuse(path, line, what, "write query id, 0, document id and grade")
        query, _, document, grade = columns
        if re.fullmatch("-?[0-9]{1,9}", grade) is None:
            refuse(path, line, f'the grade "{grade}" is no whole number', "write 1 for relevant, 0 for not")
        if query not in queries:
            refuse(path, line, f'query "{query}" is not in the topics', "add it there or drop the line")
        add_judgement(qrels, (query, document, grade), documents, path, line)
    return qrels


def _documents(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            for line, raw in enumerate(stream, start=1):
                if not raw.strip():
                    continue
                try:
                    row = json.loads(raw.decode("utf-8-sig"))
                except (ValueError, RecursionError) as error:
                    refuse(path, line, f"this is no JSON in UTF-8 ({error})", "write one JSON object a line")
                if not isinstance(row, dict):
                    refuse(path, line, f"a JSON {type(row).__name__} came", "write one JSON object a line")
                yield line, row
    except (OSError, EOFError) as error:
        raise DatasetProblem(f"{path} cannot be read ({error}): fetch it again") from error


def _wanted(folder: Path, pattern: re.Pattern[str], example: str) -> list[Path]:
    files = _files(folder, pattern)
    if not files:
        raise DatasetProblem(
            f"{folder} holds no {example}: a set in MIRACL's form needs topics, qrels and docs"
        )
    return files


def _files(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and pattern.fullmatch(path.name))
