"""Hits -> evidence: the sentences that answer the question, across hits and languages.

A sentence is scored by late interaction: every token of the question against the sentence's slice of
its passage's token vectors, which the index holds, so no text is embedded again. The span reader then reads
the passages around the best ones and says which words answer. The weights are fitted on training questions
by qa/training/fit_evidence.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.document import Chunk
from corpus.sentences import split_sentences
from index import EmbeddedQuery, Hit, HybridRetriever, Query, terms
from index.vectors import Vectors
from qa.reader import Reading, SpanReader, Window

_SHORTEST = 4  # characters; less is a list number or a stray mark

MATCH_WEIGHT = 2.72
LEXICAL_WEIGHT = 0.05
"""Weight of a sentence's match against its passage's score, and of shared terms within the match."""

READING_WEIGHT = 0.759
"""Weight of what the span reader says, against the score before."""

LEAST_READING = -6.0
"""The reading of a sentence in which the reader sees no answer, or that was not read."""

ENOUGH_PASSAGE = 10.0
POOR_PASSAGE = 1.70
"""A passage that scores less hardly speaks of what is asked, whatever the reader finds in it: each point that
it lacks is taken off as often again, when an answer is held against the threshold."""

OTHER_LANGUAGE = 1.19
"""What a sentence in another language than the question's is granted against the threshold."""

WINDOW_CHARACTERS = {"zh": 190, "en": 560, "ar": 460}
"""About 130 tokens: what the reader reads at once."""

HEADING_CHARACTERS = 120
"""Of a passage's title and headings, put before its windows; the last ones, which are the closest."""

WINDOWS = 3

READ_AT_ONCE = 2
"""Windows that are read first, each on a core of its own."""

_STATED = 0.7
"""Share of an answer's words that a text must say to state it."""


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A sentence of a passage: document.text[start:end] == text.

    passage: its passage's score. match: how well the sentence fits the question, about 0 to 1. reading: the
    reader's score of the answer in it, and answer that answer, "" when it was not read or holds none.
    score: all together; higher is better.
    """

    chunk: Chunk
    start: int
    end: int
    text: str
    passage: float
    match: float
    score: float
    reading: float = LEAST_READING
    answer: str = ""


def select_evidence(
    retriever: HybridRetriever,
    query: Query,
    embedded: EmbeddedQuery,
    hits: Sequence[Hit],
    limit: int | None = None,
) -> list[EvidenceSentence]:
    """The sentences of the hits by match and passage, best first; ties by place in the ranking."""
    asked = set(terms(query.text, query.language))
    weights = {
        language: retriever.token_weights(embedded, language)
        for language in {hit.chunk.language for hit in hits}
    }
    found = []
    for hit in hits:
        chunk = hit.chunk
        cosines, offsets = retriever.index.token_cosines(chunk, embedded.tokens)
        for start, end in split_sentences(chunk.text, chunk.language):
            text = chunk.text[start:end]
            if len(text) < _SHORTEST or text.startswith("#"):
                continue
            inside = (offsets[:, 0] < end) & (offsets[:, 1] > start)
            match = _late_match(cosines[inside], weights[chunk.language])
            if asked and chunk.language == query.language:
                match += LEXICAL_WEIGHT * len(asked & set(terms(text, chunk.language))) / len(asked)
            score = hit.score + MATCH_WEIGHT * match + READING_WEIGHT * LEAST_READING
            place = (chunk.start + start, chunk.start + end)
            found.append(EvidenceSentence(chunk, *place, text, hit.score, match, score))
    found.sort(key=lambda sentence: -sentence.score)
    unique: dict[str, EvidenceSentence] = {}
    for sentence in found:  # overlapping chunks hold the same sentence twice
        unique.setdefault(sentence.text, sentence)
    return list(unique.values())[:limit]


def sureness(sentence: EvidenceSentence, language: str) -> float:
    """How sure it is that a sentence answers a question in a language: higher is surer.

    On one scale for all pairs of languages; what the threshold of abstention is set against.
    """
    other = sentence.chunk.language != language
    return sentence.score - POOR_PASSAGE * lacking(sentence) + OTHER_LANGUAGE * other


def lacking(sentence: EvidenceSentence, enough: float = ENOUGH_PASSAGE) -> float:
    """What a sentence's passage lacks to a score that is enough."""
    return max(0.0, enough - sentence.passage)


def states(text: str, words: set[str], language: str) -> bool:
    """Whether a text in a language says an answer, given by its words in index terms: most of them."""
    return len(words & set(terms(text, language))) >= _STATED * len(words)


def read_evidence(
    reader: SpanReader, query: Query, evidence: Sequence[EvidenceSentence], sure: float = math.inf
) -> list[EvidenceSentence]:
    """The evidence with what the reader says of the passages around its best sentences, best first.

    sure: where the best sentence is this sure after READ_AT_ONCE windows, the others are not read.
    """
    windows: list[tuple[Chunk, list[tuple[int, int]]]] = []
    for sentence in evidence:
        if len(windows) == WINDOWS:
            break
        start = sentence.start - sentence.chunk.start
        if not any(chunk.id == sentence.chunk.id and _holds(spans, start) for chunk, spans in windows):
            windows.append((sentence.chunk, _window(sentence.chunk, start)))
    known = {sentence.text: sentence for sentence in evidence}
    ranked = list(evidence)
    for some in filter(None, (windows[:READ_AT_ONCE], windows[READ_AT_ONCE:])):
        shown = [_as_window(chunk, spans) for chunk, spans in some]
        for window, readings in zip(shown, reader.read(query.text, shown), strict=True):
            for (start, end), reading in zip(window.sentences, readings, strict=True):
                text = window.text[start:end]
                if text in known:
                    answer = window.text[reading.start : reading.end].strip()
                    known[text] = _with_reading(known[text], reading, answer)
        ranked = sorted(known.values(), key=lambda sentence: -sentence.score)
        if sureness(ranked[0], query.language) >= sure:
            break
    return ranked


def heading_before(heading: str) -> str:
    """What the reader sees before a window: the headings it stands under, on a line of their own."""
    heading = heading[-HEADING_CHARACTERS:].strip()
    return f"{heading}\n" if heading else ""


def _as_window(chunk: Chunk, spans: Sequence[tuple[int, int]]) -> Window:
    head, first = heading_before(chunk.heading), spans[0][0]
    shift = len(head) - first
    text = head + chunk.text[first : spans[-1][1]]
    return Window(text, tuple((start + shift, end + shift) for start, end in spans))


def _with_reading(sentence: EvidenceSentence, reading: Reading, answer: str) -> EvidenceSentence:
    value = max(reading.score, LEAST_READING)
    if value <= sentence.reading:
        return sentence
    score = sentence.score + READING_WEIGHT * (value - sentence.reading)
    return replace(sentence, reading=value, score=score, answer=answer)


def widened(ranked: Sequence[EvidenceSentence], margin: float) -> EvidenceSentence:
    """The best sentence, joined with a neighbour that is nearly as good.

    ranked: best first. Where the two scores lie within margin they do not tell which of the two answers;
    together they are one exact span of the document still.
    """
    best = ranked[0]
    for other in ranked[1:]:
        if best.score - other.score > margin:
            break
        first, second = sorted((best, other), key=lambda one: one.start)
        chunk = best.chunk
        if (
            other.chunk.document_id != chunk.document_id
            or not chunk.start <= first.start < second.end <= chunk.end
        ):
            continue
        if not chunk.text[first.end - chunk.start : second.start - chunk.start].strip():
            text = chunk.text[first.start - chunk.start : second.end - chunk.start]
            return replace(best, start=first.start, end=second.end, text=text)
    return best


def _window(chunk: Chunk, start: int) -> list[tuple[int, int]]:
    """The sentences around the one that starts at an offset of a chunk, as many on either side."""
    spans = list(split_sentences(chunk.text, chunk.language))
    low = high = next(i for i, span in enumerate(spans) if span[0] == start)
    limit = WINDOW_CHARACTERS.get(chunk.language, 460)
    grown = True
    while grown:
        grown = False
        for before, after in ((1, 0), (0, 1)):
            first, last = low - before, high + after
            if first >= 0 and last < len(spans) and spans[last][1] - spans[first][0] <= limit:
                low, high, grown = first, last, True
    return spans[low : high + 1]


def _holds(spans: Sequence[tuple[int, int]], start: int) -> bool:
    return spans[0][0] <= start < spans[-1][1]


def _late_match(cosines: Vectors, weights: Vectors) -> float:
    """Weighted mean, over the question's tokens, of the best cosine among a sentence's tokens [n, m]."""
    return float(cosines.max(axis=0) @ weights) if cosines.size else 0.0
