"""The pipeline with a small index, HashEmbedder and a scripted generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corpus.errors import GeneratorFailed, InvalidRequest
from corpus.splitting import Splitter
from index import Index, update_index
from index.embedder import HashEmbedder
from qa.answer import Answer, AnswerEvent, SentenceEvent, SourcesEvent
from qa.asking import AnswerSettings
from qa.generators.scripted import ScriptedGenerator
from qa.pipeline import LONGEST_QUESTION, Pipeline
from qa.prompts import Prompt
from qa.render import answer_json, search_json

TEXTS = {
    "bakery.txt": "The bakery on Mill Street opens at six.\n\nAnna Berg bakes forty loaves of rye bread.",
    "trams.txt": "Tram line nine carries 12,000 passengers a day. It runs between harbour and airport.",
    "ferry.txt": "The ferry to the island sails at noon. A ticket costs 15 euros.",
    "مخبز.txt": "يفتح المخبز أبوابه عند السادسة صباحا. تخبز سلمى أربعين رغيفا كل يوم.",
    "图书馆.txt": "市立图书馆每天上午九点开门。藏书三十万册。",
}
TRAM = "How many passengers does tram line nine carry a day?"
Make = Callable[..., Pipeline]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    for name, text in TEXTS.items():
        path = tmp_path / "documents" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    embedder, splitter = HashEmbedder(), Splitter()
    update_index(tmp_path / "index", [tmp_path / "documents"], embedder, splitter=splitter)
    made = []

    def pipeline(
        responses: list[str] | Callable[[Prompt], str], kind: str = "completion", **options: float
    ) -> Pipeline:
        settings = AnswerSettings(**{"threshold": -100.0, **options})  # type: ignore[arg-type]
        generator = ScriptedGenerator(responses, kind)  # type: ignore[arg-type]
        made.append(Pipeline(Index(tmp_path / "index", embedder, splitter), generator, settings))
        return made[-1]

    yield pipeline
    for one in made:
        one.close()


def check(pipeline: Pipeline, answer: Answer) -> None:
    """What holds for every answer: markers, offsets, the text, the JSON."""
    markers = {citation.marker for citation in answer.citations}
    for sentence in answer.sentences:
        assert bool(sentence.markers) != (sentence.kind == "notice")
        assert set(sentence.markers) <= markers
        assert "[" not in sentence.text
    for citation in (*answer.citations, *answer.closest):
        document = pipeline.index.document(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote
    rendered = answer_json("q", answer)
    rebuilt = " ".join(
        piece["text"] + "".join(f" [{marker}]" for marker in piece["markers"])
        for piece in rendered["sentences"]
    )
    assert rendered["answer"] == rebuilt


def test_a_supported_sentence_is_shown_with_its_citation(make: Make) -> None:
    pipeline = make(["Tram line nine carries 12,000 passengers a day [1]."])
    answer = pipeline.ask(TRAM)
    check(pipeline, answer)
    assert answer.text == "Tram line nine carries 12,000 passengers a day. [1]"
    assert [sentence.kind for sentence in answer.sentences] == ["generated"]
    assert answer.citations[0].quote == "Tram line nine carries 12,000 passengers a day."
    assert answer.citations[0].source == "trams.txt"
    assert not answer.abstained


@pytest.mark.parametrize(
    "claim",
    [
        "Tram line nine carries 13,000 passengers a day [1].",
        "Tram line nine does not carry 12,000 passengers a day [1].",
        "The trams belong to Baron von Falkenstein [1].",
        "Tram line nine carries 13,000 passengers a day.",
        "[9]",
        "",
    ],
)
def test_an_unsupported_sentence_is_replaced_by_the_evidence(make: Make, claim: str) -> None:
    pipeline = make([claim])
    answer = pipeline.ask(TRAM)
    check(pipeline, answer)
    assert [sentence.kind for sentence in answer.sentences] == ["quoted"]
    assert answer.text == "Tram line nine carries 12,000 passengers a day. [1]"


def test_unmarked_and_wrongly_marked_sentences_are_attributed(make: Make) -> None:
    pipeline = make(
        [
            "Tram line nine carries 12,000 passengers a day.",
            "Tram line nine carries 12,000 passengers a day [7].",
        ]
    )
    for _ in range(2):
        answer = pipeline.ask(TRAM)
        check(pipeline, answer)
        assert answer.sentences[0].kind == "generated"
        assert answer.citations[0].source == "trams.txt"


def test_several_sentences_and_sources(make: Make) -> None:
    def respond(prompt: Prompt) -> str:
        user = prompt.messages[-1][1]
        assert "12,000" in user
        return "Tram line nine carries 12,000 passengers a day [1]. It carries 99 dogs [1]."

    pipeline = make(respond, "chat")
    answer = pipeline.ask(TRAM)
    check(pipeline, answer)
    assert answer.sentences[0].kind == "generated"
    assert "99" not in answer.text


def test_events_come_in_order(make: Make) -> None:
    pipeline = make(["Tram line nine carries 12,000 passengers a day [1]."])
    events = list(pipeline.stream(TRAM))
    assert isinstance(events[0], SourcesEvent)
    assert all(isinstance(event, SentenceEvent) for event in events[1:-1])
    assert isinstance(events[-1], AnswerEvent)
    assert events[-1].answer.sentences == tuple(event.sentence for event in events[1:-1])
    timings = events[-1].answer.timings
    assert 0 < timings["retrieve_ms"] <= timings["first_ms"] <= timings["total_ms"]


@pytest.mark.parametrize(
    ("question", "notice"),
    [
        ("Who won the chess cup?", "The documents do not answer this question."),
        ("من فاز بكأس الشطرنج؟", "لا تجيب الوثائق عن هذا السؤال."),
        ("谁赢得了象棋杯？", "文档中没有这个问题的答案。"),
        ("誰贏得了象棋盃？", "文件中沒有這個問題的答案。"),
    ],
)
def test_abstention_in_the_questions_language(make: Make, question: str, notice: str) -> None:
    pipeline = make(["should never be asked"], threshold=1e9)
    answer = pipeline.ask(question)
    check(pipeline, answer)
    assert answer.abstained and answer.text == notice
    assert answer.citations == () and answer.closest
    assert pipeline.generator.prompts == []  # type: ignore[attr-defined]


def test_a_quotation_in_another_language_says_so(make: Make) -> None:
    pipeline = make(["never asked"])
    answer = pipeline.ask("متى تُبحر العبّارة ferry island sails noon؟")
    check(pipeline, answer)
    assert answer.language == "ar"
    assert [sentence.kind for sentence in answer.sentences] == ["notice", "quoted"]
    assert "الإنجليزية" in answer.sentences[0].text


def test_a_failing_generator_still_shows_the_evidence(make: Make) -> None:
    def fail(prompt: Prompt) -> str:
        raise GeneratorFailed("the model server did not answer in 30 s")

    pipeline = make(fail)
    answer = pipeline.ask(TRAM)
    check(pipeline, answer)
    assert [sentence.kind for sentence in answer.sentences] == ["notice", "quoted"]
    assert "did not answer in 30 s" in answer.sentences[0].text


@pytest.mark.parametrize("question", ["", "   \n", "?!", "a" * (LONGEST_QUESTION + 1), "x" * 100_000])
def test_bad_questions(make: Make, question: str) -> None:
    with pytest.raises(InvalidRequest):
        make([]).ask(question)
    with pytest.raises(InvalidRequest):
        make([]).search(question)


def test_follows_the_index_as_it_changes(make: Make, tmp_path: Path) -> None:
    pipeline = make(lambda prompt: "")
    assert pipeline.search("zeppelin landing field")[0].chunk.text != "The zeppelin landing field is green."
    (tmp_path / "documents" / "zeppelin.txt").write_text(
        "The zeppelin landing field is green.", encoding="utf-8"
    )
    update_index(tmp_path / "index", [tmp_path / "documents"], HashEmbedder(), splitter=Splitter())
    assert pipeline.search("zeppelin landing field")[0].chunk.text == "The zeppelin landing field is green."


def test_search_json(make: Make) -> None:
    pipeline = make([])
    hits = pipeline.search(TRAM, 2)
    rendered = search_json("q1", TRAM, "en", hits, pipeline.index)
    assert [hit["rank"] for hit in rendered["hits"]] == [1, 2]
    assert rendered["hits"][0]["source"] == "trams.txt"
    assert {"chunk_id", "document_id", "language", "score", "start", "end", "text"} <= rendered["hits"][
        0
    ].keys()
