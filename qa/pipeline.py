"""Question -> hits -> evidence -> prompt -> checked sentences -> Answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from corpus.errors import InvalidRequest
from corpus.language import detect_language
from index import (
    EVERYTHING,
    Filter,
    Hit,
    HybridRetriever,
    Index,
    Query,
    RetrievalSettings,
    collapse_duplicates,
)
from index.batching import Batching
from qa.answer import Answer, AnswerEvent, Event, Exchange
from qa.asking import AnswerSettings, Asking, Parts
from qa.checking import SupportChecker
from qa.conversation import standalone
from qa.generators import Generator, never
from qa.reader import SpanReader

LONGEST_QUESTION = 4000
"""Characters."""


class Pipeline:
    """Answers questions over an index. Safe to share between threads; follows the index as it changes."""

    def __init__(
        self,
        index: Index,
        generator: Generator,
        settings: AnswerSettings | None = None,
        retrieval: RetrievalSettings | None = None,
        batching: Batching | None = None,
    ) -> None:
        self.generator = generator
        self._reader = SpanReader()
        self._checker = SupportChecker(index.embedder)
        self._settings = settings or AnswerSettings()
        self._lock = threading.Lock()
        self._batching = batching
        self._retriever = HybridRetriever(index, retrieval, batching)

    @property
    def index(self) -> Index:
        """The current snapshot of the index."""
        return self._current().index

    def search(self, question: str, k: int = 10, *, only: Filter = EVERYTHING) -> list[Hit]:
        """The best chunk of each of the k best documents, near-identical passages shown once.

        Raises InvalidRequest for a bad question.
        """
        query, _ = understand(question)
        return collapse_duplicates(self._current().search(query, 2 * k, only), k)

    def language(self, question: str) -> str:
        """The language of a question (ISO 639-1). Raises InvalidRequest as search does."""
        return understand(question)[0].language

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        only: Filter = EVERYTHING,
        cancelled: Callable[[], bool] = never,
    ) -> Answer:
        """The checked answer. Raises InvalidRequest for a question that is empty or too long.

        history: what was asked and answered before, oldest first. only: the passages it may rest on.
        """
        for event in self.stream(question, history=history, only=only, cancelled=cancelled):
            if isinstance(event, AnswerEvent):
                return event.answer
        raise RuntimeError("a stream always ends with its answer")

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        only: Filter = EVERYTHING,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[Event]:
        """The sources first, then every sentence once it is checked, then the whole answer; as ask."""
        query, script = understand(question)
        complete = standalone(query.text, history)
        parts = Parts(self.generator, self._reader, self._checker, self._settings)
        return Asking(parts, self._current(), query, complete, script, only, cancelled).run()

    def close(self) -> None:
        """Free the generator and the index."""
        self.generator.close()
        self._retriever.index.close()

    def _current(self) -> HybridRetriever:
        with self._lock:
            old = self._retriever.index
            if not old.is_current():
                current = Index(old.folder, old.embedder, old.splitter)
                self._retriever = HybridRetriever(current, self._retriever.settings, self._batching)
            return self._retriever


def understand(question: str) -> tuple[Query, str]:
    """A question's Query and script. Raises InvalidRequest when it is empty or too long."""
    text = question.strip()
    if not any(character.isalnum() for character in text):
        raise InvalidRequest("the question is empty: type a question in Arabic, Chinese or English")
    if len(text) > LONGEST_QUESTION:
        raise InvalidRequest(
            f"the question has {len(text)} characters, at most {LONGEST_QUESTION} are read: shorten it"
        )
    language, script = detect_language(text)
    return Query(text, language), script
