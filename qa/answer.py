"""The types that question answering hands on: Citation, Sentence, Answer, and the events of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from index import Hit


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question asked before and the text of its answer, for questions that follow up."""

    question: str
    answer: str


Kind = Literal["generated", "quoted", "notice"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence-exact span of a document: document.text[start:end] == quote.

    marker: the number shown in the answer as [marker]; page: 1-based, only for sources with pages.
    """

    marker: int
    document_id: str
    chunk_id: str
    source: str
    title: str
    language: str
    start: int
    end: int
    quote: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without markers in its text.

    kind: generated (written by the generator and checked), quoted (the evidence itself) or notice
    (said by Tricite; the only kind without a marker). support: 0 to 1, how far the cited span supports it.
    """

    text: str
    kind: Kind
    markers: tuple[int, ...] = ()
    support: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer. closest: near-miss passages, filled when abstained. timings: milliseconds.

    confidence: the score of the best evidence, which the threshold of abstention is set against; on one
    scale for all languages, higher is surer.
    """

    question: str
    language: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    abstained: bool
    short_answer: str = ""
    confidence: float = 0.0
    closest: tuple[Citation, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentences' texts, each followed by its markers as " [n]"."""
        return " ".join(
            sentence.text + "".join(f" [{marker}]" for marker in sentence.markers)
            for sentence in self.sentences
        )


@dataclass(frozen=True, slots=True)
class SourcesEvent:
    """Sent first: the passages found, before any sentence is written."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class SentenceEvent:
    """A complete, checked sentence with the citations its markers name."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """Sent last: the whole answer."""

    answer: Answer


Event = SourcesEvent | SentenceEvent | AnswerEvent
