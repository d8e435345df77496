"""Tricite as LangChain parts: a retriever of passages and a runnable that answers with citations.

Import this module only where LangChain is wanted: langchain-core takes a second or two to import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor
from pydantic import Field, SkipValidation

from corpus.errors import InvalidRequest
from qa.answer import AnswerEvent, Event, Exchange, SentenceEvent
from qa.pipeline import Pipeline
from qa.render import answer_json, citation_json, search_json

__all__ = ["TriciteRetriever", "TriciteRunnable"]

Json = dict[str, Any]
Question: TypeAlias = str | Mapping[str, Any]


class TriciteRetriever(BaseRetriever):
    """The best passage of each of the k best documents, as LangChain Documents.

    page_content is the passage's text, id the chunk's id. metadata: document_id, source, title, language,
    start and end (code points of the document's text), page (None where there are none) and score.
    invoke(question, k=...) asks for another number. Raises InvalidRequest for an empty question.
    """

    pipeline: SkipValidation[Pipeline]
    k: Annotated[int, Field(ge=1)] = 10

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        hits = self.pipeline.search(query, self.k if k is None else k)
        found = []
        index = self.pipeline.index
        for hit in hits:
            chunk = hit.chunk
            document = index.document(chunk.document_id)
            metadata = {
                "document_id": document.id,
                "source": document.source,
                "title": document.title,
                "language": chunk.language,
                "start": chunk.start,
                "end": chunk.end,
                "page": document.page(chunk.start),
                "score": hit.score,
            }
            found.append(Document(page_content=chunk.text, id=chunk.id, metadata=metadata))
        return found


class TriciteRunnable(Runnable[Question, Json]):
    """A question -> its checked answer, as the JSON of `tricite ask --json`.

    Input: the question, or {"question": ..., "history": [...]} where history, oldest first, holds
    {"question", "answer"} or LangChain's human and AI messages. stream() yields {"event": "sources", "hits"},
    then {"event": "sentence", ...} for each checked sentence, and last the answer that invoke() returns.
    Raises InvalidRequest for any other input.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Json:
        return self._call_with_config(self._answer, input, config)

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> Iterator[Json]:
        return self._transform_stream_with_config(iter([input]), self._events_of_one, config)

    async def astream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> AsyncIterator[Json]:
        """As stream; the work is done in a thread."""
        events = self.stream(input, config)
        while (event := await run_in_executor(config, next, events, None)) is not None:
            yield event

    def _answer(self, given: Question) -> Json:
        question, history = _read(given)
        return answer_json("", self.pipeline.ask(question, history=history))

    def _events_of_one(self, inputs: Iterator[Question]) -> Iterator[Json]:
        for given in inputs:
            question, history = _read(given)
            for event in self.pipeline.stream(question, history=history):
                yield self._event_json(event, question)

    def _event_json(self, event: Event, question: str) -> Json:
        if isinstance(event, AnswerEvent):
            return answer_json("", event.answer)
        if isinstance(event, SentenceEvent):
            sentence = event.sentence
            return {
                "event": "sentence",
                "text": sentence.text,
                "kind": sentence.kind,
                "markers": list(sentence.markers),
                "support": sentence.support,
                "citations": [citation_json(citation) for citation in event.citations],
            }
        language = self.pipeline.language(question)
        found = search_json("", question, language, event.hits, self.pipeline.index)
        return {"event": "sources", "hits": found["hits"]}


def _read(given: Question) -> tuple[str, list[Exchange]]:
    """Question and history of an input."""
    if isinstance(given, str):
        return given, []
    if isinstance(given, Mapping) and isinstance(given.get("question"), str):
        return given["question"], _exchanges(given.get("history") or [])
    raise InvalidRequest(
        f'the input is {type(given).__name__}; give the question, or {{"question": "...", "history": [...]}}'
    )


def _exchanges(history: Sequence[Any]) -> list[Exchange]:
    exchanges: list[Exchange] = []
    asked = None
    for entry in history:
        if isinstance(entry, Exchange):
            exchanges.append(entry)
        elif isinstance(entry, Mapping) and {"question", "answer"} <= entry.keys():
            exchanges.append(Exchange(str(entry["question"]), str(entry["answer"])))
        elif isinstance(entry, HumanMessage):
            asked = str(entry.text)
        elif isinstance(entry, AIMessage):
            if asked is not None:
                exchanges.append(Exchange(asked, str(entry.text)))
            asked = None
        elif not isinstance(entry, BaseMessage):  # system and tool messages are no part of what was said
            raise InvalidRequest(
                f"history holds {type(entry).__name__}; give question-and-answer pairs or LangChain messages"
            )
    return exchanges
