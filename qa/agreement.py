"""Evidence -> which other documents say the same as a cited sentence, and which say otherwise.

Two sentences speak of the same thing when their tokens find each other and their passages are close, both
measured from the mean passage of each language (without that, any two sentences of one language
look alike). What they say is then compared by their numbers, dates and words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpus.document import Chunk
from index import Index, Query, terms
from index.calibration import load_calibration
from index.transliteration import name_terms
from index.vectors import Vectors
from qa.evidence import EvidenceSentence, states
from qa.plain_text import plain
from qa.quantities import quantities
from qa.quantity import Quantity, agree

Relation = Literal["agrees", "differs", "adds"]

Pair = tuple[list[Quantity], list[Quantity]]

EVIDENCE = 30
"""How many ranked sentences related() should be given to choose from."""

_SENTENCES_SAME, _SENTENCES_OTHER = 0.5, 0.43
_MEASURED_ALIKE, _NAMED = 0.03, 0.04
"""The least similarity of two sentences, in one language and across two; less by so much when both give a
quantity of one measure, and across languages when a name of the question stands in both documents. Fitted on
the first half of benchmarks/agreement.jsonl."""

_PASSAGES_SAME, _PASSAGES_OTHER = 0.35, 0.25
_GAP_SAME, _GAP_OTHER = 8.0, 22.0
_MATCH_WEIGHT = 17.0
"""The least similarity of their passages, and the most that may lie between what the two are worth as
evidence: the passage's score, and so many times the match."""


@dataclass(frozen=True, slots=True)
class Related:
    """A sentence of another document about what a cited sentence says.

    relation: differs when both give a quantity of one measure and not the same; agrees when they give the
    same, or the answer's words or names beyond the question's; adds when neither shows. similarity: -1 to 1.
    """

    sentence: EvidenceSentence
    relation: Relation
    similarity: float


def related(
    index: Index, query: Query, span: EvidenceSentence, evidence: Iterable[EvidenceSentence]
) -> list[Related]:
    """The most similar such sentence of every other document, in the order of the evidence.

    evidence: ranked sentences of all documents, EVIDENCE of them or more. Where the span's answer is known
    (span.answer), only that is compared, not all that the span says.
    """
    said = span.answer or span.text
    found: dict[str, Related] = {}
    known = cache(partial(_passage, index))
    tokens, passage = known(span.chunk).within(span), known(span.chunk).vector
    for sentence in evidence:
        document = sentence.chunk.document_id
        if document == span.chunk.document_id:
            continue
        same = sentence.chunk.language == span.chunk.language
        if abs(_worth(span) - _worth(sentence)) > (_GAP_SAME if same else _GAP_OTHER):
            continue
        other = known(sentence.chunk)
        if float(passage @ other.vector) < (_PASSAGES_SAME if same else _PASSAGES_OTHER):
            continue
        pairs = _comparable(query.text, said, sentence.text)
        needed = (_SENTENCES_SAME if same else _SENTENCES_OTHER) - _MEASURED_ALIKE * bool(pairs)
        if not same:
            needed -= _NAMED * _names_both(query, span, sentence)
        similarity = _similarity(tokens, other.within(sentence))
        least = max(needed, found[document].similarity) if document in found else needed
        if similarity >= least:
            relation = _relation(query, said, span, sentence, pairs)
            if relation == "differs" and not same and similarity < _SENTENCES_OTHER:
                relation = "adds"  # too far apart to speak of a contradiction
            found[document] = Related(sentence, relation, similarity)
    return list(found.values())


# ------------------------------------------------------------------ about the same thing


def _worth(sentence: EvidenceSentence) -> float:
    """What it is worth as evidence without the reader, who reads the first few sentences only."""
    return sentence.passage + _MATCH_WEIGHT * sentence.match


@dataclass(frozen=True, slots=True, eq=False)
class _Passage:
    """Unit vectors from the language's mean: of the tokens [n, dim], which lie at offsets [n, 2] of the
    document, and of the whole [dim]."""

    tokens: Vectors
    offsets: NDArray[np.int64]
    vector: Vectors

    def within(self, sentence: EvidenceSentence) -> Vectors:
        """Those of a sentence's tokens."""
        return self.tokens[(self.offsets[:, 0] < sentence.end) & (self.offsets[:, 1] > sentence.start)]


def _passage(index: Index, chunk: Chunk) -> _Passage:
    tokens, centre = index.tokens(chunk), _centre(index, chunk.language)
    whole = tokens.vectors.mean(axis=0) if len(tokens.vectors) else centre
    vector = _unit((whole / _length(whole) - centre)[None])[0]
    return _Passage(_unit(tokens.vectors - centre), tokens.offsets + chunk.start, vector)


def _centre(index: Index, language: str) -> Vectors:
    """The mean passage of a language: float32 [dim]."""
    partition = index.partitions[language]
    calibration = _calibration(index.embedder.fingerprint, index.embedder.dim)
    return calibration.passage_centre(language, partition.mean, len(partition.rows))


_calibration = cache(load_calibration)  # asked for every sentence that is compared


def _length(vector: Vectors) -> float:
    return max(float(np.linalg.norm(vector)), 1e-9)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _similarity(tokens: Vectors, others: Vectors) -> float:
    """Mean best cosine of each sentence's tokens in the other, the lesser of both ways: -1 to 1."""
    if not len(tokens) or not len(others):
        return -1.0
    cosines = tokens @ others.T
    return float(min(cosines.max(axis=0).mean(), cosines.max(axis=1).mean()))


def _names_both(query: Query, span: EvidenceSentence, other: EvidenceSentence) -> bool:
    """Whether a name of the question stands in both documents' sentences or headings, in whatever script."""
    asked = set(name_terms(query.text, query.language))
    return all(
        asked & set(name_terms(f"{one.chunk.heading}\n{one.text}", one.chunk.language))
        for one in (span, other)
    )


# ------------------------------------------------------------------ the same, or otherwise


def _relation(
    query: Query, said: str, span: EvidenceSentence, other: EvidenceSentence, pairs: list[Pair]
) -> Relation:
    if pairs:
        if not all(any(agree(a, b) for a in mine for b in theirs) for mine, theirs in pairs):
            return "differs"
        stated = all(any(agree(a, b) for b in theirs) for mine, theirs in pairs for a in mine)
        return "agrees" if stated or not span.answer else "adds"
    language = span.chunk.language
    if language == other.chunk.language:
        words = set(terms(said, language)) - set(terms(query.text, query.language))
        if span.answer:
            agrees = bool(words) and states(other.text, words, language)
        else:
            agrees = not words.isdisjoint(terms(other.text, language))
    else:
        names = set(name_terms(said, language)) - set(name_terms(query.text, query.language))
        agrees = not names.isdisjoint(name_terms(other.text, other.chunk.language))
    return "agrees" if agrees else "adds"


def _comparable(question: str, said: str, other: str) -> list[Pair]:
    """The quantities of two texts that measure the same thing, as far as unit and counted word tell."""
    mine, theirs = _stated(question, said), _stated(question, other)
    found = [(mine[key], theirs[key]) for key in mine.keys() & theirs.keys()]
    if not found:  # bare numbers of two languages: they compare where each text has a single one
        bare = [
            [
                quantity
                for key, several in stated.items()
                if key[0] == "number" and not key[1]
                for quantity in several
            ]
            for stated in (mine, theirs)
        ]
        if len(bare[0]) == len(bare[1]) == 1:
            found.append((bare[0], bare[1]))
    return found


def _stated(question: str, text: str) -> dict[tuple[str, str, str], list[Quantity]]:
    """The quantities of a text that the question does not name, by kind, unit and else counted word.

    Small numbers in words ("two", "一位") are left out: they seldom are what is asked.
    """
    asked, read = quantities(plain(question)), plain(text)
    found: dict[tuple[str, str, str], list[Quantity]] = {}
    for quantity in quantities(read):
        if (quantity.spoken and not quantity.unit) or any(agree(quantity, other) for other in asked):
            continue
        counted = "" if quantity.unit else _counted_word(read[quantity.end :])
        found.setdefault((quantity.kind, quantity.unit, counted), []).append(quantity)
    return found


def _counted_word(following: str) -> str:
    """The word right after a number: a Chinese measure word, or the beginning of any other word."""
    word = re.match(r"[\u4e00-\u9fff]| ?([a-z\u0621-\u064a]{3,5})", following)
    return word[0].strip() if word else ""
