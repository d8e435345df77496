"""Every vector store gives the ids and scores of the exact NumPy one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.embedder import Embedding
from index.faiss_store import FaissVectorStore
from index.token_codec import fit_token_codec, load_token_codec
from index.token_vectors import ChunkTokens, TokenVectors, best_matches, write_token_vectors
from index.vectors import NumpyVectorStore, VectorStore

DIM = 16
STORES: list[Callable[[int], Any]] = [NumpyVectorStore, FaissVectorStore]


def unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("make", STORES)
def test_same_as_exact_search(make: Callable[[int], VectorStore], tmp_path: Path) -> None:
    vectors, ids = unit_vectors(200), np.arange(1000, 1200)
    questions = unit_vectors(20, seed=1)
    store = make(DIM)
    store.add(ids[:150], vectors[:150])
    store.add(ids[150:], vectors[150:])
    store.remove(ids[10:30])
    keep = np.setdiff1d(np.arange(200), np.arange(10, 30))
    expected = questions @ vectors[keep].T
    order = np.argsort(-expected, axis=1)[:, :7]
    path = tmp_path / "store"
    store.save(path)
    for one in (store, type(store).load(path)):  # type: ignore[attr-defined]
        scores, found = one.search(questions, 7)
        assert (found == ids[keep][order]).all()
        np.testing.assert_allclose(scores, np.take_along_axis(expected, order, axis=1), atol=1e-6)
        np.testing.assert_array_equal(one.get(ids[[0, 150, 40]]), vectors[[0, 150, 40]])
        assert len(one) == 180


@pytest.mark.parametrize("make", STORES)
def test_ties_by_ascending_id(make: Callable[[int], VectorStore]) -> None:
    store = make(DIM)
    same = np.repeat(unit_vectors(1), 5, axis=0)
    store.add(np.array([9, 3, 7, 1, 5]), same)
    _, found = store.search(same[:1], 5)
    assert found.tolist() == [[1, 3, 5, 7, 9]]


@pytest.mark.parametrize("make", STORES)
def test_empty_store_and_large_k(make: Callable[[int], VectorStore]) -> None:
    store = make(DIM)
    scores, found = store.search(unit_vectors(2), 3)
    assert scores.shape == found.shape == (2, 0)
    store.add(np.array([4]), unit_vectors(1))
    assert store.search(unit_vectors(2), 3)[1].tolist() == [[4], [4]]


def embedding(count: int, seed: int = 0) -> Embedding:
    tokens = unit_vectors(count, seed)
    offsets = np.array([[i, i + 1 + seed] for i in range(count)], dtype=np.int32).reshape(-1, 2)
    return Embedding(tokens[0] if count else np.zeros(DIM, np.float32), tokens, offsets)


def test_token_vectors_on_disk(tmp_path: Path) -> None:
    codec = load_token_codec("a model nobody fitted", DIM)
    passages = [embedding(5), embedding(0), embedding(3, seed=2)]
    tokens = [ChunkTokens.encode(passage, codec) for passage in passages]
    write_token_vectors(tmp_path, iter(tokens), [5, 0, 3], codec)
    stored = TokenVectors(tmp_path, codec)
    assert len(stored) == 3
    for position, passage in enumerate(passages):
        kept = stored[position]
        np.testing.assert_allclose(codec.decode(kept.codes, kept.scales), passage.tokens, atol=0.1)
        assert kept.offsets.tolist() == passage.offsets.tolist()
    questions = unit_vectors(4, seed=3)
    best, third, together = stored.nearest(questions, np.array([0, 1, 2]))
    cosines = np.sort(passages[0].tokens @ questions.T, axis=0)
    np.testing.assert_allclose(best[0], cosines[-1], atol=0.1)
    np.testing.assert_allclose(third[0], cosines[-3], atol=0.1)
    assert best[1].tolist() == third[1].tolist() == together[1].tolist() == [0, 0, 0, 0]


def test_best_matches_of_every_chunk() -> None:
    cosines = np.random.default_rng(0).uniform(-1, 1, (40, 5)).astype(np.float32)
    lengths = np.array([1, 2, 3, 30, 4])
    best, third, together = best_matches(cosines.copy(), lengths)
    for number, chunk in enumerate(np.split(cosines, np.cumsum(lengths)[:-1])):
        descending = -np.sort(-chunk, axis=0)
        assert (best[number] == descending[0]).all()
        assert (third[number] == descending[min(2, len(chunk) - 1)]).all()
        size = len(chunk)
        quarters = [chunk[n * size // 4 : max((n + 1) * size // 4, n * size // 4 + 1)] for n in range(4)]
        expected = max((part.max(axis=0) for part in quarters), key=lambda found: found.mean())
        assert (together[number] == expected).all()


def test_no_token_vectors_at_all(tmp_path: Path) -> None:
    codec = load_token_codec("a model nobody fitted", DIM)
    write_token_vectors(tmp_path, iter([ChunkTokens.none(codec)]), [0], codec)
    assert TokenVectors(tmp_path, codec)[0].codes.shape == (0, codec.width)


def test_a_fitted_codec_keeps_cosines_in_less_room() -> None:
    chance = np.random.default_rng(0)
    spread = np.exp(-np.arange(384) / 60).astype(np.float32)  # as real vectors have it: few directions matter
    vectors = chance.normal(size=(3000, 384)).astype(np.float32) * spread + 0.3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codec = fit_token_codec(vectors[:2000])
    kept, asked = vectors[2000:2900], vectors[2900:]
    codes, scales = codec.encode(kept)
    assert codes.shape == (900, codec.width) and codec.width + 2 + 5 <= 126
    assert np.abs(codec.cosines(codes, scales, asked) - kept @ asked.T).mean() < 0.01
    np.testing.assert_allclose(
        codec.cosines(codes, scales, asked), codec.decode(codes, scales) @ asked.T, atol=1e-4
    )
