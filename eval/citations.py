"""Citation measures: cited spans against the documents and sentences that hold the gold answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from corpus.sentences import split_sentences
from eval.answer_measures import Gold, contains_gold, languages_of

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A document of the dataset as it was indexed: its text and language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class CitedSpan:
    """A cited span: code points start to end of a document of the dataset, and their text."""

    document_id: str
    language: str
    start: int
    end: int
    quote: str


def is_right(span: CitedSpan, gold: Gold, evidence_ids: Iterable[str]) -> bool:
    """Whether a cited span lies in an evidence document and states a gold answer of its own language."""
    return span.document_id in evidence_ids and contains_gold(span.quote, languages_of(gold, [span.language]))


def gold_sentences(passage: Passage, gold: Gold, quote: str | None = None) -> list[Span]:
    """The sentences of an evidence document that state a gold answer of its language, in reading order.

    quote: the sentence that does, where the set gives it; it is then the only one. An answer that runs
    over the end of a sentence gives all the sentences it touches, as one span.
    """
    start = passage.text.find(quote) if quote else -1
    if quote and start >= 0:
        return [(start, start + len(quote))]
    answers = languages_of(gold, [passage.language])
    sentences = split_sentences(passage.text, passage.language)
    stating = [(start, end) for start, end in sentences if contains_gold(passage.text[start:end], answers)]
    if stating:
        return stating
    for texts in answers.values():
        for text in texts:
            if (at := passage.text.find(text)) >= 0:
                touched = [(s, e) for s, e in sentences if s < at + len(text) and e > at]
                if touched:
                    return [(touched[0][0], touched[-1][1])]
    return []


def span_overlap(
    cited: Sequence[CitedSpan], gold: Mapping[str, Sequence[Span]]
) -> tuple[float, float, float]:
    """Precision, recall and F1 of the cited code points against the nearest gold sentence.

    gold: evidence document -> its gold sentences. Precision is over everything that was cited; recall is
    over the one gold sentence that is covered best, since saying it once is enough.
    """
    total = sum(end - start for spans in _by_document(cited).values() for start, end in spans)
    best = (0.0, 0.0, 0.0)
    for document, sentences in gold.items():
        spans = _by_document(cited).get(document, [])
        for start, end in sentences:
            common = sum(max(0, min(end, stop) - max(start, begin)) for begin, stop in spans)
            if common:
                precision, recall = common / total, common / (end - start)
                best = max(best, (precision, recall, 2 * precision * recall / (precision + recall)), key=_f1)
    return best


def _f1(figures: tuple[float, float, float]) -> float:
    return figures[2]


def _by_document(cited: Sequence[CitedSpan]) -> dict[str, list[Span]]:
    """Document -> cited spans, those that overlap joined."""
    found: dict[str, list[Span]] = {}
    for span in sorted(cited, key=lambda span: (span.document_id, span.start)):
        spans = found.setdefault(span.document_id, [])
        if spans and span.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], span.end))
        else:
            spans.append((span.start, span.end))
    return found
