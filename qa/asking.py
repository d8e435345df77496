"""One question, from its passages to its checked answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from corpus.errors import GeneratorFailed
from index import EmbeddedQuery, Filter, Hit, HybridRetriever, Query, best_by_document, terms
from qa.agreement import related
from qa.answer import Answer, AnswerEvent, Citation, Event, Sentence, SentenceEvent, SourcesEvent
from qa.checking import SUPPORTED, SupportChecker
from qa.evidence import EvidenceSentence, read_evidence, select_evidence, states, sureness, widened
from qa.generators import Generator
from qa.markers import split_markers, without_markers
from qa.messages import message
from qa.prompts import NO_ANSWER, Evidence, Prompt, build_prompt
from qa.reader import SpanReader

_log = logging.getLogger(__name__)

THRESHOLD = 15.76
"""The evidence score below which a question is not answered; fitted by qa/training/fit_evidence.py."""

_CLEAR = 1.0
"""How much surer than the threshold an answer is of which no further passage is read."""

EVIDENCE_HITS = 8
_CHUNKS = 60
"""Passages whose sentences are weighed, several of a document too; and passages ranked."""

_COMPLETION_TOKENS = 80
_CLOSEST = 3
_TIE = 0.125
"""Evidence scores nearer than this do not tell which sentence is the better: both are quoted."""

_RELATED = 30
"""Sentences that are compared with the best one, for what other documents say of the same."""


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """hits: passages retrieved. evidence: sentences given to the generator. sentences and tokens: the
    most an answer may have. threshold: the least evidence score that is answered. margin: two neighbouring
    sentences whose scores lie nearer are quoted as one span, and a base model is not asked; none are when it
    is negative, or without the reader. reader: whether the span reader reads the evidence."""

    hits: int = 10
    evidence: int = 6
    sentences: int = 4
    tokens: int = 256
    threshold: float = THRESHOLD
    margin: float = 5.0
    reader: bool = True


@dataclass(frozen=True, slots=True)
class Parts:
    """What answers are made with; shared by all questions."""

    generator: Generator
    reader: SpanReader
    checker: SupportChecker
    settings: AnswerSettings


class _NoAnswer(Exception):
    """The generator says that the evidence does not answer the question."""


class Asking:
    """The course of one question."""

    def __init__(
        self,
        parts: Parts,
        retriever: HybridRetriever,
        query: Query,
        complete: str,
        script: str,
        only: Filter,
        cancelled: Callable[[], bool],
    ) -> None:
        self._generator = parts.generator
        self._settings = parts.settings
        self._reader = parts.reader
        self._checker = parts.checker
        self._retriever = retriever
        self._query = query
        self._complete = Query(complete, query.language)  # what retrieval needs: itself but for follow-ups
        self._script = script
        self._only = only
        self._cancelled = cancelled
        self._agreeing: list[EvidenceSentence] = []
        self._sentences: list[Sentence] = []
        self._citations: dict[tuple[str, int, int], Citation] = {}
        self._started = time.perf_counter()
        self._timings: dict[str, float] = {}

    def run(self) -> Iterator[Event]:
        embedded = self._retriever.embed([self._complete])[0]
        chunks = list(islice(self._retriever.search_chunks(self._complete, embedded, self._only), _CHUNKS))
        hits = best_by_document(chunks, self._settings.hits)
        self._mark("retrieve_ms")
        yield SourcesEvent(tuple(hits))
        evidence = self._evidence(embedded, chunks[:EVIDENCE_HITS])
        confidence = sureness(evidence[0], self._query.language) if evidence else 0.0
        answerable = bool(evidence) and confidence >= self._settings.threshold
        for event in self._answer(evidence) if answerable else self._abstain():
            if "first_ms" not in self._timings:
                self._mark("first_ms")
            yield event
        abstained = not self._citations
        short = next((span.answer for span in evidence if self._is_cited(span)), "")
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
                short_answer=short,
                confidence=confidence,
                closest=self._closest(evidence) if abstained else (),
                timings=self._timings,
            )
        )

    def _evidence(self, embedded: EmbeddedQuery, hits: Sequence[Hit]) -> list[EvidenceSentence]:
        """The ranked sentences of the hits. A follow-up's are matched as it was asked: what it leaves out
        would draw the sentence that introduces its topic."""
        if self._complete != self._query:
            embedded = self._retriever.embed([self._query])[0]
        evidence = select_evidence(self._retriever, self._query, embedded, hits)
        if not self._settings.reader:
            return evidence
        return read_evidence(self._reader, self._complete, evidence, self._settings.threshold + _CLEAR)

    def _abstain(self) -> Iterator[SentenceEvent]:
        yield self._say(Sentence(self._message("not_found"), "notice"))

    def _closest(self, evidence: Sequence[EvidenceSentence]) -> tuple[Citation, ...]:
        return tuple(self._cite(sentence, marker) for marker, sentence in enumerate(evidence[:_CLOSEST], 1))

    def _answer(self, ranked: Sequence[EvidenceSentence]) -> Iterator[SentenceEvent]:
        """Generated sentences that their evidence supports; where one is not, the evidence itself; and what
        other documents say of the same."""
        evidence = ranked[: self._settings.evidence]
        # What the reader does not read differs too little.
        best = widened(ranked, self._settings.margin) if self._settings.reader else ranked[0]
        sure = best is ranked[0]
        others = related(self._retriever.index, self._query, ranked[0], ranked[:_RELATED])
        self._agreeing = [other.sentence for other in others if other.relation == "agrees"]
        if self._generator.kind == "chat" or (sure and self._writes(best)):
            try:
                for text, markers in self._generated(evidence):
                    yield from self._checked(text, markers, evidence)
            except GeneratorFailed as failure:
                reason = str(failure)
                _log.warning("the answer could not be written: %s", reason)
                yield self._say(Sentence(self._message("generator_failed", reason=reason), "notice"))
            except _NoAnswer:
                yield from self._abstain()
                return
        if not any(sentence.kind == "generated" for sentence in self._sentences):
            yield from self._quote(best)
            if sure and len(evidence) > 1 and best.score - evidence[1].score <= _TIE:
                yield from self._quote(evidence[1])
        for other in others:
            if other.relation == "differs" and self._key(other.sentence) not in self._citations:
                yield from self._notice("sources_differ")
                yield from self._quote(other.sentence)

    def _writes(self, span: EvidenceSentence) -> bool:
        """Whether to ask a base model, which is not trusted to translate."""
        return span.chunk.language == self._query.language and self._generator.context_tokens > 0

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
        chat = self._generator.kind == "chat"
        numbered = [
            Evidence(marker, sentence.text, sentence.chunk.heading, sentence.chunk.language)
            for marker, sentence in enumerate(evidence if chat else evidence[:1], start=1)
        ]
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
        if not self._states_answer(text, evidence[0]):
            yield from self._quote(evidence[0])
            return
        named = [evidence[marker - 1] for marker in markers if 0 < marker <= len(evidence)] or evidence
        question = self._query.text
        scored = [
            (self._checker.support(text, span.text, span.chunk.heading, question), span) for span in named
        ]
        best = max(scored, key=lambda pair: pair[0])
        if best[0] < SUPPORTED:
            yield from self._quote(best[1] if best[0] > 0 else named[0])
            return
        cited = [span for score, span in scored if score >= SUPPORTED] if markers else [best[1]]
        cited += self._agreeing if evidence[0] in cited else []
        numbers = tuple(sorted({self._citation(span).marker for span in cited}))
        if any(sentence.text == text for sentence in self._sentences):
            return
        yield self._say(Sentence(text, "generated", numbers, round(best[0], 3)))

    def _states_answer(self, text: str, span: EvidenceSentence) -> bool:
        """Whether a base model's sentence says the words that the reader found; it often says others that are
        as true and answer nothing. A chat model may say them in words of its own."""
        wanted = set(terms(span.answer, span.chunk.language))
        if self._generator.kind == "chat" or not wanted:
            return True
        return states(text, wanted, span.chunk.language)

    def _quote(self, span: EvidenceSentence) -> Iterator[SentenceEvent]:
        """The evidence itself, once; with its language named where that is not the question's."""
        if self._key(span) in self._citations:
            return
        if span.chunk.language != self._query.language:
            yield from self._notice("quoted", language=span.chunk.language)
        text = without_markers(" ".join(span.text.split()))
        cited = [span, *self._agreeing] if not self._citations else [span]
        yield self._say(Sentence(text, "quoted", tuple(self._citation(one).marker for one in cited), 1.0))

    def _notice(self, name: str, /, **values: str) -> Iterator[SentenceEvent]:
        """What Tricite itself says, once."""
        text = self._message(name, **values)
        if not any(sentence.text == text for sentence in self._sentences):
            yield self._say(Sentence(text, "notice"))

    def _say(self, sentence: Sentence) -> SentenceEvent:
        self._sentences.append(sentence)
        cited = [citation for citation in self._citations.values() if citation.marker in sentence.markers]
        return SentenceEvent(sentence, tuple(cited))

    def _citation(self, span: EvidenceSentence) -> Citation:
        """The citation of a span, made on its first use: markers count in order of appearance."""
        key = self._key(span)
        if key not in self._citations:
            self._citations[key] = self._cite(span, len(self._citations) + 1)
        return self._citations[key]

    def _is_cited(self, span: EvidenceSentence) -> bool:
        """Whether a citation holds a sentence."""
        return any(
            document == span.chunk.document_id and start <= span.start and span.end <= end
            for document, start, end in self._citations
        )

    @staticmethod
    def _key(span: EvidenceSentence) -> tuple[str, int, int]:
        return span.chunk.document_id, span.start, span.end

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
