"""Other forms of evaluation sets: as their authors publish them, and wrong in every way."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import DatasetProblem, InvalidRequest
from eval.formats import open_dataset
from eval.pool import pool_sets
from eval.readers.jsons import line_of

SQUAD: dict[str, Any] = {
    "data": [
        {
            "title": "Trams",
            "paragraphs": [
                {
                    "context": "Line 6 opened in 1998.",
                    "qas": [
                        {
                            "id": "s1",
                            "question": "When did line 6 open?",
                            "answers": [
                                {"text": "1998", "answer_start": 17},
                                {"text": "1998", "answer_start": 17},
                            ],
                        },
                        {"id": "s2", "question": "Who drove?", "answers": [], "is_impossible": True},
                    ],
                },
                {"context": "Line 7 is closed.", "qas": []},
            ],
        }
    ]
}  # fmt: skip
CMRC = [
    {
        "context_id": "TRAIN_1",
        "context_text": "六号线于1998年开通。",
        "title": "六号线",
        "qas": [{"query_id": "TRAIN_1_Q_0", "query_text": "六号线何时开通？", "answers": ["1998年", "1998"]}],
    }
]
RGB = [
    {
        "id": 0,
        "query": "When did line 6 open?",
        "answer": [["1998", "in 1998"]],
        "positive": ["Line 6 opened in 1998.", "It was 1998 when line 6 opened."],
        "negative": [f"Line {number} has {number} stops." for number in range(7, 15)],
    },
]
RGB_INT = [
    {
        "id": 3,
        "query": "When did lines 6 and 7 open?",
        "answer": [["1998"], ["2004", "year 2004"]],
        "positive": [["Line 6 opened in 1998."], ["Line 7 opened in 2004."]],
        "negative": ["Line 8 is new."],
    }
]
RGB_FACT = [
    {
        "id": 5,
        "query": "When did line 6 open?",
        "answer": "1998",
        "fakeanswer": "1999",
        "positive": ["Line 6 opened in 1998."],
        "positive_wrong": ["Line 6 opened in 1999."],
        "negative": ["Line 8 is new."],
    }
]


def put(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    return str(path)


def test_squad(tmp_path: Path) -> None:
    dataset = open_dataset(put(tmp_path / "trams.json", SQUAD), tmp_path / "work")
    assert dataset.name == "trams"
    assert [query.text for query in dataset.queries] == ["When did line 6 open?", "Who drove?"]
    assert dataset.qrels == {"s1": {"0000-00": 1}}
    assert dataset.answers["s1"].answers == ("1998",)
    assert dataset.answers["s1"].article == "Trams"
    assert dataset.answers["s2"].unanswerable_kind == "near"
    rows = [json.loads(line) for line in dataset.corpus[0].read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == ["Line 6 opened in 1998.", "Line 7 is closed."]


def test_squad_joins_equal_paragraphs(tmp_path: Path) -> None:
    paragraphs = SQUAD["data"][0]["paragraphs"]
    again = {"context": paragraphs[0]["context"], "qas": [{**paragraphs[0]["qas"][0], "id": "s9"}]}
    value = {"data": [{"title": "T", "paragraphs": [paragraphs[0], again]}]}
    dataset = open_dataset(put(tmp_path / "t.json", value), tmp_path / "work")
    assert dataset.qrels["s1"] == dataset.qrels["s9"] == {"0000-00": 1}


def test_cmrc_as_first_published(tmp_path: Path) -> None:
    dataset = open_dataset(put(tmp_path / "cmrc.json", CMRC), tmp_path / "work")
    assert dataset.answers["TRAIN_1_Q_0"].answers == ("1998年", "1998")
    assert dataset.answers["TRAIN_1_Q_0"].answers_by_language == {"zh": ("1998年", "1998")}


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (["paragraphs", 0, "context"], None, r"data\[0\].paragraphs\[0\].context: it is missing"),
        (["paragraphs", 0, "qas", 0, "id"], None, r"qas\[0\].id: it is missing"),
        (["paragraphs", 0, "qas", 1, "id"], "s1", r'line 23: data.*qas\[1\]: the id "s1" came before'),
        (["paragraphs", 0, "qas", 0, "question"], " ", "question: no text"),
        (["paragraphs", 0, "qas", 0, "answers"], None, "there are no answers"),
        (["paragraphs", 0, "qas", 0, "answers"], [{"text": 3.5}, {}], "text: it is missing"),
        (["paragraphs"], {}, "paragraphs: no list"),
        (["paragraphs", 0], "x", "a JSON str came"),
    ],
)
def test_wrong_squad(tmp_path: Path, where: list[Any], value: Any, message: str) -> None:
    broken = json.loads(json.dumps(SQUAD))
    inner = broken["data"][0]
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    with pytest.raises(DatasetProblem, match=message) as caught:
        open_dataset(put(tmp_path / "bad.json", broken), tmp_path / "work")
    assert str(caught.value).startswith(str(tmp_path / "bad.json"))


LINES = """{"data": [
  {"title": "a, \\"b\\"",
   "paragraphs": [{"context": "x {", "qas": []},
                  {"context": "y",
                   "qas": [
                     {"id": 7, "question": null}]}]}]}
"""


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ((), 1),
        (("data", 0, "title"), 2),
        (("data", 0, "paragraphs", 0, "qas"), 3),
        (("data", 0, "paragraphs", 1), 4),
        (("data", 0, "paragraphs", 1, "qas", 0, "question"), 6),
        (("data", 0, "paragraphs", 1, "qas", 0, "answers"), 6),  # missing: where it should be
        (("data", 0, "paragraphs", 1, "qas", 3), 5),
    ],
)
def test_line_of_a_value(steps: tuple[str | int, ...], line: int) -> None:
    assert line_of(LINES, steps) == line
    # The same object as the second of two that stand one on a line.
    flat = json.dumps({"data": 1}) + "\n\n" + json.dumps(json.loads(LINES)) + "\n"
    assert line_of(flat, (1, *steps)) == 3


def test_squad_without_an_article(tmp_path: Path) -> None:
    with pytest.raises(DatasetProblem, match="there is no article"):
        open_dataset(put(tmp_path / "bad.json", {"data": []}), tmp_path / "work")


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{\n"data": [\n{"title": "x",,\n]}', encoding="utf-8")
    with pytest.raises(DatasetProblem, match=r"bad.json, line 3: this is no JSON"):
        open_dataset(str(path), tmp_path / "work")
    path.write_bytes(b'{\n"data": "\xff"}')
    with pytest.raises(DatasetProblem, match=r"bad.json, line 2: this is not UTF-8"):
        open_dataset(str(path), tmp_path / "work")


def test_rgb_gives_every_question_a_pool(tmp_path: Path) -> None:
    dataset = open_dataset(put(tmp_path / "en.json", RGB), tmp_path / "work")
    assert [(query.ability, query.pool) for query in dataset.queries] == [
        ("noise", "noise-0"),
        ("rejection", "rejection-0"),
    ]
    rows = [json.loads(line) for line in dataset.corpus[0].read_text(encoding="utf-8").splitlines()]
    pools = [row["metadata"]["pool"] for row in rows]
    assert (pools.count("noise-0"), pools.count("rejection-0")) == (5, 5)
    assert dataset.answers["noise-0"].answers == ("1998", "in 1998")
    assert not dataset.answers["rejection-0"].answerable


# What the published files hold beside the plain case: a number for an id, flat answers each of which is
# wanted, keys of no use, white space and empty texts among the documents.
PUBLISHED_RGB = {
    "zh": {"id": 0, "query": "图书馆有多少个座位？", "answer": ["620"],
           "positive": ["新图书馆共有620个座位。"],
           "negative": ["", "旧馆改为茶馆。", "夜市每周五开放。", "馆长姓沈。", "镇在山谷中。"]},
    "zh_int": {"id": 1, "query": "博物馆和剧院何时开放", "answer": ["3月8日", "5月20日"],
               "asnwer1": ["3月8日"], "answer2": ["5月20日"],
               "positive": [["博物馆于3月8日\t\r 开放。", "3月8日开馆。"], ["剧院5月20日开放。"]],
               "negative": ["地铁在建。", "门票三十元。", "茶叶有名。"]},
    "zh_fact": {"id": 2, "query": "小学有多少名学生？", "answer": "132", "fakeanswer": "968",
                "positive_wrong": ["小学现有968名学生。"], "positive": ["小学现有132名学生。"],
                "negative": ["石桥很老。", "早上八点上课。"]},
}  # fmt: skip


def test_rgb_as_published(tmp_path: Path) -> None:
    found = {}
    for name, row in PUBLISHED_RGB.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
        found[name] = open_dataset(str(path), tmp_path / f"work-{name}")
    rows = found["zh"].corpus[0].read_text(encoding="utf-8").splitlines()
    assert len([row for row in rows if '"noise-0"' in row]) == 5
    assert found["zh"].answers["noise-0"].answers == ("620",)
    assert found["zh"].answers["noise-0"].all_of == ()
    both = found["zh_int"].answers["integration-1"]
    assert both.all_of == (("3月8日",), ("5月20日",))
    texts = [json.loads(row)["text"] for row in found["zh_int"].corpus[0].read_text("utf-8").splitlines()]
    assert texts[:3] == ["博物馆于3月8日\t\r 开放。", "剧院5月20日开放。", "3月8日开馆。"]
    assert len(both.evidence_ids) == 3
    assert len(texts) == 5
    fact = found["zh_fact"].answers["counterfactual-2"]
    assert (fact.answers, fact.wrong) == (("132",), ("968",))
    assert "132名" not in found["zh_fact"].corpus[0].read_text(encoding="utf-8")


def test_rgb_names_the_line_of_a_row(tmp_path: Path) -> None:
    path = tmp_path / "en.json"
    row = {**RGB[0], "positive": None}
    path.write_text(f"{json.dumps({**RGB[0], 'id': 9})}\n{json.dumps(row)}\n", encoding="utf-8")
    with pytest.raises(DatasetProblem, match=r"en.json, line 2: \[1\].positive: no list but null"):
        open_dataset(str(path), tmp_path / "work")


def test_rgb_integration_and_counterfactual(tmp_path: Path) -> None:
    path = tmp_path / "en_int.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in [*RGB_INT, *RGB_INT[:0]]) + "\n", encoding="utf-8")
    integration = open_dataset(str(path), tmp_path / "work1").answers["integration-3"]
    assert integration.all_of == (("1998",), ("2004", "year 2004"))
    assert len(integration.evidence_ids) == 2
    fact = open_dataset(put(tmp_path / "en_fact.json", RGB_FACT), tmp_path / "work2")
    assert fact.answers["counterfactual-5"].wrong == ("1999",)
    assert "1998" not in fact.corpus[0].read_text(encoding="utf-8")


@pytest.fixture
def miracl(tmp_path: Path) -> Path:
    folder = tmp_path / "miracl-en"
    (folder / "topics").mkdir(parents=True)
    (folder / "qrels").mkdir()
    rows = [
        {"docid": "1#0", "title": "Trams", "text": "Line 6."},
        {"docid": "1#1", "title": "", "text": "Line 7."},
    ]
    with gzip.open(folder / "docs-0.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    (folder / "topics" / "topics.miracl-v1.0-en-dev.tsv").write_text("11\tWhich line?\n", encoding="utf-8")
    (folder / "qrels" / "qrels.miracl-v1.0-en-dev.tsv").write_text(
        "11\tQ0\t1#0\t1\n11 Q0 1#1 0\n", encoding="utf-8"
    )
    return folder


def test_miracl(miracl: Path, tmp_path: Path) -> None:
    dataset = open_dataset(str(miracl), tmp_path / "work")
    assert dataset.qrels == {"11": {"1#0": 1, "1#1": 0}}
    assert dataset.queries[0].text == "Which line?"
    assert dataset.answers == {}


def test_miracl_topics_without_judgements_are_left_out(
    miracl: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hidden = miracl / "topics" / "topics.miracl-v1.0-en-test-b.tsv"
    hidden.write_text("test-1\tWho drove?\n", encoding="utf-8")
    assert [query.id for query in open_dataset(str(miracl), tmp_path / "work").queries] == ["11"]
    assert "1 topics without judgements" in caplog.text


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "topics/topics.miracl-v1.0-en-dev.tsv",
            "11 Which line?\n",
            "line 1: there is no question after a tab",
        ),
        ("topics/topics.miracl-v1.0-en-dev.tsv", "11\tA?\n11\tB?\n", 'line 2: the id "11" came before'),
        ("topics/topics.miracl-v1.0-en-dev.tsv", "1 1\tA?\n", "line 1: the id"),
        ("qrels/qrels.miracl-v1.0-en-dev.tsv", "11 1#0 1\n", "line 1: 3 columns where 4"),
        ("qrels/qrels.miracl-v1.0-en-dev.tsv", "11 Q0 1#0 1\n11 Q0 9 1\n", 'line 2: document "9"'),
        ("qrels/qrels.miracl-v1.0-en-dev.tsv", "12 Q0 1#0 1\n", 'line 1: query "12"'),
        ("qrels/qrels.miracl-v1.0-en-dev.tsv", "11 Q0 1#0 one\n", "no whole number"),
        ("qrels/qrels.miracl-v1.0-en-dev.tsv", "11 Q0 1#0 1\n11 Q0 1#0 0\n", "judged before"),
        ("docs-1.jsonl", '{"docid": "1#0", "text": "x"}\n', 'line 1: the id "1#0" came before'),
        ("docs-1.jsonl", '{"docid": "2", "text": " "}\n', "neither title nor text"),
        ("docs-1.jsonl", '{"docid": "2"\n', "line 1: this is no JSON"),
    ],
)
def test_wrong_miracl(miracl: Path, tmp_path: Path, file: str, text: str, message: str) -> None:
    (miracl / file).write_text(text, encoding="utf-8")
    with pytest.raises(DatasetProblem) as caught:
        open_dataset(str(miracl), tmp_path / "work")
    assert str(caught.value).startswith(f"{miracl / file}, ")
    assert message in str(caught.value)


def test_miracl_that_is_not_whole(miracl: Path, tmp_path: Path) -> None:
    (miracl / "docs-0.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    with pytest.raises(DatasetProblem, match="cannot be read"):
        open_dataset(str(miracl), tmp_path / "work")
    (miracl / "docs-0.jsonl.gz").unlink()
    with pytest.raises(DatasetProblem, match=r"holds no docs.jsonl"):
        open_dataset(str(miracl), tmp_path / "work")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "2024").mkdir(parents=True)
    (folder / "trams.txt").write_text("Line 6 opened in 1998.", encoding="utf-8")
    (folder / "2024" / "stops.txt").write_text("Line 6 has nine stops.", encoding="utf-8")
    return folder


def test_spreadsheet(documents: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text(
        "\ufeffQuestion;Answer;Source;Kind\nWhen did line 6 open?;1998 | in 1998;trams.txt;\n"
        "How many stops has it?;nine;stops.txt;\nWho drove?;;;near\n",
        encoding="utf-8",
    )
    dataset = open_dataset(str(path), tmp_path / "work", documents)
    assert dataset.name == "questions"
    assert dataset.corpus == (documents,)
    assert dataset.qrels == {"q001": {"trams.txt": 1}, "q002": {"2024/stops.txt": 1}}
    assert dataset.answers["q001"].answers == ("1998", "in 1998")
    assert dataset.answers["q003"].unanswerable_kind == "near"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("comma", [";", "\t", ","])
def test_spreadsheet_as_excel_saves_it(
    documents: Path, tmp_path: Path, end: str, mark: str, comma: str
) -> None:
    rows = [["Question", "Answer", "Source"], ['"كم محطة؟"', '"nine, or 9"', "stops.txt"]]
    path = tmp_path / "questions.csv"
    path.write_bytes((mark + end.join(comma.join(row) for row in rows) + end).encode("utf-8"))
    dataset = open_dataset(str(path), tmp_path / "work", documents)
    assert [query.text for query in dataset.queries] == ["كم محطة؟"]
    assert dataset.answers["q001"].answers == ("nine, or 9",)


@pytest.mark.parametrize("encoding", ["cp1256", "utf-16", "gb18030"])
def test_spreadsheet_in_another_encoding(documents: Path, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "questions.csv"
    path.write_bytes("question,answer,source\nكم محطة؟,nine,stops.txt\n".encode(encoding))
    line = 1 if encoding == "utf-16" else 2
    with pytest.raises(
        DatasetProblem, match=f'line {line}: this is not UTF-8: save the table as "CSV UTF-8"'
    ):
        open_dataset(str(path), tmp_path / "work", documents)


def test_rows_of_questions_need_their_documents(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    for text in ('{"question": "When?"}\n', '{"question": "When?"}\n{"question": "Who?"}\n'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DatasetProblem, match="asks about documents: give their folder"):
            open_dataset(str(path), tmp_path / "work")


def test_spreadsheet_as_jsonl(documents: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    row = {"question": "When?", "answer": ["1998", "98"], "source": "trams.txt"}
    path.write_text(json.dumps(row) + '\n{"question": "Who?"}\n', encoding="utf-8")
    dataset = open_dataset(str(path), tmp_path / "work", documents)
    assert dataset.answers["q001"].answers == ("1998", "98")
    assert dataset.answers["q002"].unanswerable_kind == "far"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question,answer\nWhen?,1998\n", "line 1: there is no column 'source'"),
        ("question,answer,source\n,1998,trams.txt\n", "line 2: there is no question"),
        ("question,answer,source\nWhen?,1998,\n", "line 2: there is an answer but no source"),
        ("question,answer,source\nWhen?,,trams.txt\n", "line 2: there is a source but no answer"),
        ("question,answer,source\nWhen?,1998,buses.txt\n", 'line 2: "buses.txt" is no file'),
        ("question,answer,source\nWhen?,1998,trams.txt,9\n", "line 2: 4 cells where 3"),
        ("question,answer,source\nA?,,\nA?,,\n", "line 3: the question of line 2 came again"),
        ('question,answer,source\n"When?,1998,trams.txt\n', "line 2: this is no CSV"),
        ("question,answer,source,kind\nA?,,,odd\n", 'line 2: the kind "odd"'),
        ("question,answer,source\n", "holds no question"),
    ],
)
def test_wrong_spreadsheet(documents: Path, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "questions.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetProblem) as caught:
        open_dataset(str(path), tmp_path / "work", documents)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_mixed_encodings_and_twin_names(documents: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_bytes(b"question,answer,source\nWhen?,1998,trams.txt\n" + "谁？,,\n".encode("gb18030"))
    with pytest.raises(DatasetProblem, match="line 3: this is not UTF-8"):
        open_dataset(str(path), tmp_path / "work", documents)
    (documents / "2024" / "trams.txt").write_text("Line 7.", encoding="utf-8")
    path.write_text("question,answer,source\nWhen?,1998,old/trams.txt\n", encoding="utf-8")
    with pytest.raises(DatasetProblem, match="is no file"):
        open_dataset(str(path), tmp_path / "work", documents)


@pytest.mark.parametrize("name", ["nothing.json", "folder", "notes.docx", "questions.csv"])
def test_what_is_no_set(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.docx").write_bytes(b"x")
    (tmp_path / "questions.csv").write_text("question,answer,source\n", encoding="utf-8")
    with pytest.raises(DatasetProblem):
        open_dataset(str(tmp_path / name), tmp_path / "work")


def parallel(tmp_path: Path) -> dict[str, Path]:
    def article(language: str, number: int) -> dict[str, Any]:
        paragraphs = [
            {
                "context": f"{language} text {number} {place}: it was {number}{place}.",
                "qas": [
                    {
                        "id": f"p{number}{place}",
                        "question": f"{language} question {number} {place}?",
                        "answers": [{"text": f"{number}{place}"}],
                    }
                ],
            }
            for place in range(4)
        ]
        return {"title": f"Article {number}", "paragraphs": paragraphs}

    files = {}
    for language in ("en", "zh"):
        files[language] = tmp_path / f"{language}.json"
        put(files[language], {"data": [article(language, number) for number in range(5)]})
    return files


def test_pool_of_parallel_sets(tmp_path: Path) -> None:
    found = pool_sets(parallel(tmp_path), [Path(put(tmp_path / "more.json", SQUAD))])
    assert len(found.documents or []) == 2 * 20 + 2
    assert found.qrels["en-p00"] == {"en-0000-00": 1, "zh-0000-00": 1}
    assert found.qrels["zh-p00"] == found.qrels["en-p00"]
    assert found.answers["en-p00"].answers_by_language == {"en": ("00",), "zh": ("00",)}
    assert found.answers["en-p00"].parallel_id == found.answers["zh-p00"].parallel_id
    assert found.qrels["more-s1"] == {"more-0000-00": 1}


def test_pool_takes_passages_out_of_all_languages_at_once(tmp_path: Path) -> None:
    found = pool_sets(parallel(tmp_path), unanswerable=0.4)
    again = pool_sets(parallel(tmp_path), unanswerable=0.4)
    assert found == again
    left = {row["_id"] for row in found.documents or []}
    kinds: dict[str, set[str]] = {"far": set(), "near": set()}
    for name, answer in found.answers.items():
        if not answer.answerable:
            kinds[answer.unanswerable_kind or ""].add(name)
            assert name not in found.qrels
            number, place = name[-2], name[-1]
            assert {f"{language}-000{number}-0{place}" for language in ("en", "zh")}.isdisjoint(left)
    assert len(kinds["far"]) == 1 * 4 * 2  # one article of five, all its questions, two languages
    assert len(kinds["near"]) == 3 * 2
    for name in kinds["near"]:  # a neighbour is still there
        assert any(document.startswith(f"en-000{name[-2]}-") for document in left)


def test_pool_refuses_what_would_collide(tmp_path: Path) -> None:
    files = parallel(tmp_path)
    with pytest.raises(InvalidRequest, match="rename"):
        pool_sets(files, [files["en"]])
    with pytest.raises(InvalidRequest, match="share"):
        pool_sets(files, unanswerable=1.5)
