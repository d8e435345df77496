"""Question -> hits: scores calibrated within each passage language, then compared.

Similarities are not comparable between passage languages: a question of one language scores the
passages of another on another scale. So every score is standardised against a background sample of
its own language first (see docs/retrieval.md for what each step gives).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from corpus.document import Chunk
from index.analyzers import shared_terms, terms
from index.calibration import PRIOR_PASSAGES, load_calibration
from index.chinese import simplified
from index.embedder import Embedding
from index.generation import Partition
from index.reader import Index
from index.transliteration import name_terms
from index.vectors import Vectors

_BACKGROUND_VECTORS = 1000
_BACKGROUND_TOKEN_CHUNKS = 64


@dataclass(frozen=True, slots=True)
class Query:
    """A question and its language (ISO 639-1)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk and its score: higher is better, on one scale for all passage languages."""

    chunk: Chunk
    score: float


@runtime_checkable
class Retriever(Protocol):
    """Ranks chunks for a question. Fusion and reranking take Retrievers and are one."""

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best chunk of each of the k best documents, best first; ties by chunk id."""
        ...


@dataclass(frozen=True, slots=True)
class Candidates:
    """The chunks of one language considered for a question, with their standardised features.

    rows: int64 [n]. features: float32 [n, 4]: the centred cosine and the late interaction, both in standard
    deviations above the passages of the language at large; the share of the question's terms that match;
    BM25 of its names across scripts (0 within one language).
    """

    rows: NDArray[np.int64]
    features: Vectors


class HybridRetriever:
    """Centred dense vectors, BM25 where terms can match, and late interaction, standardised by language."""

    def __init__(self, index: Index, *, candidates: int = 50) -> None:
        self.index = index
        self._candidates = candidates
        self._calibration = load_calibration(index.embedder.fingerprint, index.embedder.dim)
        self._backgrounds = {
            language: _Background(partition) for language, partition in index.partitions.items()
        }
        self._centres = {language: self._centre(language) for language in index.partitions}

    def search(self, query: Query, k: int) -> list[Hit]:
        return self.search_embedded(query, self.embed([query])[0], k)

    def embed(self, queries: Sequence[Query]) -> list[Embedding]:
        """The vectors of questions, as search_embedded and its kin take them."""
        return self.index.embedder.embed_queries([simplified(query.text) for query in queries])

    def search_embedded(self, query: Query, embedding: Embedding, k: int) -> list[Hit]:
        """As search, for a question that was embedded before."""
        return best_by_document(self.search_chunks(query, embedding), k)

    def search_chunks(self, query: Query, embedding: Embedding) -> Iterator[Hit]:
        """Every candidate chunk, several of a document too, best first; ties by chunk id."""
        found = [(-score, self.index.record(row).id, row) for row, score in self.scores(query, embedding)]
        return (Hit(self.index.chunk(row), -negative) for negative, _, row in sorted(found))

    def scores(self, query: Query, embedding: Embedding) -> list[tuple[int, float]]:
        """(row, score) of every candidate chunk of every language, in no particular order."""
        found: list[tuple[int, float]] = []
        for language in self.index.partitions:
            candidates = self.candidates(query, embedding, language)
            weights = self._calibration.same if language == query.language else self._calibration.other
            scores = candidates.features @ np.array(weights, dtype=np.float32)
            found += zip(candidates.rows.tolist(), scores.tolist(), strict=True)
        return found

    def token_weights(self, embedding: Embedding, language: str) -> Vectors:
        """How much each token of a question tells among passages of a language: float32 [m], sum 1.

        A token that finds a near match in passages at large tells little.
        """
        if language not in self._backgrounds or not len(embedding.tokens):
            return np.zeros(len(embedding.tokens), dtype=np.float32)
        telling = 1 - self._backgrounds[language].max_similarities(embedding.tokens).mean(axis=0)
        return np.asarray(telling / max(telling.sum(), 1e-9), dtype=np.float32)

    def candidates(self, query: Query, embedding: Embedding, language: str) -> Candidates:
        """The most promising chunks of one passage language, with their features."""
        partition = self.index.partitions[language]
        centred = embedding.vector - self._calibration.query_mean(query.language)
        lexical, names = _lexical(partition, query, language)
        _, near = partition.vectors.search(centred[None], self._candidates)
        rows = np.union1d(near[0], partition.rows[_best(lexical + names, self._candidates)])
        positions = partition.positions(rows)
        dense = (partition.vectors.get(rows) - self._centres[language]) @ centred
        late = partition.tokens.max_similarities(embedding.tokens, positions).mean(axis=1)
        background_dense, background_late = self.background_scores(query, embedding, language)
        dense = _standardise(dense, background_dense, self._calibration.dense_prior)
        late = _standardise(late, background_late, self._calibration.late_prior)
        return Candidates(rows, np.stack([dense, late, lexical[positions], names[positions]], axis=1))

    def background_scores(self, query: Query, embedding: Embedding, language: str) -> tuple[Vectors, Vectors]:
        """Centred cosines and late interaction of a question with sampled passages: float32 [n] each."""
        background = self._backgrounds[language]
        centred = embedding.vector - self._calibration.query_mean(query.language)
        return (
            (background.vectors - self._centres[language]) @ centred,
            background.max_similarities(embedding.tokens).mean(axis=1),
        )

    def _centre(self, language: str) -> Vectors:
        """The mean passage of a language, steadied by the fitted one: float32 [dim]."""
        partition = self.index.partitions[language]
        fitted = self._calibration.passage_means.get(language)
        if fitted is None:
            return partition.mean
        count = len(partition.rows)
        steadied = (partition.mean * count + fitted * PRIOR_PASSAGES) / (count + PRIOR_PASSAGES)
        return np.asarray(steadied, dtype=np.float32)


def best_by_document(hits: Iterable[Hit], k: int) -> list[Hit]:
    """The first hit of each of the first k documents, in order."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.chunk.document_id, hit)
        if len(best) == k:
            break
    return list(best.values())


class _Background:
    """A fixed sample of a partition's passages: what a question scores on passages at large."""

    def __init__(self, partition: Partition) -> None:
        count = len(partition.rows)
        self.vectors = partition.vectors.get(partition.rows[_spread(count, _BACKGROUND_VECTORS)])
        tokens = [partition.tokens[position] for position in _spread(count, _BACKGROUND_TOKEN_CHUNKS)]
        tokens = [chunk for chunk in tokens if len(chunk.codes)]
        self._tokens = np.concatenate([chunk.vectors for chunk in tokens]) if tokens else None
        self._starts = np.cumsum([0, *(len(chunk.codes) for chunk in tokens[:-1])])

    def max_similarities(self, query_tokens: Vectors) -> Vectors:
        """float32 [sampled chunks, query tokens], as TokenVectors.max_similarities."""
        if self._tokens is None:
            return np.zeros((1, len(query_tokens)), dtype=np.float32)
        return np.asarray(np.maximum.reduceat(self._tokens @ query_tokens.T, self._starts, axis=0))


def _spread(count: int, wanted: int) -> NDArray[np.int64]:
    """At most wanted positions, evenly spread over count."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(np.int64))


def _standardise(values: Vectors, background: Vectors, prior: tuple[float, ...]) -> Vectors:
    """Values in standard deviations above the background's mean.

    prior: mean and standard deviation that PRIOR_PASSAGES further passages are taken to have, so that a
    language with one passage is sound too.
    """
    mean, deviation = prior
    total = len(background) + PRIOR_PASSAGES
    centre = (background.sum() + PRIOR_PASSAGES * mean) / total
    squares = np.square(background - centre).sum() + PRIOR_PASSAGES * (deviation**2 + (mean - centre) ** 2)
    return np.asarray((values - centre) / np.sqrt(squares / total), dtype=np.float32)


def _lexical(partition: Partition, query: Query, language: str) -> tuple[Vectors, Vectors]:
    """Share of the question's terms that match, and BM25 of its names, for every chunk: float32 [n] each.

    Between languages only terms that do not depend on the script count: numbers, Latin names and codes, and
    names by their sound.
    """
    if query.language == language:
        covered = partition.terms.coverage(terms(query.text, language))
        return covered, np.zeros_like(covered)
    shared = sorted(shared_terms(query.text, query.language))
    return partition.terms.coverage(shared), partition.names.scores(name_terms(query.text, query.language))


def _best(scores: Vectors, count: int) -> NDArray[np.int64]:
    """Positions of the count best scores above 0; ties by position."""
    order = np.argsort(-scores, kind="stable")[:count]
    return order[scores[order] > 0]
