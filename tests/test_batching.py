"""Questions that come at once share forward passes, and nobody gets another's vectors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from corpus.errors import ModelProblem
from index.batching import MOST_AT_ONCE, BatchingEmbedder
from index.embedder import Embedder, Embedding, HashEmbedder
from index.sentence_model import use_one_core


class Counting(HashEmbedder):
    """Notes the size of every pass; the first waits for the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[int] = []
        self.gate = threading.Event()
        self.fails = False

    def embed_queries(self, texts: Sequence[str]) -> list[Embedding]:
        self.passes.append(len(texts))
        assert self.gate.wait(10)
        if self.fails:
            raise ModelProblem("out of memory")
        return super().embed_queries(texts)


def waiting(embedder: BatchingEmbedder, count: int) -> None:
    while len(embedder._waiting) < count:
        threading.Event().wait(0.01)


def test_it_is_an_embedder_like_the_one_it_wraps() -> None:
    wrapped = HashEmbedder()
    embedder = BatchingEmbedder(wrapped)
    assert isinstance(embedder, Embedder)
    assert (embedder.name, embedder.fingerprint) == (wrapped.name, wrapped.fingerprint)
    assert (embedder.dim, embedder.max_tokens) == (wrapped.dim, wrapped.max_tokens)
    assert embedder.count_tokens(["one two"]) == [2]
    vectors = embedder.embed_passages(["a b", "c"], ["x", ""])
    for given, expected in zip(vectors, wrapped.embed_passages(["a b", "c"], ["x", ""]), strict=True):
        assert np.array_equal(given.vector, expected.vector)


def test_those_who_come_while_the_model_works_go_together_and_get_their_own_vectors() -> None:
    wrapped = Counting()
    embedder = BatchingEmbedder(wrapped)
    texts = [[f"question {number}", f"again {number}"] for number in range(MOST_AT_ONCE + 4)]
    with ThreadPoolExecutor(len(texts)) as people:
        first = people.submit(embedder.embed_queries, texts[0])
        while not wrapped.passes:
            threading.Event().wait(0.01)
        others = [people.submit(embedder.embed_queries, each) for each in texts[1:]]
        waiting(embedder, len(others))
        wrapped.gate.set()
        found = [future.result(10) for future in (first, *others)]
    assert wrapped.passes == [2, 2 * MOST_AT_ONCE, 6]
    for asked, vectors in zip(texts, found, strict=True):
        for text, embedding in zip(asked, vectors, strict=True):
            assert np.array_equal(embedding.vector, HashEmbedder().embed_queries([text])[0].vector)


def test_one_thread_makes_all_passes_and_is_prepared_once() -> None:
    prepared: list[int] = []

    class Noting(HashEmbedder):
        def embed_queries(self, texts: Sequence[str]) -> list[Embedding]:
            prepared.append(threading.get_ident())
            return super().embed_queries(texts)

    embedder = BatchingEmbedder(Noting(), prepare=lambda: prepared.append(threading.get_ident()))
    with ThreadPoolExecutor(4) as people:
        list(people.map(lambda number: embedder.embed_queries([f"q{number}"]), range(8)))
    assert len(set(prepared)) == 1
    assert prepared[0] != threading.get_ident()


def test_one_core_is_for_the_thread_that_asks_for_it() -> None:
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with ThreadPoolExecutor(1, initializer=use_one_core) as worker:
            assert worker.submit(torch.get_num_threads).result() == 1
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == 3
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(usual)


def test_an_error_reaches_all_who_shared_the_pass_and_nobody_else() -> None:
    wrapped = Counting()
    embedder = BatchingEmbedder(wrapped)
    wrapped.fails = True
    with ThreadPoolExecutor(3) as people:
        futures = [people.submit(embedder.embed_queries, ["q0"])]
        while not wrapped.passes:
            threading.Event().wait(0.01)
        futures += [people.submit(embedder.embed_queries, [f"q{number}"]) for number in (1, 2)]
        waiting(embedder, 2)
        wrapped.gate.set()
        for future in futures:
            with pytest.raises(ModelProblem, match="out of memory"):
                future.result(10)
    wrapped.fails = False
    assert len(embedder.embed_queries(["q"])) == 1
