"""Clients as people have them: OpenAI's and Gradio's own."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest
from browsing import served
from gradio_client import Client
from scripted import ARABIC, BROKEN, CHINESE, ENGLISH, EXAMPLES, UNANSWERED, ScriptedPipeline

from app import create_app
from qa.answer import Exchange
from qa.settings import load_settings

PIPELINE = ScriptedPipeline()
TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = load_settings(feedback=tmp_path_factory.mktemp("clients") / "feedback.jsonl", tokens=[TOKEN])
    with served(lambda: create_app(PIPELINE, settings, examples=EXAMPLES)) as found:  # type: ignore[arg-type]
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}v1", api_key=TOKEN, max_retries=0) as made:
        yield made


def test_openai_lists_the_model(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tricite"]
    assert client.models.retrieve("tricite").owned_by == "tricite"
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-9'"):
        client.models.retrieve("gpt-9")


def test_openai_gets_a_cited_answer_and_its_citations(client: openai.OpenAI) -> None:
    messages = [
        {"role": "system", "content": "Answer like a pirate."},
        {"role": "user", "content": CHINESE},
        {"role": "assistant", "content": "是的。"},
        {"role": "user", "content": [{"type": "text", "text": ARABIC}]},
    ]
    completion = client.chat.completions.create(model="tricite", messages=messages, temperature=0.7)  # type: ignore[arg-type]
    content = completion.choices[0].message.content
    assert content is not None
    assert content.startswith("افتُتحت عيادة الميناء في 4 مايو 2021، وفيها 12 سريرًا. [1]")
    assert content.endswith(
        "[1] عيادة على الماء (articles/clinic-ar.md)\n[2] 水边的诊所 (articles/clinic-zh.md)"
    )
    assert completion.choices[0].finish_reason == "stop"
    extra = completion.model_extra or {}
    assert [citation["document_id"] for citation in extra["citations"]] == ["ar-1", "zh-1"]
    assert extra["abstained"] is False
    assert PIPELINE.history == [Exchange(CHINESE, "是的。")]


def test_openai_streams_sentence_by_sentence(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="tricite", messages=[{"role": "user", "content": ENGLISH}], stream=True
        )
    )
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
    assert pieces[:2] == [
        "The harbour clinic opened on 4 May 2021. [1]",
        " It has twelve beds, by the water of the old harbour. [1]",
    ]
    whole = client.chat.completions.create(model="x", messages=[{"role": "user", "content": ENGLISH}])
    assert "".join(pieces) == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, "stop"]
    assert len((chunks[-1].model_extra or {})["citations"]) == 2


def test_openai_gets_an_abstention_as_an_answer(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="tricite", messages=[{"role": "user", "content": UNANSWERED}]
    )
    assert completion.choices[0].message.content == "The documents do not say."
    assert (completion.model_extra or {})["abstained"] is True


def test_openai_meets_problems_as_its_own_errors(client: openai.OpenAI, address: str) -> None:
    user = [{"role": "user", "content": BROKEN}]
    with pytest.raises(openai.InternalServerError, match="did not answer in 30 s"):
        client.chat.completions.create(model="tricite", messages=user)  # type: ignore[arg-type]
    with pytest.raises(openai.APIError, match="did not answer in 30 s"):
        list(client.chat.completions.create(model="tricite", messages=user, stream=True))  # type: ignore[arg-type]
    with pytest.raises(openai.BadRequestError, match="end the messages with the question"):
        client.chat.completions.create(
            model="tricite", messages=[{"role": "assistant", "content": "I begin."}]
        )
    with pytest.raises(openai.UnprocessableEntityError, match="n: Input should be 1"):
        client.chat.completions.create(model="tricite", messages=user, n=2)  # type: ignore[arg-type]
    with (
        openai.OpenAI(base_url=f"{address}v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_gradios_client_asks_too(address: str) -> None:
    client = Client(address, headers={"authorization": f"Bearer {TOKEN}"}, verbose=False)
    try:
        answer = client.predict(ENGLISH, [], api_name="/ask")
    finally:
        client.close()
    assert answer["abstained"] is False
    assert [citation["document_id"] for citation in answer["citations"]] == ["en-1", "ar-1"]
