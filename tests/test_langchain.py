"""The LangChain adapters: the standard retriever suite, the runnable, and the documented example."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_tests.integration_tests import RetrieversIntegrationTests

from corpus.errors import InvalidRequest
from corpus.splitting import Splitter
from index import Index, update_index
from index.embedder import HashEmbedder
from qa.asking import AnswerSettings
from qa.generators.scripted import ScriptedGenerator
from qa.langchain_adapters import TriciteRetriever, TriciteRunnable
from qa.pipeline import Pipeline
from qa.prompts import Prompt

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {
    "tram.txt": "Line 6 in Harrowmere is 9.7 kilometres long. Line 6 has 16 stops.",
    "ferry.txt": "The ferry to the island sails at noon. A ticket costs 15 euros.",
    "bakery.txt": "The bakery on Mill Street opens at six in the morning.",
    "图书馆.txt": "市立图书馆每天上午九点开门。藏书三十万册。",
}
QUESTION = "How long is Line 6 in Harrowmere?"
ANSWER = "Line 6 in Harrowmere is 9.7 kilometres long [1]."

# The suite's own asynchronous test says so to no plugin.
pytest.mark.asyncio(RetrieversIntegrationTests.test_ainvoke_returns_documents)


def say(prompt: Prompt) -> str:
    return ANSWER


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("langchain")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    embedder, splitter = HashEmbedder(), Splitter()
    update_index(folder / "index", [folder / name for name in TEXTS], embedder, splitter=splitter)
    settings = AnswerSettings(threshold=-100.0, reader=False)
    made = Pipeline(Index(folder / "index", embedder, splitter), ScriptedGenerator(say), settings)
    yield made
    made.close()


class TestStandardRetriever(RetrieversIntegrationTests):
    """langchain-tests' suite for retrievers."""

    made: Pipeline

    @pytest.fixture(autouse=True)
    def with_pipeline(self, pipeline: Pipeline) -> None:
        type(self).made = pipeline

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return TriciteRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"pipeline": self.made, "k": 2}

    @property
    def retriever_query_example(self) -> str:
        return QUESTION


def test_a_document_is_a_place_in_its_source(pipeline: Pipeline) -> None:
    best = TriciteRetriever(pipeline=pipeline, k=1).invoke(QUESTION)[0]
    assert best.page_content == TEXTS["tram.txt"]
    assert best.metadata["source"] == "tram.txt" and best.metadata["language"] == "en"
    text = pipeline.index.document(best.metadata["document_id"]).text
    assert text[best.metadata["start"] : best.metadata["end"]] == best.page_content
    assert isinstance(best.metadata["score"], float) and best.id


def test_the_runnable_answers_with_citations(pipeline: Pipeline) -> None:
    answer = TriciteRunnable(pipeline).invoke(QUESTION)
    assert answer["answer"] == "Line 6 in Harrowmere is 9.7 kilometres long. [1]"
    assert answer["citations"][0]["quote"] == "Line 6 in Harrowmere is 9.7 kilometres long."
    assert TriciteRunnable(pipeline).invoke({"question": QUESTION})["answer"] == answer["answer"]


def test_the_stream_ends_with_the_answer(pipeline: Pipeline) -> None:
    ask = TriciteRunnable(pipeline)
    events = list(ask.stream(QUESTION))
    assert [event.get("event") for event in events] == ["sources", "sentence", None]
    assert events[0]["hits"][0]["source"] == "tram.txt"
    assert events[1]["markers"] == [1] and events[1]["citations"][0]["marker"] == 1
    assert events[-1]["answer"] == ask.invoke(QUESTION)["answer"]


def test_a_stream_that_is_left_ends_the_work(pipeline: Pipeline) -> None:
    events = TriciteRunnable(pipeline).stream(QUESTION)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert TriciteRunnable(pipeline).invoke(QUESTION)["citations"]


def test_asynchronous_calls(pipeline: Pipeline) -> None:
    ask = TriciteRunnable(pipeline)

    async def both() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return await ask.ainvoke(QUESTION), [event async for event in ask.astream(QUESTION)]

    answer, events = asyncio.run(both())
    assert answer["answer"] == events[-1]["answer"]
    assert len(events) == 3


def test_in_a_chain_and_in_a_batch(pipeline: Pipeline) -> None:
    chain = TriciteRunnable(pipeline) | RunnableLambda(lambda reply: reply["answer"])
    assert chain.invoke(QUESTION).endswith("[1]")
    assert "".join(chain.stream(QUESTION)).endswith("[1]")
    assert chain.batch([QUESTION, QUESTION]) == [chain.invoke(QUESTION)] * 2


@pytest.mark.parametrize(
    "history",
    [
        [{"question": QUESTION, "answer": ANSWER}],
        [SystemMessage("Be brief."), HumanMessage(QUESTION), AIMessage(ANSWER)],
    ],
)
def test_history_reaches_the_pipeline(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, history: list[Any]
) -> None:
    seen = []
    ask = pipeline.ask

    def spy(question: str, **options: Any) -> Any:
        seen.append(options["history"])
        return ask(question)

    monkeypatch.setattr(pipeline, "ask", spy)
    TriciteRunnable(pipeline).invoke({"question": "How many stops does it have?", "history": history})
    assert [(one.question, one.answer) for one in seen[0]] == [(QUESTION, ANSWER)]


@pytest.mark.parametrize("given", [7, {}, {"question": 7}, {"question": "Who?", "history": ["no"]}, "  "])
def test_other_inputs_are_refused(pipeline: Pipeline, given: Any) -> None:
    with pytest.raises(InvalidRequest):
        TriciteRunnable(pipeline).invoke(given)
    with pytest.raises(InvalidRequest):
        list(TriciteRunnable(pipeline).stream(given))


@pytest.mark.model
def test_the_documented_example_runs(sample_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRICITE_INDEX", str(sample_index))
    monkeypatch.setenv("TRICITE_GENERATOR", "none")
    page = (ROOT / "docs" / "langchain.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert example
    names: dict[str, Any] = {}
    exec(example[1], names)
    try:
        assert names["passages"][0].metadata["source"] == "en/tram-line.md"
        assert "9.7 kilometres" in names["answer"]["answer"]
        assert "16 stops" in names["follow_up"]
    finally:
        names["pipeline"].close()
