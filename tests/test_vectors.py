"""Every vector store gives the ids and scores of the exact NumPy one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.faiss_store import FaissVectorStore
from index.token_vectors import ChunkTokens, TokenVectors, write_token_vectors
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


def test_token_vectors_on_disk(tmp_path: Path) -> None:
    chunks = [unit_vectors(5), unit_vectors(0), unit_vectors(3, seed=2)]
    offsets = [np.array([[i, i + 1] for i in range(len(chunk))]).reshape(-1, 2) for chunk in chunks]
    tokens = [ChunkTokens.compress(v, o) for v, o in zip(chunks, offsets, strict=True)]
    write_token_vectors(tmp_path, iter(tokens), [5, 0, 3], DIM)
    stored = TokenVectors(tmp_path)
    assert len(stored) == 3
    for position, chunk in enumerate(chunks):
        np.testing.assert_allclose(stored[position].vectors, chunk, atol=0.01)
        assert stored[position].offsets.tolist() == offsets[position].tolist()
    questions = unit_vectors(4, seed=3)
    best = stored.max_similarities(questions, np.array([0, 1, 2]))
    np.testing.assert_allclose(best[0], (chunks[0] @ questions.T).max(axis=0), atol=0.02)
    assert best[1].tolist() == [0, 0, 0, 0]


def test_no_token_vectors_at_all(tmp_path: Path) -> None:
    empty = ChunkTokens.compress(np.empty((0, DIM), np.float32), np.empty((0, 2), np.int32))
    write_token_vectors(tmp_path, iter([empty]), [0], DIM)
    assert TokenVectors(tmp_path)[0].codes.shape == (0, DIM)
