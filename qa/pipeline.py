"""Question -> hits -> evidence -> prompt -> checked sentences -> Answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from corpus.errors import GeneratorFailed, InvalidRequest
from corpus.language import detect_language
from index import Hit, HybridRetriever, Index, Query, best_by_document
from index.embedder import Embedding
from qa.answer import Answer, AnswerEvent, Citation, Event, Sentence, SentenceEvent, SourcesEvent
from qa.checking import SUPPORTED, support
from qa.evidence import EvidenceSentence, select_evidence
from qa.generators import Generator, never
from qa.markers import split_markers
from qa.messages import message
from qa.prompts import NO_ANSWER, Evidence, Prompt, build_prompt

LONGEST_QUESTION = 4000
"""Characters."""

THRESHOLD = 41.9
"""The evidence score below which a question is not answered; fitted by qa/training/fit_abstention.py."""

EVIDENCE_HITS = 8
_CHUNKS = 60
"""Passages whose sentences are weighed, several of a document too; and passages ranked."""

_COMPLETION_TOKENS = 80
_CLOSEST = 3
_TIE = 0.5
"""Evidence scores nearer than this do not tell which sentence is the better: both are quoted."""


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """hits: passages retrieved. evidence: sentences given to the generator. sentences and tokens: the
    most an answer may have. threshold: the least evidence score that is answered."""

    hits: int = 10
    evidence: int = 3
    sentences: int = 4
    tokens: int = 256
    threshold: float = THRESHOLD


class Pipeline:
    """Answers questions over an index. Safe to share between threads; follows the index as it changes."""

    def __init__(self, index: Index, generator: Generator, settings: AnswerSettings | None = None) -> None:
        self.generator = generator
        self.settings = settings or AnswerSettings()
        self._lock = threading.Lock()
        self._retriever = HybridRetriever(index)

    @property
    def index(self) -> Index:
        """The current snapshot of the index."""
        return self._retriever.index

    def search(self, question: str, k: int = 10) -> list[Hit]:
        """The best chunk of each of the k best documents. Raises InvalidRequest for a bad question."""
        query, _ = understand(question)
        return self._current().search(query, k)

    def language(self, question: str) -> str:
        """The language of a question (ISO 639-1). Raises InvalidRequest as search does."""
        return understand(question)[0].language

    def ask(self, question: str, *, cancelled: Callable[[], bool] = never) -> Answer:
        """The checked answer. Raises InvalidRequest for a question that is empty or too long."""
        for event in self.stream(question, cancelled=cancelled):
            if isinstance(event, AnswerEvent):
                return event.answer
        raise RuntimeError("a stream always ends with its answer")

    def stream(self, question: str, *, cancelled: Callable[[], bool] | None = None) -> Iterator[Event]:
        """The sources first, then every sentence once it is checked, then the whole answer."""
        query, script = understand(question)
        return _Asking(self, self._current(), query, script, cancelled or never).run()

    def close(self) -> None:
        """Free the generator and the index."""
        self.generator.close()
        self.index.close()

    def _current(self) -> HybridRetriever:
        with self._lock:
            if not self.index.is_current():
                old = self.index
                self._retriever = HybridRetriever(Index(old.folder, old.embedder, old.splitter))
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


class _NoAnswer(Exception):
    """The generator says that the evidence does not answer the question."""


class _Asking:
    """The course of one question."""

    def __init__(
        self,
        pipeline: Pipeline,
        retriever: HybridRetriever,
        query: Query,
        script: str,
        cancelled: Callable[[], bool],
    ) -> None:
        self._generator = pipeline.generator
        self._settings = pipeline.settings
        self._retriever = retriever
        self._query = query
        self._script = script
        self._cancelled = cancelled
        self._sentences: list[Sentence] = []
        self._citations: dict[tuple[str, int, int], Citation] = {}
        self._started = time.perf_counter()
        self._timings: dict[str, float] = {}

    def run(self) -> Iterator[Event]:
        embedding = self._retriever.embed([self._query])[0]
        chunks = list(islice(self._retriever.search_chunks(self._query, embedding), _CHUNKS))
        hits = best_by_document(chunks, self._settings.hits)
        self._mark("retrieve_ms")
        yield SourcesEvent(tuple(hits))
        evidence = self._evidence(embedding, chunks[:EVIDENCE_HITS])
        answerable = bool(evidence) and evidence[0].score >= self._settings.threshold
        for event in self._answer(evidence) if answerable else self._abstain():
            if "first_ms" not in self._timings:
                self._mark("first_ms")
            yield event
        abstained = not self._citations
        self._mark("total_ms")
        self._timings["generate_ms"] = self._timings["total_ms"] - self._timings["retrieve_ms"]
        yield AnswerEvent(
            Answer(
                question=self._query.text,
                language=self._query.language,
                sentences=tuple(self._sentences),
                citations=tuple(self._citations.values()),
                hits=tuple(hits),
                abstained=abstained,
                closest=self._closest(evidence) if abstained else (),
                timings=self._timings,
            )
        )

    def _evidence(self, embedding: Embedding, hits: Sequence[Hit]) -> list[EvidenceSentence]:
        limit = max(self._settings.evidence, _CLOSEST)
        return select_evidence(self._retriever, self._query, embedding, hits, limit)

    def _abstain(self) -> Iterator[SentenceEvent]:
        yield self._say(Sentence(self._message("not_found"), "notice"))

    def _closest(self, evidence: Sequence[EvidenceSentence]) -> tuple[Citation, ...]:
        return tuple(self._cite(sentence, marker) for marker, sentence in enumerate(evidence[:_CLOSEST], 1))

    def _answer(self, evidence: Sequence[EvidenceSentence]) -> Iterator[SentenceEvent]:
        """Generated sentences that their evidence supports; where one is not, the evidence itself."""
        evidence = evidence[: self._settings.evidence]
        if self._writes(evidence):
            try:
                for text, markers in self._generated(evidence):
                    yield from self._checked(text, markers, evidence)
            except GeneratorFailed as failure:
                reason = str(failure)
                yield self._say(Sentence(self._message("generator_failed", reason=reason), "notice"))
            except _NoAnswer:
                yield from self._abstain()
                return
        if not any(sentence.kind == "generated" for sentence in self._sentences):
            for span in evidence[:2]:
                if evidence[0].score - span.score <= _TIE:
                    yield from self._quote(span)

    def _writes(self, evidence: Sequence[EvidenceSentence]) -> bool:
        """Whether to ask the generator: a base model is not trusted to translate."""
        if self._generator.kind == "chat":
            return True
        return evidence[0].chunk.language == self._query.language and self._generator.context_tokens > 0

    def _generated(self, evidence: Sequence[EvidenceSentence]) -> Iterator[tuple[str, list[int]]]:
        """(sentence, markers as the generator wrote them), each as soon as it is complete."""
        prompt = self._prompt(evidence)
        written, done = "", 0
        chat = self._generator.kind == "chat"
        pieces = self._generator.stream(
            prompt,
            max_tokens=self._settings.tokens if chat else min(self._settings.tokens, _COMPLETION_TOKENS),
            stop=() if chat else ("\n",),  # a base model's answer is one line
            cancelled=self._cancelled,
        )
        for piece in pieces:
            written += piece
            if NO_ANSWER in written:
                raise _NoAnswer
            complete = split_markers(written[done:])[:-1]  # the last may still grow
            for sentence in complete:
                yield sentence.text, sentence.markers
                done += sentence.end
            if len(self._sentences) >= self._settings.sentences:
                return
        for sentence in split_markers(written[done:]):
            yield sentence.text, sentence.markers

    def _prompt(self, evidence: Sequence[EvidenceSentence]) -> Prompt:
        numbered = [
            Evidence(marker, sentence.text, sentence.chunk.heading, sentence.chunk.language)
            for marker, sentence in enumerate(evidence, start=1)
        ]
        chat = self._generator.kind == "chat"
        return build_prompt(
            self._query.text,
            f"zh-{self._script}" if self._query.language == "zh" else self._query.language,
            numbered,
            count_tokens=self._generator.count_tokens,
            **({"evidence_tokens": self._generator.context_tokens // 2} if chat else {}),
        )

    def _checked(
        self, text: str, markers: list[int], evidence: Sequence[EvidenceSentence]
    ) -> Iterator[SentenceEvent]:
        """The sentence with the spans that support it, or else the evidence it should have said."""
        if len(self._sentences) >= self._settings.sentences:
            return
        named = [evidence[marker - 1] for marker in markers if 0 < marker <= len(evidence)] or evidence
        scored = [(support(text, span.text, span.chunk.heading, self._query.text), span) for span in named]
        best = max(scored, key=lambda pair: pair[0])
        if best[0] < SUPPORTED:
            yield from self._quote(best[1] if best[0] > 0 else named[0])
            return
        cited = [span for score, span in scored if score >= SUPPORTED] if markers else [best[1]]
        numbers = tuple(sorted({self._citation(span).marker for span in cited}))
        if any(sentence.text == text for sentence in self._sentences):
            return
        yield self._say(Sentence(text, "generated", numbers, round(best[0], 3)))

    def _quote(self, span: EvidenceSentence) -> Iterator[SentenceEvent]:
        """The evidence itself, once; with its language named where that is not the question's."""
        if (span.chunk.document_id, span.start, span.end) in self._citations:
            return
        lead_in = self._message("quoted", language=span.chunk.language)
        said = any(sentence.text == lead_in for sentence in self._sentences)
        if span.chunk.language != self._query.language and not said:
            yield self._say(Sentence(lead_in, "notice"))
        text = " ".join(span.text.split())
        yield self._say(Sentence(text, "quoted", (self._citation(span).marker,), 1.0))

    def _say(self, sentence: Sentence) -> SentenceEvent:
        self._sentences.append(sentence)
        cited = [citation for citation in self._citations.values() if citation.marker in sentence.markers]
        return SentenceEvent(sentence, tuple(cited))

    def _citation(self, span: EvidenceSentence) -> Citation:
        """The citation of a span, made on its first use: markers count in order of appearance."""
        key = (span.chunk.document_id, span.start, span.end)
        if key not in self._citations:
            self._citations[key] = self._cite(span, len(self._citations) + 1)
        return self._citations[key]

    def _cite(self, span: EvidenceSentence, marker: int) -> Citation:
        document = self._retriever.index.document(span.chunk.document_id)
        return Citation(
            marker=marker,
            document_id=document.id,
            chunk_id=span.chunk.id,
            source=document.source,
            title=document.title,
            language=span.chunk.language,
            start=span.start,
            end=span.end,
            quote=span.text,
            page=document.page(span.start),
        )

    def _message(self, name: str, /, **values: str) -> str:
        return message(name, self._query.language, self._script, **values)

    def _mark(self, name: str) -> None:
        self._timings[name] = round((time.perf_counter() - self._started) * 1000, 1)
