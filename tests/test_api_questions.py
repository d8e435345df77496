"""The HTTP API over the scripted pipeline: answers, streams, passages, documents, feedback, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from calling import build_app, call, events_of
from fastapi import FastAPI
from scripted import ARABIC, BROKEN, CHINESE, CRASHING, ENGLISH, UNANSWERED, ScriptedPipeline

from qa.answer import Exchange

PIPELINE = ScriptedPipeline()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def app(folder: Path) -> FastAPI:
    return build_app(folder, PIPELINE)


def test_ask_gives_the_contract_json_with_exact_spans(app: FastAPI) -> None:
    response = call(app, "POST", "/api/ask", json={"question": ARABIC, "history": [], "stream": False})
    body = response.json()
    assert response.status_code == 200
    assert body["question"] == ARABIC
    assert body["language"] == "ar"
    assert body["abstained"] is False
    assert [sentence["kind"] for sentence in body["sentences"]] == ["generated", "notice", "quoted"]
    assert body["id"]
    assert [citation["document_id"] for citation in body["citations"]] == ["ar-1", "zh-1"]
    for citation in body["citations"]:
        text = call(app, "GET", f"/api/documents/{citation['document_id']}").json()["text"]
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_stream_brings_sources_then_sentences_then_the_answer(app: FastAPI) -> None:
    response = call(app, "POST", "/api/ask", json={"question": ENGLISH, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response.text)
    assert [name for name, _ in events] == ["sources", "sentence", "sentence", "sentence", "answer"]
    hits = events[0][1]["hits"]
    assert [(hit["rank"], hit["document_id"], hit["title"]) for hit in hits[:2]] == [
        (1, "en-1", "A clinic by the water"),
        (2, "ar-1", "عيادة على الماء"),
    ]
    assert hits[0]["page"] == 1
    sentence = events[1][1]
    assert sentence["text"] == "The harbour clinic opened on 4 May 2021."
    assert [citation["marker"] for citation in sentence["citations"]] == sentence["markers"] == [1]
    whole = call(app, "POST", "/api/ask", json={"question": ENGLISH}).json()
    answer = events[-1][1]
    assert {**answer, "id": ""} == {**whole, "id": ""}
    assert answer["id"] == events[0][1]["id"]


def test_a_stream_that_breaks_ends_with_an_error_and_one_that_is_refused_does_not_begin(app: FastAPI) -> None:
    for question, message in ((BROKEN, "did not answer in 30 s"), (CRASHING, "something went wrong")):
        response = call(app, "POST", "/api/ask", json={"question": question, "stream": True})
        events = events_of(response.text)
        assert [name for name, _ in events] == ["sources", "error"]
        assert message in events[1][1]["error"]
        assert "secret" not in response.text
    refused = call(app, "POST", "/api/ask", json={"question": " ", "stream": True})
    assert refused.status_code == 400
    assert refused.json() == {"error": "the question is empty: ask something", "kind": "request"}


def test_earlier_exchanges_reach_the_pipeline_even_as_whole_answers(app: FastAPI) -> None:
    first = call(app, "POST", "/api/ask", json={"question": ENGLISH}).json()
    call(app, "POST", "/api/ask", json={"question": CHINESE, "history": [first]})
    assert PIPELINE.history == [Exchange(ENGLISH, first["answer"])]


def test_an_abstention_is_an_answer_with_the_closest_passages(app: FastAPI) -> None:
    body = call(app, "POST", "/api/ask", json={"question": UNANSWERED}).json()
    assert body["abstained"] is True
    assert body["citations"] == []
    assert [near["quote"] for near in body["closest"]] == ["Boats moor at its door."]


def test_search_ranks_k_hits_and_names_the_language(app: FastAPI) -> None:
    body = call(app, "POST", "/api/search", json={"question": CHINESE, "k": 2}).json()
    assert body["language"] == "zh"
    assert [(hit["rank"], hit["document_id"]) for hit in body["hits"]] == [(1, "zh-1"), (2, "en-1")]
    assert len(call(app, "POST", "/api/search", json={"question": CHINESE}).json()["hits"]) == 5


def test_a_filter_reaches_the_pipeline(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    search = PIPELINE.search

    def noting(question: str, k: int = 10, *, only: Any = None) -> Any:
        seen.append(only)
        return search(question, k)

    monkeypatch.setattr(PIPELINE, "search", noting)
    only = {"languages": ["ar"], "sources": ["articles/*"], "metadata": {"year": 2021}}
    assert call(app, "POST", "/api/search", json={"question": ARABIC, "only": only}).status_code == 200
    assert seen[0].languages == {"ar"}
    assert seen[0].sources == ("articles/*",)
    assert seen[0].metadata == {"year": 2021}


def test_documents_are_listed_in_pages_and_read_whole(app: FastAPI) -> None:
    everything = call(app, "GET", "/api/documents").json()
    assert everything["total"] == len(everything["documents"]) == 5
    assert set(everything["documents"][0]) >= {"id", "source", "title", "language", "characters", "chunks"}
    page = call(app, "GET", "/api/documents?offset=1&limit=2").json()
    assert page == {"total": 5, "documents": everything["documents"][1:3]}
    document = call(app, "GET", "/api/documents/en-1").json()
    assert document["title"] == "A clinic by the water"
    assert document["pages"] == [0, 31]
    missing = call(app, "GET", "/api/documents/../../etc/passwd")
    assert missing.status_code == 404


def test_feedback_is_on_the_disk_once_it_is_acknowledged(app: FastAPI, folder: Path) -> None:
    given = {
        "id": "a1",
        "question": ARABIC,
        "answer": "نعم [1]\nلا",
        "rating": "down",
        "comment": "wrong year",
    }
    response = call(app, "POST", "/api/feedback", json=given)
    assert response.status_code == 201
    assert response.json() == {"stored": True}
    lines = (folder / "feedback.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[-1])
    assert record["at"]
    assert {name: record[name] for name in given} == given
    bad = call(app, "POST", "/api/feedback", json=given | {"rating": "sideways"})
    assert bad.status_code == 422
    assert len((folder / "feedback.jsonl").read_text(encoding="utf-8").splitlines()) == len(lines)


@pytest.mark.parametrize(
    ("path", "sent", "status", "message"),
    [
        ("/api/ask", {"json": {"question": "  "}}, 400, "the question is empty: ask something"),
        ("/api/ask", {"json": {"question": "x" * 100_000}}, 400, "the question has 100,000 characters"),
        ("/api/ask", {"json": {"question": "x" * 1_100_000}}, 413, "over 1,000,000 bytes"),
        ("/api/ask", {"json": {}}, 422, "question: Field required"),
        ("/api/ask", {"json": {"question": 7}}, 422, "question: Input should be a valid string"),
        ("/api/ask", {"json": {"question": "x", "steam": True}}, 422, "steam: Extra inputs"),
        ("/api/ask", {"json": {"question": "x", "history": [{}]}}, 422, "history.0.question: Field required"),
        ("/api/ask", {"json": ["x"]}, 422, "the body: "),
        ("/api/ask", {"content": b'{"question": '}, 422, "the body: "),
        ("/api/ask", {"content": b"question=x"}, 422, "the body: "),
        ("/api/ask", {"content": b'{"question": "\xff"}'}, 400, "parsing the body: /docs shows"),
        (
            "/api/ask",
            {"content": rb'{"question": "x \ud800"}'},
            422,
            "question: Input should be a valid string",
        ),
        ("/api/search", {"content": rb'{"question": "x \ud800"}'}, 422, "question: Input should be a valid"),
        ("/api/ask", {"data": {"question": "x"}}, 422, "send it with `Content-Type: application/json`"),
        ("/api/ask", {"json": {"question": "x", "history": [1]}}, 422, "history.0: Input should be"),
        ("/api/search", {"json": {"question": "x", "only": {"languages": "zh"}}}, 422, "a valid list"),
        ("/api/search", {"json": {"question": "x", "only": {"languages": ["ZH"]}}}, 422, "languages.0: "),
        ("/api/search", {"json": {"question": "x", "k": 0}}, 422, "k: Input should be greater"),
        ("/api/search", {"json": {"question": "x", "k": 101}}, 422, "k: Input should be less"),
        ("/api/search", {"json": {"question": "x", "only": {"author": "y"}}}, 422, "only.author: Extra"),
        ("/api/ask", {"json": {"question": BROKEN}}, 503, "the generator did not answer in 30 s"),
        ("/gradio_api/upload", {"files": {"files": b"x"}}, 404, "no uploads"),
    ],
)
def test_a_bad_request_is_refused_in_one_clear_line(
    app: FastAPI, path: str, sent: dict[str, Any], status: int, message: str
) -> None:
    headers = {"content-type": "application/json"} if "content" in sent else {}
    response = call(app, "POST", path, headers=headers, **sent)
    assert response.status_code == status
    error = response.json()["error"]
    assert message in error
    assert "\n" not in error
    assert len(error) < 300


@pytest.mark.parametrize(
    ("method", "path", "status", "message", "allow"),
    [
        ("GET", "/api/ask", 405, "/api/ask takes POST: send that instead of GET", "POST"),
        ("DELETE", "/api/documents/en-1", 405, "takes GET", "GET"),
        ("GET", "/v1/chat/completions", 405, "takes POST", "POST"),
        ("POST", "/api/ask/", 404, "there is nothing at /api/ask/: /docs lists the addresses", None),
        ("POST", "/v1/embeddings", 404, "there is nothing at /v1/embeddings", None),
    ],
)
def test_what_no_address_takes_is_refused_in_the_same_form(
    app: FastAPI, method: str, path: str, status: int, message: str, allow: str | None
) -> None:
    response = call(app, method, path)
    assert response.status_code == status
    error = response.json()["error"]
    assert message in (error["message"] if path.startswith("/v1/") else error)
    assert response.headers.get("allow") == allow


def test_the_longest_judgement_in_chinese_is_kept(app: FastAPI, folder: Path) -> None:
    longest = {"question": "问" * 4000, "answer": "答" * 20_000, "comment": "评" * 4000, "rating": "up"}
    assert call(app, "POST", "/api/feedback", json=longest).status_code == 201
    record = json.loads((folder / "feedback.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert {name: record[name] for name in longest} == longest


def test_json_in_a_plain_text_body_is_refused_so_that_no_foreign_form_can_ask(app: FastAPI) -> None:
    response = call(
        app, "POST", "/api/ask", content=b'{"question": "x"}', headers={"content-type": "text/plain"}
    )
    assert response.status_code == 422


def test_an_unexpected_error_leaks_nothing(app: FastAPI) -> None:
    response = call(app, "POST", "/api/ask", json={"question": CRASHING})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "try again" in response.json()["error"]
