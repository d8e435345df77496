"""Questions that come at once share one piece of work, and nobody gets another's result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from corpus.errors import ModelProblem
from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, update_index
from index.batching import MOST_AT_ONCE, Batching
from index.embedder import HashEmbedder
from index.sentence_model import use_one_core


class Shouting:
    """Notes the size of every call; the first waits for the gate."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.fails = False

    def work(self, words: list[str]) -> list[str]:
        self.calls.append(len(words))
        self.threads.add(threading.get_ident())
        assert self.gate.wait(10)
        if self.fails:
            raise ModelProblem("out of memory")
        return [word.upper() for word in words]


@pytest.fixture
def people() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MOST_AT_ONCE + 5) as pool:
        yield pool


def until(condition: Callable[[], object]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("waited in vain")


def test_those_who_come_while_it_works_go_together_and_get_their_own(people: ThreadPoolExecutor) -> None:
    shouting, batching = Shouting(), Batching()
    words = [[f"word {number}", f"again {number}"] for number in range(MOST_AT_ONCE + 4)]
    first = people.submit(batching.run, shouting.work, words[0])
    until(lambda: shouting.calls)
    others = [people.submit(batching.run, shouting.work, each) for each in words[1:]]
    until(lambda: len(batching._waiting) == len(others))
    shouting.gate.set()
    found = [future.result(10) for future in (first, *others)]
    assert shouting.calls == [2, 2 * MOST_AT_ONCE, 6]
    assert found == [[word.upper() for word in each] for each in words]
    assert len(shouting.threads) == 1


def test_different_work_is_not_mixed(people: ThreadPoolExecutor) -> None:
    first, second, batching = Shouting(), Shouting(), Batching()
    futures = [people.submit(batching.run, first.work, ["a"])]
    until(lambda: first.calls)
    for number, shouting in enumerate((second, first, second), start=1):
        futures.append(people.submit(batching.run, shouting.work, [f"{number}"]))
        until(lambda: len(batching._waiting) == len(futures) - 1)
    first.gate.set()
    second.gate.set()
    assert [future.result(10) for future in futures] == [["A"], ["1"], ["2"], ["3"]]
    assert (first.calls, second.calls) == ([1, 1], [2])


def test_its_thread_is_prepared_once(people: ThreadPoolExecutor) -> None:
    prepared: list[int] = []
    shouting, batching = Shouting(), Batching(prepare=lambda: prepared.append(threading.get_ident()))
    shouting.gate.set()
    list(people.map(lambda number: batching.run(shouting.work, [f"{number}"]), range(8)))
    assert set(prepared) == shouting.threads
    assert len(prepared) == 1


def test_an_error_reaches_all_who_shared_the_call_and_nobody_else(people: ThreadPoolExecutor) -> None:
    shouting, batching = Shouting(), Batching()
    shouting.fails = True
    futures = [people.submit(batching.run, shouting.work, ["a"])]
    until(lambda: shouting.calls)
    futures += [people.submit(batching.run, shouting.work, [f"{number}"]) for number in (1, 2)]
    until(lambda: len(batching._waiting) == 2)
    shouting.gate.set()
    for future in futures:
        with pytest.raises(ModelProblem, match="out of memory"):
            future.result(10)
    shouting.fails = False
    assert batching.run(shouting.work, ["b"]) == ["B"]


def test_a_retriever_that_many_search_gives_each_what_it_gives_one(
    tmp_path: Path, people: ThreadPoolExecutor
) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(f"Street {number} has {number} lamps.", encoding="utf-8")
    embedder, splitter = HashEmbedder(), Splitter()
    update_index(tmp_path / "index", [tmp_path], embedder, splitter=splitter)
    index = Index(tmp_path / "index", embedder, splitter)
    alone, shared = HybridRetriever(index), HybridRetriever(index, batching=Batching())
    questions = [Query(f"How many lamps has street {number}?", "en") for number in range(24)]
    together = people.map(lambda question: shared.search(question, 3), questions)
    for question, hits in zip(questions, together, strict=True):
        expected = alone.search(question, 3)
        assert [hit.chunk.id for hit in hits] == [hit.chunk.id for hit in expected]
        assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected], abs=1e-4)
    index.close()


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
