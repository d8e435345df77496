"""The sample corpus and its questions: enough of each kind, and every gold string verbatim in its article."""

from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
ARTICLES = ROOT / "corpus" / "sample"
QUESTIONS = ROOT / "eval" / "sample"
LANGUAGES = ("ar", "en", "zh")
# Frequent characters that differ between the two Chinese scripts.
SIMPLIFIED = set("这个们来时从为学门车书会么医药说钱园数铁馆发问开点长节谁贴号论乐张养码费")
TRADITIONAL = set("這個們來時從為學門車書會麼醫藥說錢園數鐵館發問開點長節誰貼號論樂張養碼費")


def read_rows(name: str) -> list[dict[str, Any]]:
    """The rows of one JSON Lines file of the question set."""
    with (QUESTIONS / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def chinese_script(text: str) -> str:
    """Hans or Hant, by the characters that only one of the scripts has."""
    simplified = sum(character in SIMPLIFIED for character in text)
    traditional = sum(character in TRADITIONAL for character in text)
    return "Hant" if traditional > simplified else "Hans"


@pytest.fixture(scope="module")
def articles() -> dict[str, str]:
    paths = [path for path in ARTICLES.rglob("*") if path.is_file()]
    return {path.relative_to(ARTICLES).as_posix(): path.read_bytes().decode("utf-8") for path in paths}


@pytest.fixture(scope="module")
def queries() -> dict[str, dict[str, Any]]:
    rows = read_rows("queries.jsonl")
    by_id = {row["_id"]: row for row in rows}
    assert len(by_id) == len(rows), "query ids repeat"
    return by_id


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    rows = read_rows("answers.jsonl")
    by_id = {row["_id"]: row for row in rows}
    assert len(by_id) == len(rows), "answer ids repeat"
    return by_id


@pytest.fixture(scope="module")
def qrels() -> dict[str, set[str]]:
    header, *lines = (QUESTIONS / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()
    assert header == "query-id\tcorpus-id\tscore"
    relevant: dict[str, set[str]] = {}
    for line in lines:
        query_id, article_id, score = line.split("\t")
        assert score == "1"
        assert article_id not in relevant.setdefault(query_id, set()), f"{line} repeats"
        relevant[query_id].add(article_id)
    return relevant


def test_every_language_and_script_has_articles(articles: dict[str, str]) -> None:
    counts = Counter(article_id.split("/")[0] for article_id in articles)
    assert set(counts) == set(LANGUAGES)
    assert min(counts.values()) >= 8
    scripts = Counter(chinese_script(text) for name, text in articles.items() if name.startswith("zh/"))
    assert scripts == {"Hans": 6, "Hant": 4}
    assert {name.rsplit(".", 1)[1] for name in articles} == {"md", "txt", "html"}


def test_articles_hold_every_kind_of_digit(articles: dict[str, str]) -> None:
    assert sum(any("٠" <= character <= "٩" for character in text) for text in articles.values()) == 2
    assert (
        sum(any("\uff10" <= character <= "\uff19" for character in text) for text in articles.values()) == 1
    )


def test_there_are_enough_questions_of_each_kind(
    queries: dict[str, dict[str, Any]], answers: dict[str, dict[str, Any]]
) -> None:
    assert len(queries) >= 120
    assert queries.keys() == answers.keys()
    assert all(queries[query_id]["language"] == row["language"] for query_id, row in answers.items())
    assert len({query["text"] for query in queries.values()}) == len(queries), "a question repeats"
    kinds = Counter((row["language"], row["unanswerable_kind"]) for row in answers.values())
    assert all(kinds[language, "far"] >= 3 and kinds[language, "near"] >= 5 for language in LANGUAGES)
    assert sum(not row["answerable"] for row in answers.values()) >= 25
    chinese = [query["text"] for query in queries.values() if query["language"] == "zh"]
    assert min(Counter(map(chinese_script, chinese)).values()) >= 8


def test_all_pairs_of_languages_are_asked(
    queries: dict[str, dict[str, Any]], qrels: dict[str, set[str]]
) -> None:
    pairs = Counter(
        (queries[query_id]["language"], language)
        for query_id, relevant in qrels.items()
        for language in {article_id.split("/")[0] for article_id in relevant}
    )
    assert all(pairs[pair] >= 8 for pair in permutations(LANGUAGES, 2)), pairs
    assert all(pairs[language, language] >= 20 for language in LANGUAGES), pairs


def test_qrels_name_articles_that_exist_and_match_the_evidence(
    articles: dict[str, str], answers: dict[str, dict[str, Any]], qrels: dict[str, set[str]]
) -> None:
    assert {article_id for relevant in qrels.values() for article_id in relevant} == articles.keys()
    assert qrels.keys() == {query_id for query_id, row in answers.items() if row["answerable"]}
    assert all(set(answers[query_id]["evidence_ids"]) == relevant for query_id, relevant in qrels.items())


def test_gold_answers_and_quotes_stand_verbatim_in_their_articles(
    articles: dict[str, str], answers: dict[str, dict[str, Any]]
) -> None:
    for row in (row for row in answers.values() if row["answerable"]):
        assert row["unanswerable_kind"] is None
        assert len(row["answers"]) == len(row["evidence_ids"]) > 0
        for answer, article_id in zip(row["answers"], row["evidence_ids"], strict=True):
            assert answer, row
            assert answer in articles[article_id], row
            assert answer in row["answers_by_language"][article_id.split("/")[0]], row
        assert row["evidence_quote"] in articles[row["evidence_ids"][0]], row
        assert row["answers"][0] in row["evidence_quote"], row


def test_unanswerable_questions_have_no_gold(answers: dict[str, dict[str, Any]]) -> None:
    for row in (row for row in answers.values() if not row["answerable"]):
        assert row["unanswerable_kind"] in {"far", "near"}
        assert row["answers"] == row["evidence_ids"] == []
        assert row["answers_by_language"] == {}
        assert row["evidence_quote"] is None
