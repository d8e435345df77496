"""Reading evaluation sets: a good one, the sample, and every way a set can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DatasetProblem
from eval.datasets import GoldAnswer, Query, read_dataset, sample_questions

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

CORPUS: list[dict[str, Any]] = [
    {"_id": "d1", "title": "Tram", "text": "Line 6 opened in 1998.", "language": "en"},
    {"_id": "d 2", "title": "", "text": "六号线于1998年开通。", "language": "zh"},
    {"id": 3, "text": "افتتح الخط."},
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "When did line 6 open?", "language": "en"},
    {"_id": "q2", "text": "谁是司机？"},
]
ANSWERS: list[dict[str, Any]] = [
    {"_id": "q1", "language": "en", "answers": ["1998"], "answerable": True, "evidence_ids": ["d1", "d 2"]},
    {"_id": "q2", "answers": [], "answerable": False, "unanswerable_kind": "near", "evidence_ids": []},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td 2\t1\nq1\t3\t0\n"


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "trams"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(lines(CORPUS), encoding="utf-8")
    (folder / "queries.jsonl").write_text(lines(QUERIES), encoding="utf-8")
    (folder / "answers.jsonl").write_text(lines(ANSWERS), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(QRELS, encoding="utf-8")
    return folder


def test_reads_a_folder(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.name == "trams"
    assert dataset.corpus == (folder / "corpus.jsonl",)
    assert dataset.queries == (Query("q1", "When did line 6 open?", "en"), Query("q2", "谁是司机？", ""))
    assert dataset.qrels == {"q1": {"d1": 2, "d 2": 1, "3": 0}}
    assert dataset.answers == {
        "q1": GoldAnswer(("1998",), {"en": ("1998",)}, True, None, ("d1", "d 2"), None),
        "q2": GoldAnswer((), {}, False, "near", (), None),
    }


def test_answers_are_optional_and_so_is_the_header(folder: Path) -> None:
    (folder / "answers.jsonl").unlink()
    (folder / "qrels" / "test.tsv").write_bytes(b"\xef\xbb\xbfq1\td1\t1\r\n\r\n")
    dataset = read_dataset(str(folder))
    assert dataset.answers == {}
    assert dataset.qrels == {"q1": {"d1": 1}}


def test_given_gold_by_language_and_quote_are_kept(folder: Path) -> None:
    row = {
        **ANSWERS[0],
        "answers_by_language": {"en": ["1998"], "zh": ["1998年"]},
        "evidence_quote": "Line 6",
    }
    (folder / "answers.jsonl").write_text(lines([row]), encoding="utf-8")
    answer = read_dataset(folder).answers["q1"]
    assert answer.answers_by_language == {"en": ("1998",), "zh": ("1998年",)}
    assert answer.evidence_quote == "Line 6"


def test_language_of_the_query_stands_in_for_the_answer(folder: Path) -> None:
    row = {key: value for key, value in ANSWERS[0].items() if key != "language"}
    (folder / "answers.jsonl").write_text(lines([row]), encoding="utf-8")
    assert read_dataset(folder).answers["q1"].answers_by_language == {"en": ("1998",)}


def test_sample_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = read_dataset("sample")
    assert dataset.name == "sample"
    assert dataset.corpus[0].is_dir()
    files = {path.relative_to(dataset.corpus[0]).as_posix() for path in dataset.corpus[0].rglob("*.*")}
    assert {document for judged in dataset.qrels.values() for document in judged} <= files
    assert set(dataset.answers) == {query.id for query in dataset.queries}
    assert any(answer.evidence_quote for answer in dataset.answers.values())
    assert {query.id for query in dataset.queries} - set(dataset.qrels) == {
        query for query, answer in dataset.answers.items() if not answer.answerable
    }


def test_folder_called_sample_is_reached_by_its_path(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(tmp_path / "sample")
    monkeypatch.chdir(tmp_path)
    assert len(read_dataset("./sample").queries) == 2
    assert len(read_dataset("sample").queries) > 2


@pytest.mark.skipif(not SHARED.exists(), reason="development sets are not here")
@pytest.mark.parametrize(("name", "queries"), [("xquad-dev", 774), ("mixed-dev", 450), ("drcd-dev", 400)])
def test_development_sets(name: str, queries: int) -> None:
    dataset = read_dataset(SHARED / name)
    assert len(dataset.queries) == len(dataset.answers) == queries
    answerable = [query for query, answer in dataset.answers.items() if answer.answerable]
    assert set(dataset.qrels) == set(answerable)
    for query in answerable:
        assert set(dataset.answers[query].evidence_ids) == set(dataset.qrels[query])


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DatasetProblem, match="cannot be read") as caught:
        read_dataset(folder)
    assert str(folder / name) in str(caught.value)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_file_without_a_line(folder: Path, name: str) -> None:
    (folder / name).write_text("\n \n", encoding="utf-8")
    with pytest.raises(DatasetProblem, match="holds no"):
        read_dataset(folder)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetProblem, match='"sample"'):
        read_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("corpus.jsonl", "{", "no JSON"),
        ("corpus.jsonl", "[" * 100_000, "no JSON"),
        ("corpus.jsonl", '{"_id": "x", "text": "\\ud800"}', "no JSON"),
        ("corpus.jsonl", "[]", "a JSON list came"),
        ("corpus.jsonl", '{"text": "t"}', "no id"),
        ("corpus.jsonl", '{"_id": " ", "text": "t"}', "no id"),
        ("corpus.jsonl", '{"_id": true, "text": "t"}', "no id"),
        ("corpus.jsonl", '{"_id": "d1", "text": "t"}', '"d1" came before'),
        ("corpus.jsonl", '{"_id": "3", "text": "t"}', '"3" came before'),
        ("corpus.jsonl", '{"_id": "d4", "title": "", "text": " "}', "neither title nor text"),
        ("corpus.jsonl", '{"_id": "d4", "text": 5}', '"text" is no text'),
        ("queries.jsonl", '{"_id": "q1", "text": "t"}', '"q1" came before'),
        ("queries.jsonl", '{"_id": "q3"}', 'has no "text"'),
        ("queries.jsonl", '{"_id": "q3", "text": "t", "language": 1}', '"language" is no text'),
        ("qrels/test.tsv", "q1\td1", "2 columns"),
        ("qrels/test.tsv", "q1 d1 1", "1 columns"),
        ("qrels/test.tsv", "q2\td1\tyes", 'grade "yes"'),
        ("qrels/test.tsv", "q2\td1\t1.5", 'grade "1.5"'),
        ("qrels/test.tsv", "q9\td1\t1", 'query "q9"'),
        ("qrels/test.tsv", "q2\td9\t1", 'document "d9"'),
        ("qrels/test.tsv", "q1\td1\t1", "judged before"),
        ("answers.jsonl", '{"_id": "q9", "answers": [], "answerable": false}', 'query "q9"'),
        ("answers.jsonl", '{"_id": "q1", "answers": [], "answerable": false}', '"q1" came before'),
    ],
)
def test_wrong_line(folder: Path, name: str, line: str, problem: str) -> None:
    path = folder / name
    before = path.read_text(encoding="utf-8")
    path.write_text(before + line + "\n", encoding="utf-8")
    with pytest.raises(DatasetProblem) as caught:
        read_dataset(folder)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {before.count(chr(10)) + 1}: ")
    assert problem in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"answerable": None}, '"answerable" is missing'),
        ({"answerable": False}, '"answerable" is false but "answers" holds 1'),
        ({"answers": []}, '"answerable" is true but "answers" holds 0'),
        ({"answers": None}, '"answers" is no list'),
        ({"answers": [""]}, '"answers" is no list'),
        ({"answers_by_language": []}, '"answers_by_language" is no object'),
        ({"answers_by_language": {"en": "1998"}}, '"answers_by_language.en"'),
        ({"evidence_ids": ["d9"]}, 'evidence "d9"'),
        ({"evidence_ids": "d1"}, '"evidence_ids"'),
        ({"unanswerable_kind": 1}, '"unanswerable_kind" is no text'),
        ({"evidence_quote": []}, '"evidence_quote" is no text'),
    ],
)
def test_wrong_answer(folder: Path, change: dict[str, Any], problem: str) -> None:
    path = folder / "answers.jsonl"
    path.write_text(lines([{**ANSWERS[0], **change}]), encoding="utf-8")
    with pytest.raises(DatasetProblem) as caught:
        read_dataset(folder)
    assert str(caught.value).startswith(f"{path}, line 1: {problem}")


def test_first_qrels_line_with_a_known_query_is_no_header(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text("q1\td1\tone\n", encoding="utf-8")
    with pytest.raises(DatasetProblem, match='line 1: the grade "one"'):
        read_dataset(folder)


def test_bytes_that_are_not_utf8(folder: Path) -> None:
    (folder / "queries.jsonl").write_bytes(b'{"_id": "q1", "text": "t"}\n\xff\xfe\n')
    with pytest.raises(DatasetProblem, match="line 2: this is not UTF-8"):
        read_dataset(folder)


def test_sample_questions_are_those_the_documents_answer() -> None:
    everything = {path for judged in read_dataset("sample").qrels.values() for path in judged}
    questions = sample_questions(everything)
    assert {language: len(listed) for language, listed in questions.items()} == {"en": 3, "ar": 3, "zh": 6}
    assert sample_questions(set()) == {}
    assert sample_questions({"en/city-library.md"}).keys() == {"en"}


def test_a_question_without_text_is_left_out_and_named(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (folder / "queries.jsonl").open("a", encoding="utf-8") as queries:
        queries.write(lines([{"_id": "q3", "text": "\t"}, {"_id": "q4", "text": "؟؟"}]))
    with (folder / "qrels" / "test.tsv").open("a", encoding="utf-8") as qrels:
        qrels.write("q3\td1\t1\n")
    dataset = read_dataset(folder)
    assert [query.id for query in dataset.queries] == ["q1", "q2"]
    assert set(dataset.qrels) == {"q1"}
    assert "q3, q4" in caplog.text
