"""Question -> hits: scores calibrated within each passage language, then compared.

Similarities are not comparable between passage languages: a question of one language scores the
passages of another on another scale. So every score is standardised against a background sample of
its own language first (see docs/retrieval.md for what each step gives).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from corpus.document import Chunk
from index.analyzers import shared_terms, terms
from index.background import Background, standardise
from index.batching import Batching
from index.calibration import PRIOR_PASSAGES, load_calibration
from index.chinese import simplified
from index.filters import EVERYTHING, Filter
from index.generation import Partition
from index.reader import Index
from index.transliteration import name_terms
from index.vectors import Ids, Vectors


@dataclass(frozen=True, slots=True)
class Query:
    """A question and its language (ISO 639-1)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedQuery:
    """What a question is ranked with.

    vector: float32 [dim] and tokens: float32 [m, dim], unit norm. at_large: passage language -> the tokens'
    best matches in each of the passages sampled from it, float32 [3, n, m] (index.token_vectors).
    """

    vector: Vectors
    tokens: Vectors
    at_large: Mapping[str, Vectors]


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk and its score: higher is better, on one scale for all passage languages.

    duplicates: ids of the documents that hold nearly the same passage, where those were collapsed.
    """

    chunk: Chunk
    score: float
    duplicates: tuple[str, ...] = ()


@runtime_checkable
class Retriever(Protocol):
    """Ranks chunks for a question. Fusion and reranking take Retrievers and are one."""

    def search(self, query: Query, k: int, only: Filter = ...) -> list[Hit]:
        """The best chunk of each of the k best documents, best first; ties by chunk id."""
        ...


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """The parts of the ranking, each of which can be turned off to see what it gives.

    dense: cosine of question and passage. bm25: terms in common. maxsim: late interaction over token vectors.
    names: names across scripts. centring: taking the mean of a language from its vectors. standardising:
    counting scores from the passages of a language at large. feedback: comparing the passages of other
    languages with the best one in the question's own. candidates: passages of a language that dense search
    and that BM25 bring in. reranked: how many of all languages late interaction weighs.
    """

    dense: bool = True
    bm25: bool = True
    maxsim: bool = True
    names: bool = True
    centring: bool = True
    standardising: bool = True
    feedback: bool = True
    candidates: int = 50
    reranked: int = 40

    @property
    def features(self) -> Vectors:
        """1 for the features (see Candidates) that are on, float32 [6]."""
        on = [self.dense, self.maxsim, self.bm25, self.bm25, self.names, True]
        return np.array(on, dtype=np.float32)


_DENSE, _LATE = 0, 1
LEXICAL_PRIOR = (0.0, 0.1)
THIRD, _QUARTER, _UNEVEN = 0.6, 0.25, 0.8
"""Of a third best match, of the best quarter and of the deviation between tokens: shares with which the fit
of the weights loses least (docs/retrieval.md)."""
_MOST_NAMES = 3.0
"""BM25 of names that says as much as any more would: one rare name found is enough, and several that sound
alike by chance are not more."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The chunks of one language considered for a question, with their standardised features.

    rows, positions: int64 [n], in the index and in the partition. features: float32 [n, 6]: the centred
    cosine and the late interaction, both in standard deviations above the passages of the language at
    large; BM25 in standard deviations above the candidates, for another language the share of the terms
    that do not depend on the language; the share of the question's terms that match; BM25 of its names across
    scripts; 1 for another language. The fourth is 0 for another language, the last two are within one.
    vectors: float32 [n, dim], centred.
    """

    language: str
    rows: Ids
    positions: NDArray[np.int64]
    features: Vectors
    vectors: Vectors


class HybridRetriever:
    """Centred dense vectors, BM25 where terms can match, and late interaction, standardised by language."""

    def __init__(
        self, index: Index, settings: RetrievalSettings | None = None, batching: Batching | None = None
    ) -> None:
        """batching: shared by the threads that search at once."""
        self.index = index
        self.settings = settings or RetrievalSettings()
        self._batching = batching
        self._calibration = load_calibration(index.embedder.fingerprint, index.embedder.dim)
        self._centres = {language: self._centre(language) for language in index.partitions}
        self._backgrounds = {
            language: Background(partition, self._centres[language])
            for language, partition in index.partitions.items()
        }
        # One core embeds; more at once than there are others would only delay each other.
        self._ranking = threading.Semaphore(max(1, (os.cpu_count() or 1) - 1))

    def search(self, query: Query, k: int, only: Filter = EVERYTHING) -> list[Hit]:
        return self.search_embedded(query, self.embed([query])[0], k, only)

    def embed(self, queries: Sequence[Query]) -> list[EmbeddedQuery]:
        """The vectors of questions, as search_embedded and its kin take them."""
        texts = [simplified(query.text) for query in queries]
        return self._batching.run(self._embed, texts) if self._batching else self._embed(texts)

    def search_embedded(
        self, query: Query, embedded: EmbeddedQuery, k: int, only: Filter = EVERYTHING
    ) -> list[Hit]:
        """As search, for a question that was embedded before."""
        return best_by_document(self.search_chunks(query, embedded, only), k)

    def search_chunks(
        self, query: Query, embedded: EmbeddedQuery, only: Filter = EVERYTHING
    ) -> Iterator[Hit]:
        """Every candidate chunk, several of a document too, best first; ties by chunk id."""
        with self._ranking:
            scored = self.scores(query, embedded, only)
        found = [(-score, self.index.record(row).id, row) for row, score in scored]
        return (Hit(self.index.chunk(row), -negative) for negative, _, row in sorted(found))

    def _embed(self, texts: list[str]) -> list[EmbeddedQuery]:
        return [
            EmbeddedQuery(
                embedding.vector,
                embedding.tokens,
                {
                    language: background.nearest(embedding.tokens)
                    for language, background in self._backgrounds.items()
                },
            )
            for embedding in self.index.embedder.embed_queries(texts)
        ]

    def scores(
        self, query: Query, embedded: EmbeddedQuery, only: Filter = EVERYTHING
    ) -> list[tuple[int, float]]:
        """(row, score) of every candidate chunk of every language, in no particular order."""
        found = self.candidates(query, embedded, only)
        scores = {each.language: self.weighed(each) for each in found}
        own = next((each for each in found if each.language == query.language and len(each.rows)), None)
        if self.settings.feedback and own is None:
            for each in found:
                scores[each.language] += self._granted(self._calibration.feedback.usual)
        elif self.settings.feedback and own is not None:
            best = int(scores[own.language].argmax())
            for each in found:
                if each is not own:
                    scores[each.language] += self._feedback(each, own, best, scores[own.language][best])
        return [
            pair
            for each in found
            for pair in zip(each.rows.tolist(), scores[each.language].tolist(), strict=True)
        ]

    def candidates(
        self, query: Query, embedded: EmbeddedQuery, only: Filter = EVERYTHING, *, reranked: int | None = None
    ) -> list[Candidates]:
        """The most promising chunks of every language, with their features.

        reranked: as in the settings, unless given. Late interaction weighs that many; the other chunks of a
        language have the least value found in it.
        """
        found = [
            self._first_stage(query, embedded, language, self.index.rows(only, language))
            for language in filter(only.allows_language, self.index.partitions)
        ]
        kept = self.index.generation.manifest.recipe.tokens
        if found and kept and self.settings.maxsim and len(embedded.tokens):
            self._add_late_interaction(query, found, embedded, reranked or self.settings.reranked)
        return found

    def token_weights(self, embedded: EmbeddedQuery, language: str) -> Vectors:
        """How much each token of a question tells among passages of a language: float32 [m], sum 1.

        A token that finds a near match in passages at large tells little.
        """
        if language not in embedded.at_large or not len(embedded.tokens):
            return np.zeros(len(embedded.tokens), dtype=np.float32)
        telling = 1 - embedded.at_large[language][0].mean(axis=0)
        return np.asarray(telling / max(telling.sum(), 1e-9), dtype=np.float32)

    def background_scores(
        self, query: Query, embedded: EmbeddedQuery, language: str
    ) -> tuple[Vectors, Vectors]:
        """Centred cosines and late interaction of a question with sampled passages: float32 [n] each."""
        dense: Vectors = self._backgrounds[language].vectors @ self._centred(query, embedded)
        return dense, late_interaction(embedded.at_large[language], within=language == query.language)

    def _first_stage(
        self, query: Query, embedded: EmbeddedQuery, language: str, among: Ids | None
    ) -> Candidates:
        """Candidates of one language without late interaction. among: the only rows considered."""
        partition = self.index.partitions[language]
        centred = self._centred(query, embedded)
        lexical, names = _lexical(partition, query, language)
        _, near = partition.vectors.search(centred[None], self.settings.candidates, among)
        matching = lexical * self.settings.bm25 + names * self.settings.names
        if among is not None:
            matching[~np.isin(partition.rows, among)] = 0
        rows = np.union1d(near[0], partition.rows[_best(matching, self.settings.candidates)])
        positions = partition.positions(rows)
        vectors = partition.vectors.get(rows) - self._centres[language]
        dense = self._standardised(
            vectors @ centred, self._backgrounds[language].vectors @ centred, self._calibration.dense_prior
        )
        lexical, names = lexical[positions], np.minimum(names[positions], _MOST_NAMES)
        none = np.zeros_like(dense)
        if language == query.language:
            features = [dense, none, standardise(lexical, lexical, LEXICAL_PRIOR), lexical, none, none]
        else:
            features = [dense, none, lexical, none, names, np.ones_like(dense)]
        return Candidates(language, rows, positions, np.stack(features, axis=1), vectors)

    def _add_late_interaction(
        self, query: Query, found: Sequence[Candidates], embedded: EmbeddedQuery, reranked: int
    ) -> None:
        first_stage = [self.weighed(each, first=True) for each in found]
        least = np.sort(np.concatenate(first_stage))[-reranked:][:1]
        fitted = self._calibration.late
        for each, scores in zip(found, first_stage, strict=True):
            chosen = scores >= least
            if not chosen.any():
                continue
            partition = self.index.partitions[each.language]
            matches = partition.tokens.nearest(embedded.tokens, each.positions[chosen])
            within = each.language == query.language
            late = late_interaction(matches, within=within)
            at_large = late_interaction(embedded.at_large[each.language], within=within)
            prior = fitted.between(query.language, each.language)
            late = self._standardised(late, at_large, prior, fitted.passages)
            each.features[:, _LATE] = late.min()
            each.features[chosen, _LATE] = late

    def weighed(self, candidates: Candidates, *, first: bool = False) -> Vectors:
        """The weighted sum of the features: float32 [n]. first: before late interaction is known."""
        other = bool(candidates.features[:1, -1].any())
        fitted = self._calibration.first if first else self._calibration.weights
        weights = np.array(fitted.other if other else fitted.same, dtype=np.float32)
        return np.asarray(candidates.features @ (weights * self.settings.features))

    def likeness(self, candidates: Candidates, vector: Vectors) -> Vectors:
        """Cosines with a centred passage vector [dim], in standard deviations: float32 [n]."""
        direction = vector / max(float(np.linalg.norm(vector)), 1e-9)
        background = self._backgrounds[candidates.language].vectors @ direction
        return standardise(candidates.vectors @ direction, background, self._calibration.feedback.prior)

    def _feedback(self, candidates: Candidates, own: Candidates, best: int, score: float) -> Vectors:
        """What to add to the scores of passages in another language: float32 [n].

        own: candidates in the question's own language; best: which of them scores best, and its score. When
        that answers the question well, a passage of another language must say the same, as a translation
        does: pseudo-relevance feedback (Rocchio 1971). When it does not, the answer may be in another
        language alone.
        """
        feedback = self._calibration.feedback
        sure = 1 / (1 + np.exp(-feedback.slope * (score - feedback.middle)))
        near = self.likeness(candidates, own.vectors[best])
        granted = self._granted(float(own.features[best, _DENSE]))
        return np.asarray(granted + sure * (feedback.weight * near - feedback.offset), dtype=np.float32)

    def _granted(self, cosine: float) -> float:
        """What other languages get for the cosine of the best passage in the question's own."""
        return self._calibration.feedback.grant * cosine * self.settings.dense

    def _standardised(
        self,
        values: NDArray[np.floating],
        background: NDArray[np.floating],
        prior: tuple[float, ...],
        further: int = PRIOR_PASSAGES,
    ) -> Vectors:
        sample = background if self.settings.standardising else background[:0]
        return standardise(values, sample, prior, further)

    def _centred(self, query: Query, embedded: EmbeddedQuery) -> Vectors:
        """The question's vector without what all questions of its language share."""
        if not self.settings.centring:
            return embedded.vector
        return np.asarray(embedded.vector - self._calibration.query_mean(query.language))

    def _centre(self, language: str) -> Vectors:
        """What centring takes from the passages of a language: float32 [dim]."""
        partition = self.index.partitions[language]
        if not self.settings.centring:
            return np.zeros(len(partition.mean), dtype=np.float32)
        return self._calibration.passage_centre(language, partition.mean, len(partition.rows))


def late_interaction(matches: Vectors, *, within: bool) -> Vectors:
    """What every passage says to a question's tokens, by their best matches [3, n, m] in it: float32 [n].

    Late interaction as in ColBERT (Khattab and Zaharia, 2020), less a share of what a token finds a third
    time: something like it is in any passage that is long enough, or about such things at all. What stands
    together in a quarter of the passage counts more. within: in the question's language, where a passage
    that answers matches all tokens alike; in others a name may have no match.
    """
    if not matches.shape[-1]:
        return np.zeros(matches.shape[1], dtype=np.float32)
    best, third, together = matches
    told = (best - THIRD * third + _QUARTER * together).mean(axis=1)
    return np.asarray(told - _UNEVEN * best.std(axis=1) if within else told)


def best_by_document(hits: Iterable[Hit], k: int) -> list[Hit]:
    """The first hit of each of the first k documents, in order."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.chunk.document_id, hit)
        if len(best) == k:
            break
    return list(best.values())


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
