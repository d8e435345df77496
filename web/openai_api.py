"""The routes of OpenAI's chat API, so that its clients can ask: cited answers as chat completions."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from corpus.errors import InvalidRequest
from qa.answer import Answer, AnswerEvent, Citation, Event, Exchange, SentenceEvent
from qa.render import Json, citation_json
from web.api import Body, event_stream, told_error
from web.asking import ClientGone, begun, follow_answer, whole_answer
from web.problems import problem
from web.queueing import Slots, WaitingEvent

if TYPE_CHECKING:
    from qa.pipeline import Pipeline

MODEL = "tricite"


class _Open(Body):
    """A body that may hold more than is read: clients send temperatures and the like."""

    model_config = ConfigDict(extra="ignore")


class TextPart(_Open):
    type: Literal["text"]
    text: str


class Message(_Open):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class ChatRequest(_Open):
    model: str = Field(MODEL, description="any name; the answer comes from the server's own model")
    messages: list[Message] = Field(
        min_length=1, max_length=200, description="the last one is the question; earlier ones are its history"
    )
    stream: bool = False
    n: Literal[1] | None = None


def openai_routes(pipeline: Pipeline, slots: Slots) -> APIRouter:
    """The routes below /v1."""
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
    started = int(time.time())
    model = {"id": MODEL, "object": "model", "created": started, "owned_by": "tricite"}

    @router.get("/models")
    def models() -> Json:
        """The one model: Tricite over its index."""
        return {"object": "list", "data": [model]}

    @router.get("/models/{name}")
    def one_model(name: str, request: Request) -> Any:
        """The one model."""
        if name == MODEL:
            return model
        return problem(request.url.path, 404, f"there is no model {name!r}: use {MODEL!r}")

    @router.post("/chat/completions")
    async def chat_completions(body: ChatRequest, request: Request) -> Any:
        """Answer the last message; sentences carry [n], and `citations` holds the spans they name.

        System messages and sampling options are not followed: what an answer says is checked against the
        documents, however it is asked for.
        """
        question, history = _conversation(body.messages)
        events = follow_answer(pipeline, slots, request, question, history=history)
        head: Json = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}
        if body.stream:
            head["object"] = "chat.completion.chunk"
            return event_stream(_chunks(await begun(events), head))
        answer = await whole_answer(events)
        message = {"role": "assistant", "content": answer.text + _references(answer.citations)}
        return {
            **head,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            **_extra(answer),
        }

    return router


def _conversation(messages: Sequence[Message]) -> tuple[str, list[Exchange]]:
    """The question, and the questions before it with their answers."""
    turns = [each for each in messages if each.role in ("user", "assistant")]
    if not turns or turns[-1].role != "user":
        raise InvalidRequest("the last message is not the user's: end the messages with the question")
    history = [
        Exchange(asked.text, said.text)
        for asked, said in pairwise(turns)
        if asked.role == "user" and said.role == "assistant"
    ]
    return turns[-1].text, history


async def _chunks(events: AsyncIterator[Event | WaitingEvent], head: Json) -> AsyncIterator[tuple[str, str]]:
    """The events as the data of OpenAI's unnamed ones: a piece for each sentence, then the references."""

    def chunk(delta: Json, finish: str | None = None, **extra: Any) -> tuple[str, str]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return "", json.dumps({**head, "choices": [choice], **extra}, ensure_ascii=False)

    yield chunk({"role": "assistant", "content": ""})
    space = ""
    try:
        async for event in events:
            if isinstance(event, SentenceEvent):
                markers = "".join(f" [{marker}]" for marker in event.sentence.markers)
                yield chunk({"content": f"{space}{event.sentence.text}{markers}"})
                space = " "
            elif isinstance(event, AnswerEvent):
                yield chunk({"content": _references(event.answer.citations)})
                yield chunk({}, "stop", **_extra(event.answer))
    except ClientGone:
        return
    except Exception as error:
        yield "", bytes(problem("/v1/", 500, told_error(error)).body).decode()
        return
    yield "", "[DONE]"


def _references(citations: Sequence[Citation]) -> str:
    """The list under an answer that tells a reader what its numbers mean."""
    lines = []
    for citation in citations:
        page = f", p. {citation.page}" if citation.page else ""
        lines.append(f"[{citation.marker}] {citation.title or citation.source} ({citation.source}{page})")
    return "\n\n" + "\n".join(lines) if lines else ""


def _extra(answer: Answer) -> Json:
    """What OpenAI's form has no place for."""
    return {
        "citations": [citation_json(citation) for citation in answer.citations],
        "closest": [citation_json(citation) for citation in answer.closest],
        "abstained": answer.abstained,
    }
