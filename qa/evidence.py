"""Hits -> evidence: the sentences that answer the question, across hits and languages.

A sentence is scored by late interaction: every token of the question against the sentence's slice of
its passage's token vectors, which the index holds, so no text is embedded again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.document import Chunk
from corpus.sentences import split_sentences
from index import Hit, HybridRetriever, Query, terms
from index.embedder import Embedding
from index.vectors import Vectors

_SHORTEST = 4  # characters; less is a list number or a stray mark

SENTENCE_WEIGHT = 40.0
LEXICAL_WEIGHT = 0.05
"""Weight of a sentence's match against its passage's score, and of shared terms within the match."""


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A sentence of a passage: document.text[start:end] == text.

    match: how well it fits the question, about 0 to 1. score: match and passage together; higher is better.
    """

    chunk: Chunk
    start: int
    end: int
    text: str
    match: float
    score: float


def select_evidence(
    retriever: HybridRetriever, query: Query, embedding: Embedding, hits: Sequence[Hit], limit: int
) -> list[EvidenceSentence]:
    """The limit best sentences of the hits, best first; ties by place in the ranking."""
    asked = set(terms(query.text, query.language))
    found = []
    for hit in hits:
        chunk = hit.chunk
        tokens = retriever.index.tokens(chunk)
        weights = retriever.token_weights(embedding, chunk.language)
        cosines = tokens.vectors @ embedding.tokens.T
        for start, end in split_sentences(chunk.text, chunk.language):
            text = chunk.text[start:end]
            if len(text) < _SHORTEST or text.startswith("#"):
                continue
            inside = (tokens.offsets[:, 0] < end) & (tokens.offsets[:, 1] > start)
            match = _late_match(cosines[inside], weights)
            if asked and chunk.language == query.language:
                match += LEXICAL_WEIGHT * len(asked & set(terms(text, chunk.language))) / len(asked)
            score = hit.score + SENTENCE_WEIGHT * match
            found.append(EvidenceSentence(chunk, chunk.start + start, chunk.start + end, text, match, score))
    found.sort(key=lambda sentence: -sentence.score)
    unique: dict[str, EvidenceSentence] = {}
    for sentence in found:  # overlapping chunks hold the same sentence twice
        unique.setdefault(sentence.text, sentence)
    return list(unique.values())[:limit]


def _late_match(cosines: Vectors, weights: Vectors) -> float:
    """Weighted mean, over the question's tokens, of the best cosine among a sentence's tokens [n, m]."""
    return float(cosines.max(axis=0) @ weights) if cosines.size else 0.0
