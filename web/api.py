"""The HTTP API: ask, search, documents and feedback, as JSON or as server-sent events."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from corpus.errors import InvalidRequest, ServerBusy, TriciteError
from index import Filter
from qa.answer import Event, Exchange, SentenceEvent, SourcesEvent
from qa.render import Json, answer_json, citation_json, search_json
from web.asking import ClientGone, begun, follow_answer, whole_answer
from web.feedback import append_feedback
from web.problems import kind_of_error, problem
from web.queueing import Slots, WaitingEvent

if TYPE_CHECKING:
    from index import Index
    from qa.pipeline import Pipeline

FAILED = "something went wrong on the server: try again; its log has the details"
RETRY_AFTER = "60"
"""Seconds after which a client that found the line full should ask again."""

_log = logging.getLogger(__name__)


class Body(BaseModel):
    """What a request sends."""

    # With a limit, however high, strings that no encoding can hold are refused.
    model_config = ConfigDict(str_max_length=1_000_000)


class _Body(Body):
    model_config = ConfigDict(extra="forbid")


class Only(_Body):
    """Which passages may be found; what is left out asks nothing."""

    languages: list[Annotated[str, Field(pattern="^[a-z]{2,3}$")]] = Field(
        [], description="ISO 639-1 codes of passages"
    )
    sources: list[str] = Field([], description="patterns of sources, as reports/*.pdf")
    metadata: dict[str, Any] = Field({}, description="values that the document's metadata has")

    def filter(self) -> Filter:
        return Filter(frozenset(self.languages), tuple(self.sources), self.metadata)


class PastExchange(BaseModel):
    """Of an answer that is sent back as it came, only these are read."""

    question: str = Field(max_length=4000)
    answer: str = Field(max_length=20_000)


class SearchRequest(_Body):
    question: str = Field(examples=["When did the clinic open?"])
    k: int = Field(10, ge=1, le=100, description="documents to return, the best passage of each")
    only: Only = Field(default_factory=lambda: Only.model_validate({}))


class AskRequest(_Body):
    question: str = Field(examples=["When did the clinic open?"])
    history: list[PastExchange] = Field(
        [], max_length=50, description="what was asked and answered before, oldest first"
    )
    stream: bool = Field(False, description="answer with server-sent events")
    only: Only = Field(default_factory=lambda: Only.model_validate({}))


class FeedbackRequest(_Body):
    rating: Literal["up", "down"]
    question: str = Field(max_length=4000)
    answer: str = Field(max_length=20_000)
    id: str = Field("", max_length=100, description="the id of the answer")
    comment: str = Field("", max_length=4000)


def api_routes(pipeline: Pipeline, slots: Slots, feedback: Path) -> APIRouter:
    """The routes below /api, and /healthz."""
    router = APIRouter()

    @router.get("/healthz", tags=["server"])
    async def healthz() -> dict[str, str]:
        """Whether the server is ready for questions."""
        return {"status": "ok"}

    @router.post("/api/ask", tags=["questions"], responses=_PROBLEMS | _STREAM)
    async def ask(body: AskRequest, request: Request) -> Any:
        """Answer a question; every sentence names the citations that support it.

        With stream, the events are sources, waiting (while others are before you), sentence, answer, error.
        """
        history = [Exchange(each.question, each.answer) for each in body.history]
        events = follow_answer(
            pipeline, slots, request, body.question, history=history, only=body.only.filter()
        )
        answer_id = uuid.uuid4().hex
        if not body.stream:
            return answer_json(answer_id, await whole_answer(events))
        return event_stream(_told(await begun(events), answer_id, body.question, pipeline))

    @router.post("/api/search", tags=["questions"], responses=_PROBLEMS)
    def search(body: SearchRequest) -> Any:
        """The passages that fit a question, in any language, best first."""
        hits = pipeline.search(body.question, body.k, only=body.only.filter())
        index, language = pipeline.index, pipeline.language(body.question)
        found = search_json(uuid.uuid4().hex, body.question, language, hits, index)
        return JSONResponse(_titled(found, index))

    @router.get("/api/documents", tags=["documents"])
    def documents(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100, offset: Annotated[int, Query(ge=0)] = 0
    ) -> Json:
        """What is indexed, in the order of sources."""
        found = pipeline.index.documents()
        names = ("id", "source", "title", "language", "script", "characters", "chunks")
        shown = [{name: getattr(each, name) for name in names} for each in found[offset : offset + limit]]
        return {"total": len(found), "documents": shown}

    @router.get("/api/documents/{document_id:path}", tags=["documents"], responses=_PROBLEMS)
    def document(document_id: str, request: Request) -> Any:
        """A document with its text; offsets of citations count the text's Unicode code points."""
        try:
            found = pipeline.index.document(document_id)
        except InvalidRequest as error:
            return problem(request.url.path, 404, str(error))
        names = ("id", "title", "source", "language", "script", "text")
        return {name: getattr(found, name) for name in names} | {
            "metadata": dict(found.metadata),
            "pages": list(found.pages),
        }

    @router.post("/api/feedback", tags=["questions"], status_code=201, responses=_PROBLEMS)
    def give_feedback(body: FeedbackRequest) -> dict[str, bool]:
        """Keep a reader's judgement of an answer; it is on the disk when this returns."""
        append_feedback(feedback, body.model_dump())
        return {"stored": True}

    return router


def event_stream(events: AsyncIterator[tuple[str, str]]) -> StreamingResponse:
    """Server-sent events from (name, data); an empty name leaves the event unnamed."""

    async def lines() -> AsyncIterator[str]:
        async for name, data in events:
            yield (f"event: {name}\n" if name else "") + f"data: {data}\n\n"

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}  # nginx would hold the events back
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)


async def _told(
    events: AsyncIterator[Event | WaitingEvent], answer_id: str, question: str, pipeline: Pipeline
) -> AsyncIterator[tuple[str, str]]:
    """Events as (name, JSON); an error ends them as one more event."""
    try:
        async for event in events:
            name, value = _event_json(event, answer_id, question, pipeline)
            yield name, json.dumps(value, ensure_ascii=False)
    except ClientGone:
        return
    except Exception as error:
        told = {"error": told_error(error), "kind": kind_of_error(error)}
        yield "error", json.dumps(told, ensure_ascii=False)


def _event_json(
    event: Event | WaitingEvent, answer_id: str, question: str, pipeline: Pipeline
) -> tuple[str, Json]:
    if isinstance(event, SourcesEvent):
        index = pipeline.index
        found = search_json(answer_id, question, pipeline.language(question), event.hits, index)
        return "sources", _titled(found, index)
    if isinstance(event, WaitingEvent):
        return "waiting", {"position": event.position}
    if isinstance(event, SentenceEvent):
        said = event.sentence
        return "sentence", {
            "text": said.text,
            "kind": said.kind,
            "markers": list(said.markers),
            "support": said.support,
            "citations": [citation_json(citation) for citation in event.citations],
        }
    return "answer", answer_json(answer_id, event.answer)


def _titled(found: Json, index: Index) -> Json:
    """Hits with what a reader wants to see of their documents as well."""
    for hit in found["hits"]:
        document = index.document(hit["document_id"])
        hit |= {"title": document.title, "page": document.page(hit["start"])}
    return found


# -- problems ------------------------------------------------------------------------------------------


def add_error_handlers(app: FastAPI) -> None:
    """Every error as {"error": one line}, or as OpenAI's clients expect it below /v1."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _unreadable)
    app.add_exception_handler(TriciteError, _refused)
    app.add_exception_handler(ClientGone, lambda *_: Response(status_code=499))
    app.add_exception_handler(Exception, lambda request, _: _answer(request, 500, FAILED))


def told_error(error: Exception) -> str:
    """What a client is told of an error; what was not raised on purpose goes to the log alone."""
    if isinstance(error, TriciteError):
        return str(error)
    _log.error("a question could not be answered", exc_info=error)
    return FAILED


def _invalid(request: Request, error: Exception) -> Response:
    """The first thing wrong with a request's body, in one line and without the body."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    path = [str(part) for part in first["loc"][1:]]
    if "json" not in request.headers.get("content-type", "") and not path:
        return _answer(request, 422, "the body is no JSON: send it with `Content-Type: application/json`")
    where = "the body" if first["type"] == "json_invalid" or not path else ".".join(path)
    return _answer(request, 422, f"{where}: {first['msg']}; /docs shows what this address takes")


def _unreadable(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself, as a body that is no text."""
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code, f"{error.detail}: /docs shows what this address takes")


def _refused(request: Request, error: Exception) -> Response:
    return _answer(request, 400 if isinstance(error, InvalidRequest) else 503, str(error), error)


def _answer(request: Request, status: int, message: str, error: Exception | None = None) -> Response:
    response = problem(request.url.path, status, message, kind_of_error(error) if error else "")
    if isinstance(error, ServerBusy):
        response.headers["retry-after"] = RETRY_AFTER
    return response


_PROBLEM = {"content": {"application/json": {"example": {"error": "one line: what came, what was wanted"}}}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "the question cannot be served", **_PROBLEM},
    422: {"description": "the body is not what this address takes", **_PROBLEM},
    503: {"description": "the line is full, or the index or the model fails", **_PROBLEM},
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "the answer", "content": {"text/event-stream": {}}}
}
