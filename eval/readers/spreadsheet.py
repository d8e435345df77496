"""A CSV or JSONL of question, answer and source, over a folder of documents -> FoundSet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corpus.errors import DatasetProblem
from corpus.language import detect_language
from eval.datasets import GoldAnswer, Query
from eval.lines import read_rows, read_text, refuse
from eval.readers.beir import FoundSet
from eval.readers.jsons import read_json

COLUMNS = ("question", "answer", "source")


def read_spreadsheet(path: Path, documents: Path) -> FoundSet:
    """Every row is a question: its answer as it stands in the source, and the source's path in the folder.

    Several accepted answers, or sources, are separated by " | ". A row without answer and source is a
    question that the documents do not answer; a column "kind" may say near or far. A source may be a file
    name alone where only one file has it. Raises DatasetProblem with file, line and mend.
    """
    if not documents.is_dir():
        raise DatasetProblem(f"{documents} is no folder: give the folder of your documents with --documents")
    files = [
        file.relative_to(documents).as_posix() for file in sorted(documents.rglob("*")) if file.is_file()
    ]
    by_name: dict[str, list[str]] = {}
    for file in files:
        by_name.setdefault(file.rpartition("/")[2], []).append(file)
    found = FoundSet()
    asked: dict[str, int] = {}
    for line, row in _rows(path):
        question = row.get("question", "")
        if not question:
            refuse(path, line, "there is no question", 'write it in the column "question"')
        if question in asked:
            refuse(path, line, f"the question of line {asked[question]} came again", "keep one of the rows")
        asked[question] = line
        answers = _parts(row.get("answer", ""))
        sources = [_source(part, files, by_name, path, line) for part in _parts(row.get("source", ""))]
        if bool(answers) != bool(sources):
            what = "there is an answer but no source" if answers else "there is a source but no answer"
            mend = "fill both, or leave both empty for a question that the documents do not answer"
            refuse(path, line, what, mend)
        kind = row.get("kind", "") or "far"
        if kind not in ("near", "far"):
            refuse(path, line, f'the kind "{kind}" is not known', "write near or far, or leave it empty")
        answer = GoldAnswer(
            answers=answers,
            answers_by_language={},
            answerable=bool(answers),
            unanswerable_kind=None if answers else kind,
            evidence_ids=tuple(sources),
        )
        name = row.get("id", "") or f"q{len(found.queries) + 1:03d}"
        found.add(Query("_".join(name.split()), question, detect_language(question)[0]), answer)
    if not found.queries:
        raise DatasetProblem(f"{path} holds no question: write one a row under {', '.join(COLUMNS)}")
    return found


def asks_of_documents(path: Path) -> bool:
    """Whether a JSON or JSON Lines file holds rows as a spreadsheet has them."""
    value = read_json(path)
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and "question" in first and not {"context", "query"} & first.keys()


def _source(part: str, files: list[str], by_name: Mapping[str, list[str]], path: Path, line: int) -> str:
    if part in files:
        return part
    same = by_name.get(part, [])
    if len(same) == 1:
        return same[0]
    if same:
        refuse(path, line, f'{len(same)} files are called "{part}"', f'write the path, as "{same[0]}"')
    refuse(path, line, f'"{part}" is no file of the documents', "write its path inside --documents")


def _parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split("|") if part.strip()))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """1-based lines and rows, names of columns in lower case."""
    if path.suffix.lower() == ".jsonl":
        for line, row in read_rows(path):
            yield line, {key.lower(): _cell(value) for key, value in row.items()}
        return
    yield from _table_rows(path)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " | ".join(map(_cell, value))
    return "" if value is None else str(value).strip()


def _table_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    text = read_text(path, 'save the table as "CSV UTF-8"')
    head = text.partition("\n")[0]
    comma = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            refuse(path, 1, f"there is no column {missing[0]!r}", f"begin with a line {comma.join(COLUMNS)}")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(names):
                what = f"{len(cells)} cells where {len(names)} were wanted"
                refuse(path, reader.line_num, what, 'put a text with commas in "quotes"')
            yield reader.line_num, dict(zip(names, map(str.strip, cells), strict=False))
    except csv.Error as error:
        refuse(path, reader.line_num, f"this is no CSV ({error})", "save the table again as CSV")
