"""Follow-up questions: what is put in, and above all what is left alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.dialogues import DIALOGUES, FORMS, measured, summary
from corpus.splitting import Splitter
from index import HybridRetriever, Index
from index.embedder import SentenceTransformerEmbedder
from qa.answer import Exchange
from qa.conversation import standalone

ROOT = Path(__file__).resolve().parents[1]
FERRY = {
    "en": Exchange("How many passengers does the Blue Ferry carry?", "It carries 400 passengers. [1]"),
    "ar": Exchange("كم راكبًا تنقل العبّارة الزرقاء؟", "تنقل العبّارة الزرقاء 400 راكب. [1]"),
    "zh": Exchange("蓝色渡轮每天运送多少乘客？", "蓝色渡轮每天运送400名乘客。 [1]"),
}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When does it sail?", "When does the Blue Ferry sail?"),
        ("Who is its captain?", "Who is the Blue Ferry's captain?"),
        ("And in winter?", "How many passengers does the Blue Ferry carry in winter?"),
        ("And the Red Ferry?", "How many passengers does the Red Ferry carry?"),
        ("What about the Red Ferry in Norport?", "How many passengers does the Red Ferry in Norport carry?"),
        ("Who was the captain?", "Who was the captain (the Blue Ferry)?"),
        ("What can one eat there?", "What can one eat at the Blue Ferry?"),
        ("Why?", "How many passengers does the Blue Ferry carry? Why?"),
        ("它几点开？", "the Blue Ferry几点开？"),
        ("ومتى تبحر؟", "ومتى تبحر (the Blue Ferry)؟"),
    ],
)
def test_after_an_english_question(question: str, expected: str) -> None:
    assert standalone(question, [FERRY["en"]]) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("متى تأسست؟", "متى تأسست (العبّارة الزرقاء)؟"),
        ("ومن قبطانها؟", "ومن قبطانها (العبّارة الزرقاء)؟"),
        ("كم يدفع الراكب فيها؟", "كم يدفع الراكب فيها (العبّارة الزرقاء)؟"),
        ("وماذا عن العبّارة الحمراء؟", "كم راكبًا تنقل العبّارة الحمراء؟"),
        ("وفي عام 2019؟", "كم راكبًا تنقل العبّارة الزرقاء في عام 2019؟"),
        ("وما سعر التذكرة هناك؟", "وما سعر التذكرة هناك (العبّارة الزرقاء)؟"),
    ],
)
def test_after_an_arabic_question(question: str, expected: str) -> None:
    assert standalone(question, [FERRY["ar"]]) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("它几点开？", "蓝色渡轮几点开？"),
        ("它的船长是谁？", "蓝色渡轮的船长是谁？"),
        ("那红色渡轮呢？", "红色渡轮每天运送多少乘客？"),
        ("2019年呢？", "蓝色渡轮每天运送多少乘客，2019年？"),
        ("票价多少？", "蓝色渡轮票价多少？"),
        ("那裡有餐廳嗎？", "蓝色渡轮有餐廳嗎？"),
        ("这种船有多长？", "蓝色渡轮这种船有多长？"),
    ],
)
def test_after_a_chinese_question(question: str, expected: str) -> None:
    assert standalone(question, [FERRY["zh"]]) == expected


def test_a_person_comes_from_the_answer() -> None:
    who = Exchange("Who sails the Blue Ferry?", "The captain, Anna Berg, took over in May. [1]")
    assert standalone("How old is she?", [who]) == "How old is Anna Berg (the Blue Ferry)?"
    who = Exchange("蓝色渡轮的船长是谁？", "船长是王海平教授。 [1]")
    assert standalone("他多大年纪？", [who]).endswith("（蓝色渡轮）多大年纪？")


def test_the_topic_is_kept_over_several_turns_and_changes_with_it() -> None:
    history = [FERRY["en"], Exchange("When does it sail?", "At noon. [1]")]
    assert standalone("And who is its captain?", history) == "who is the Blue Ferry's captain?"
    history.append(Exchange("And the Red Ferry?", "At six. [1]"))
    assert standalone("Who is its captain?", history) == "Who is the Red Ferry's captain?"
    history.append(Exchange("How long is the Norport bridge?", "300 metres. [1]"))
    assert standalone("When was it built?", history) == "When was the Norport bridge built?"


def test_without_history_nothing_changes() -> None:
    for question in ("When does it sail?", "ومتى تبحر؟", "它几点开？", "Why?"):
        assert standalone(question, []) == question


@pytest.mark.parametrize("language", FERRY)
def test_every_question_of_the_sample_set_is_left_alone(language: str) -> None:
    lines = (ROOT / "eval" / "sample" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["text"] for line in lines]
    assert len(questions) == 144
    assert [text for text in questions if standalone(text, [FERRY[language]]) != text] == []


def test_written_out_follow_ups_are_left_alone_too() -> None:
    dialogues = [json.loads(line) for line in DIALOGUES.read_text(encoding="utf-8").splitlines()]
    changed = [
        dialogue["written_out"]
        for dialogue in dialogues
        if standalone(dialogue["written_out"], [Exchange(**one) for one in dialogue["history"]])
        != dialogue["written_out"]
    ]
    assert len(dialogues) == 60
    assert len(changed) <= 1


@given(st.text(max_size=60), st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=3))
def test_any_text_is_taken(question: str, history: list[tuple[str, str]]) -> None:
    assert isinstance(standalone(question, [Exchange(*one) for one in history]), str)


@pytest.mark.parametrize("piece", ["the it ", "A'b-", "وهو ", "那它的", "[", "of the "])
def test_long_texts_take_no_time(piece: str) -> None:
    long = piece * (4000 // len(piece))
    started = time.perf_counter()
    standalone(long, [Exchange(long, long * 5)] * 20)
    assert time.perf_counter() - started < 5


@pytest.fixture(scope="module")
def retriever(sample_index: Path, embedder: SentenceTransformerEmbedder) -> Iterator[HybridRetriever]:
    index = Index(sample_index, embedder, Splitter())
    yield HybridRetriever(index)
    index.close()


@pytest.mark.model
def test_follow_ups_find_what_their_written_out_forms_find(retriever: HybridRetriever) -> None:
    dialogues = [json.loads(line) for line in DIALOGUES.read_text(encoding="utf-8").splitlines()][::3]
    figures = summary([measured(dialogue, retriever) for dialogue in dialogues])["all"]
    assert set(FORMS) < set(figures)
    assert figures["standalone"]["share"] >= 0.9
    assert figures["standalone"]["ndcg"] > figures["alone"]["ndcg"] + 0.1
