"""Work on questions that come at once, done in one go: what many people at one server need."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_AT_ONCE = 4
"""Calls taken together: beyond, a batch gains little, and while it is made nothing is ranked."""


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    work: Callable[[list[Any]], list[Any]]
    items: list[Any]
    results: Future[list[Any]] = field(default_factory=Future)


class Batching:
    """Calls of the same work by several threads at once become one call, made by a thread of its own.

    Nobody waits for company: a call that finds the thread idle is made alone, and those that come meanwhile
    go together in the next. The thread calls prepare() first.
    """

    def __init__(self, prepare: Callable[[], None] | None = None) -> None:
        self._arriving = threading.Lock()
        self._waiting: list[_Call] = []
        self._worker = ThreadPoolExecutor(1, "batching", initializer=prepare)

    def run(self, work: Callable[[list[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
        """work(items): a result for each, in order. An error reaches all that shared the call."""
        call = _Call(work, list(items))
        with self._arriving:
            self._waiting.append(call)
        self._worker.submit(self._work)
        return call.results.result()

    def _work(self) -> None:
        with self._arriving:
            if not self._waiting:  # taken along by an earlier call
                return
            work = self._waiting[0].work
            taken = [call for call in self._waiting if call.work == work][:MOST_AT_ONCE]
            self._waiting = [call for call in self._waiting if call not in taken]
        try:
            found = iter(work([item for call in taken for item in call.items]))
        except Exception as error:
            for call in taken:
                call.results.set_exception(error)
            return
        for call in taken:
            call.results.set_result([next(found) for _ in call.items])
