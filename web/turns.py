"""One question on the chat page and what has come of it so far, as the JSON that the page draws.

The page writes every piece as text, never as HTML: questions, titles and documents are untrusted.
Offsets stay here, in code points; the page gets passages already cut at the cited spans.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from corpus.errors import TriciteError
from corpus.language import detect_language
from qa.answer import AnswerEvent, Citation, Event, Exchange, Sentence, SentenceEvent, SourcesEvent
from web.problems import kind_of_error
from web.queueing import Slots, WaitingEvent, answer_in_turn

if TYPE_CHECKING:
    from qa.pipeline import Pipeline

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Passage:
    """A found passage with what its card says. language: a BCP 47 tag; start: offset in the document."""

    chunk_id: str
    document_id: str
    title: str
    source: str
    language: str
    page: int | None
    start: int
    text: str


@dataclass(slots=True)
class Turn:
    """One question and what has come of it so far.

    position: in the line for the generator, 0 when not. problem: a message, and kind: what it is about (see
    web/problems.py); both "" when only the log should know what went wrong.
    """

    id: str
    question: str
    state: Literal["searching", "waiting", "writing", "done", "stopped", "failed"] = "searching"
    position: int = 0
    passages: tuple[Passage, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    closest: tuple[Citation, ...] = ()
    abstained: bool = False
    problem: str = ""
    kind: str = ""

    def take(self, event: Event | WaitingEvent, pipeline: Pipeline) -> None:
        """Note what an event of the stream brings."""
        if isinstance(event, SourcesEvent):
            self.state = "writing"
            index = pipeline.index  # each time it is asked for, it looks whether the folder changed
            for hit in event.hits:
                chunk, document = hit.chunk, index.document(hit.chunk.document_id)
                self.passages += (
                    Passage(
                        chunk.id,
                        document.id,
                        document.title,
                        document.source,
                        language_tag(chunk.language, chunk.script),
                        document.page(chunk.start),
                        chunk.start,
                        chunk.text,
                    ),
                )
        elif isinstance(event, WaitingEvent):
            self.state, self.position = "waiting", event.position
        elif isinstance(event, SentenceEvent):
            known = {citation.marker for citation in self.citations}
            self.state, self.position = "writing", 0
            self.sentences += (event.sentence,)
            self.citations += tuple(each for each in event.citations if each.marker not in known)
        elif isinstance(event, AnswerEvent):
            self.state, self.position = "done", 0
            self.sentences, self.citations = event.answer.sentences, event.answer.citations
            self.closest, self.abstained = event.answer.closest, event.answer.abstained


def language_tag(language: str, script: str) -> str:
    """The BCP 47 tag, which says for Chinese which script."""
    return f"zh-{script}" if language == "zh" and script in ("Hans", "Hant") else language


def follow(
    pipeline: Pipeline,
    slots: Slots,
    turn: Turn,
    history: Sequence[Exchange],
    person: str,
    cancelled: Callable[[], bool],
) -> Iterator[Turn]:
    """Yield the turn at first and after each event of its answer; a problem ends it as failed."""
    yield turn
    try:
        stream = answer_in_turn(
            pipeline, slots, turn.question, history=history, person=person, cancelled=cancelled
        )
        for event in stream:
            if cancelled():
                break
            turn.take(event, pipeline)
            yield turn
    except TriciteError as problem:
        turn.state, turn.problem, turn.kind = "failed", str(problem), kind_of_error(problem)
    except Exception:
        _log.exception("a question could not be answered")
        turn.state = "failed"
    if turn.state not in ("done", "failed"):
        turn.state = "stopped"
    yield turn


def turn_json(turn: Turn) -> dict[str, Any]:
    """The turn for the page. sources: the cited passages first, by their markers, then by rank."""
    tags = {passage.chunk_id: passage.language for passage in turn.passages}
    return {
        "id": turn.id,
        "question": turn.question,
        "language": language_tag(*detect_language(turn.question)),
        "state": turn.state,
        "position": turn.position,
        "abstained": turn.abstained,
        "problem": turn.problem,
        "kind": turn.kind,
        "sentences": [asdict(sentence) for sentence in turn.sentences],
        "citations": [_citation_json(each, tags) for each in turn.citations],
        "closest": [_citation_json(each, tags) for each in turn.closest],
        "sources": _sources_json(turn),
    }


def _citation_json(citation: Citation, tags: dict[str, str]) -> dict[str, Any]:
    return asdict(citation) | {"language": tags.get(citation.chunk_id) or _tag_of(citation)}


def _tag_of(citation: Citation) -> str:
    """The tag of a citation whose passage is not among those found: its script is read off the quote."""
    return language_tag(citation.language, detect_language(citation.quote)[1])


def _sources_json(turn: Turn) -> list[dict[str, Any]]:
    spans = turn.citations or turn.closest
    known = {passage.chunk_id for passage in turn.passages}
    # A cited passage may rank below those that are listed; its sentence is then all that is shown of it.
    lone = {
        each.chunk_id: Passage(
            each.chunk_id,
            each.document_id,
            each.title,
            each.source,
            _tag_of(each),
            each.page,
            each.start,
            each.quote,
        )
        for each in spans
        if each.chunk_id not in known
    }
    cards = []
    for rank, passage in enumerate((*turn.passages, *lone.values())):
        own = sorted(
            (each for each in spans if each.chunk_id == passage.chunk_id), key=lambda each: each.marker
        )
        card = {
            "chunk_id": passage.chunk_id,
            "document_id": passage.document_id,
            "title": passage.title or passage.source,
            "source": passage.source,
            "language": passage.language,
            "page": own[0].page if own else passage.page,
            "start": own[0].start if own else passage.start,
            "end": own[0].end if own else passage.start + len(passage.text),
            "markers": [each.marker for each in own],
            "parts": cut(
                passage.text, [(each.start - passage.start, each.end - passage.start) for each in own]
            ),
        }
        cards.append((own[0].marker if own else len(spans) + 1, rank, card))
    return [card for _, _, card in sorted(cards, key=lambda each: each[:2])]


def cut(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text in pieces: (piece, whether it lies in one of the spans). Spans may overlap or overhang."""
    pieces, position = [], 0
    for start, end in sorted(spans):
        start = min(max(start, position), len(text))
        end = min(max(end, start), len(text))
        pieces += [(text[position:start], False), (text[start:end], True)]
        position = end
    pieces.append((text[position:], False))
    return [piece for piece in pieces if piece[0]]
