"""Evaluation sets: a folder in BEIR form, or the project's own sample -> Dataset, checked line by line."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import corpus
from corpus.errors import DatasetProblem
from eval.lines import new_id, read_lines, read_rows, refuse, strings_of, text_of

SAMPLE = "sample"


_log = logging.getLogger(__name__)


EXAMPLES = (
    "q139", "q054", "q095", "q105", "q063", "q144", "q128", "q031", "q140", "q001", "q078", "q010"
)  # fmt: skip
"""Questions of the sample set for an empty chat page, three each in English, Arabic and the two Chinese
scripts, asked in their document's language. A test asks them: who clicks on one must get an answer."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question of the set. language: as the set states it, "" where it does not; never needed to answer.

    pool: it is asked over the documents whose metadata has this "pool", "" for all. ability: what RGB calls
    it: "noise", "rejection", "integration" or "counterfactual", "" elsewhere.
    """

    id: str
    text: str
    language: str = ""
    pool: str = ""
    ability: str = ""


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """What is right for one question.

    answers: accepted strings, empty for a question without an answer. answers_by_language: the same by the
    language of the passage they stand in. unanswerable_kind: "far" (the subject is absent), "near" (a
    neighbour is there) or None. evidence_ids: documents that state the answer. evidence_quote: the sentence
    that does, where the set gives it. article, parallel_id: questions of one article, and translations of
    one question, are right or wrong together; "" where the set does not say. all_of: for a question that
    asks for several things, the accepted strings of each. wrong: strings that planted documents state.
    """

    answers: tuple[str, ...]
    answers_by_language: Mapping[str, tuple[str, ...]]
    answerable: bool
    unanswerable_kind: str | None = None
    evidence_ids: tuple[str, ...] = ()
    evidence_quote: str | None = None
    article: str = ""
    parallel_id: str = ""
    all_of: tuple[tuple[str, ...], ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions, what to index for them, and what is right.

    corpus: a corpus.jsonl whose lines carry the document ids, or a folder whose files are the documents,
    their ids the paths inside it, with forward slashes. qrels: query id -> document id -> grade; a query
    without an answer has none. answers: by query id, empty for a set that only measures retrieval.
    """

    name: str
    corpus: tuple[Path, ...]
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]
    answers: Mapping[str, GoldAnswer] = field(default_factory=dict)


def read_dataset(name: str | Path) -> Dataset:
    """Read a folder with corpus.jsonl, queries.jsonl, qrels/test.tsv and optionally answers.jsonl.

    The reserved word "sample" is the sample that comes with the package; a folder of that name is
    reached as "./sample". Raises DatasetProblem with file and line.
    """
    if str(name) == SAMPLE:
        # Beside the installed packages, so that it is found from any working directory.
        documents = Path(corpus.__file__).parent / SAMPLE
        return read_over_files(SAMPLE, Path(__file__).parent / SAMPLE, documents)
    folder = Path(name)
    if not folder.is_dir():
        raise DatasetProblem(f'{name} is no folder: give a folder in BEIR form, or the word "{SAMPLE}"')
    documents = folder / "corpus.jsonl"
    for path in (documents, folder / "queries.jsonl", folder / "qrels" / "test.tsv"):
        if not path.is_file():
            needed = "a set needs corpus.jsonl, queries.jsonl and qrels/test.tsv"
            raise DatasetProblem(f"{path} cannot be read (there is no such file): {needed}")
    return _read(folder.resolve().name, folder, documents, _ids_of_lines(documents))


def read_over_files(name: str, folder: Path, documents: Path) -> Dataset:
    """Read queries.jsonl, qrels/test.tsv and answers.jsonl over a folder whose files are the documents."""
    return _read(name, folder, documents, _ids_of_files(documents))


def sample_questions(sources: Collection[str]) -> dict[str, list[str]]:
    """Language -> the questions of EXAMPLES that documents of these sources answer."""
    sample = read_dataset(SAMPLE)
    queries = {query.id: query for query in sample.queries}
    found: dict[str, list[str]] = {}
    for query in map(queries.__getitem__, EXAMPLES):
        if all(document in sources for document in sample.qrels[query.id]):
            found.setdefault(query.language, []).append(query.text)
    return found


def _read(name: str, folder: Path, documents: Path, document_ids: Collection[str]) -> Dataset:
    queries = _read_queries(folder / "queries.jsonl")
    qrels = _read_qrels(folder / "qrels" / "test.tsv", {query.id for query in queries}, document_ids)
    answers_path = folder / "answers.jsonl"
    answers = _read_answers(answers_path, queries, document_ids) if answers_path.exists() else {}
    # Nothing is relevant where no question has an answer, as in a set that only measures refusing.
    if not qrels and (not answers or any(answer.answerable for answer in answers.values())):
        path = folder / "qrels" / "test.tsv"
        raise DatasetProblem(f"{path} holds no judgement: write query id, document id and grade a line")
    # Published sets hold a question without text now and then: it is left out, and said to be.
    blank = {query.id for query in queries if not any(map(str.isalnum, query.text))}
    if blank:
        _log.warning("%s: left out for want of text: %s", name, ", ".join(sorted(blank)))
    return Dataset(
        name,
        (documents,),
        tuple(query for query in queries if query.id not in blank),
        {query: judged for query, judged in qrels.items() if query not in blank},
        {query: answer for query, answer in answers.items() if query not in blank},
    )


def _ids_of_files(folder: Path) -> set[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    ids = {file.as_posix() for file in files if not any(part.startswith(".") for part in file.parts)}
    if not ids:
        raise DatasetProblem(f"{folder} holds no document: install the package again, with its data files")
    return ids


def _ids_of_lines(path: Path) -> set[str]:
    ids: set[str] = set()
    for line, row in read_rows(path):
        ids.add(new_id(row, ids, path, line))
        if not any(text_of(row, key, path, line).strip() for key in ("title", "text")):
            refuse(path, line, "the document has neither title nor text", 'fill "text" or drop the line')
    if not ids:
        raise DatasetProblem(f"{path} holds no document: write one JSON object a line")
    return ids


def _read_queries(path: Path) -> tuple[Query, ...]:
    ids: set[str] = set()
    queries = []
    for line, row in read_rows(path):
        texts = (text_of(row, key, path, line) for key in ("text", "language", "pool", "ability"))
        query = Query(new_id(row, ids, path, line), *texts)
        if "text" not in row:
            refuse(path, line, f'query "{query.id}" has no "text"', "write the question there")
        ids.add(query.id)
        queries.append(query)
    if not queries:
        raise DatasetProblem(f"{path} holds no query: write one JSON object a line")
    return tuple(queries)


def _read_qrels(
    path: Path, queries: Collection[str], documents: Collection[str]
) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for line, text in read_lines(path):
        columns = text.split("\t")
        if len(columns) != 3:
            what = f"{len(columns)} columns where 3 were wanted"
            refuse(path, line, what, "write query id, document id and grade with tabs between")
        query, document, grade = (column.strip() for column in columns)
        is_number = re.fullmatch("-?[0-9]{1,9}", grade) is not None
        if line == 1 and not is_number and query not in queries:
            continue  # the header, whatever its words
        if not is_number:
            refuse(path, line, f'the grade "{grade}" is no whole number', "write 1 for relevant, 0 for not")
        if query not in queries:
            refuse(path, line, f'query "{query}" is not in queries.jsonl', "add it there or drop the line")
        add_judgement(qrels, (query, document, grade), documents, path, line)
    return qrels


def add_judgement(
    qrels: dict[str, dict[str, int]],
    judgement: tuple[str, str, str],
    documents: Collection[str],
    path: Path,
    line: int,
) -> None:
    """Add a (query, document, grade). Raises DatasetProblem for an unknown document or a repetition."""
    query, document, grade = judgement
    if document not in documents:
        refuse(path, line, f'document "{document}" is not in the corpus', "add it there or drop the line")
    judged = qrels.setdefault(query, {})
    if document in judged:
        refuse(path, line, f'"{query}" and "{document}" were judged before', "keep one of the lines")
    judged[document] = int(grade)


def _read_answers(
    path: Path, queries: tuple[Query, ...], documents: Collection[str]
) -> dict[str, GoldAnswer]:
    languages = {query.id: query.language for query in queries}
    found: dict[str, GoldAnswer] = {}
    for line, row in read_rows(path):
        query = new_id(row, found, path, line)
        if query not in languages:
            refuse(path, line, f'query "{query}" is not in queries.jsonl', "add it there or drop the line")
        answer = _answer(row, languages[query], path, line)
        for document in answer.evidence_ids:
            if document not in documents:
                refuse(
                    path, line, f'evidence "{document}" is not in the corpus', "add it there or drop the id"
                )
        found[query] = answer
    return found


def _answer(row: dict[str, Any], query_language: str, path: Path, line: int) -> GoldAnswer:
    answers = strings_of(row.get("answers"), "answers", path, line)
    answerable = row.get("answerable")
    if not isinstance(answerable, bool):
        refuse(path, line, '"answerable" is missing or neither true nor false', "write true or false")
    if answerable != bool(answers):
        what = f'"answerable" is {json.dumps(answerable)} but "answers" holds {len(answers)}'
        refuse(path, line, what, "give an answerable question its answers, another none")
    language = text_of(row, "language", path, line) or query_language
    by_language = row.get("answers_by_language", {language: list(answers)} if language and answers else {})
    if not isinstance(by_language, dict):
        refuse(path, line, '"answers_by_language" is no object', 'write {"en": ["..."]}')
    kind, quote = row.get("unanswerable_kind"), row.get("evidence_quote")
    for key, value in (("unanswerable_kind", kind), ("evidence_quote", quote)):
        if not (value is None or isinstance(value, str)):
            refuse(path, line, f'"{key}" is no text', "write a text or null")
    return GoldAnswer(
        answers=answers,
        answers_by_language={
            key: strings_of(listed, f"answers_by_language.{key}", path, line)
            for key, listed in by_language.items()
        },
        answerable=answerable,
        unanswerable_kind=kind,
        evidence_ids=strings_of(row.get("evidence_ids", []), "evidence_ids", path, line),
        evidence_quote=quote,
        article=text_of(row, "article", path, line),
        parallel_id=text_of(row, "parallel_id", path, line),
        all_of=_groups(row.get("all_of", []), path, line),
        wrong=strings_of(row.get("wrong", []), "wrong", path, line),
    )


def _groups(value: Any, path: Path, line: int) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        refuse(path, line, '"all_of" is no list', 'write [["..."], ["..."]]')
    return tuple(strings_of(group, "all_of", path, line) for group in value)
