"""What the backends share: a model's work in a thread of its own, and the end at a stop string."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from corpus.errors import GeneratorFailed

_POLL_SECONDS = 0.05
_SHUTDOWN_SECONDS = 10.0

Put = Callable[[str], None]
Stopped = Callable[[], bool]


def never() -> bool:
    """The `cancelled` of a generation that nobody cancels."""
    return False


class Background:
    """Runs generations in threads, so that a caller can stream, cancel and time out whatever the model does.

    name: the generator's, for messages. timeout: seconds for waiting, reading and writing together.
    concurrent: generations that may run at once; the others wait for their turn.
    """

    def __init__(self, name: str, timeout: float, concurrent: int = 1) -> None:
        self._name = name
        self._timeout = timeout
        self._turns = threading.Semaphore(concurrent)
        self._closing = threading.Event()

    def stream(self, work: Callable[[Put, Stopped], None], cancelled: Stopped = never) -> Iterator[str]:
        """Yield what work(put, stopped) puts. Work should end soon once stopped() is true.

        Ends quietly when cancelled. Raises GeneratorFailed on time-out, on any error of the work, and
        after close().
        """
        deadline = time.monotonic() + self._timeout
        while not self._turns.acquire(timeout=_POLL_SECONDS):
            self._check_open()
            if cancelled():
                return
            if time.monotonic() > deadline:
                raise GeneratorFailed(f"{self._name} was busy for {self._timeout:g} s; ask again later")
        if self._closing.is_set() or cancelled():
            self._turns.release()
            self._check_open()
            return
        pieces: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        stopped = threading.Event()
        # A daemon, since a model that hangs must not keep the process from ending.
        threading.Thread(target=self._run, args=(work, pieces, stopped), daemon=True).start()
        try:
            yield from self._received(pieces, deadline, cancelled)
        finally:
            stopped.set()

    def close(self) -> bool:
        """Stop what runs and refuse what comes; whether the model is idle, so that it can be freed."""
        if self._closing.is_set():
            return False
        self._closing.set()
        return self._turns.acquire(timeout=_SHUTDOWN_SECONDS)

    def _received(
        self, pieces: queue.SimpleQueue[str | Exception | None], deadline: float, cancelled: Stopped
    ) -> Iterator[str]:
        while not cancelled():
            if time.monotonic() > deadline:
                raise GeneratorFailed(
                    f"{self._name} did not finish within {self._timeout:g} s; ask for less, or set a "
                    "larger timeout"
                )
            try:
                piece = pieces.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if piece is None:
                self._check_open()
                return
            if isinstance(piece, GeneratorFailed):
                raise piece
            if isinstance(piece, Exception):
                raise GeneratorFailed(f"{self._name} failed: {one_line(piece)}") from piece
            yield piece

    def _run(
        self,
        work: Callable[[Put, Stopped], None],
        pieces: queue.SimpleQueue[str | Exception | None],
        stopped: threading.Event,
    ) -> None:
        try:
            work(pieces.put, lambda: stopped.is_set() or self._closing.is_set())
        except Exception as error:  # whatever it is, it must reach the caller, who else would wait
            pieces.put(error)
        finally:
            self._turns.release()
            pieces.put(None)

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise GeneratorFailed(f"{self._name} is closed; load it again")


def cut_at_stop(pieces: Iterable[str], stop: Sequence[str]) -> Iterator[str]:
    """Pass pieces on until the first stop string, which may lie across several of them.

    The tail that could still turn out to be the start of a stop string is held back.
    """
    held = ""
    for piece in pieces:
        held += piece
        found = [at for at in (held.find(mark) for mark in stop) if at >= 0]
        if found:
            if min(found) > 0:
                yield held[: min(found)]
            return
        keep = max((_overlap(held, mark) for mark in stop), default=0)
        if len(held) > keep:
            yield held[: len(held) - keep]
            held = held[len(held) - keep :]
    if held:
        yield held


def one_line(error: object) -> str:
    """An error's message on one line of at most 300 characters; its class's name where it has none."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _overlap(text: str, mark: str) -> int:
    """The length of the longest end of the text that is a beginning of the mark."""
    return next((n for n in range(min(len(text), len(mark) - 1), 0, -1) if text.endswith(mark[:n])), 0)
