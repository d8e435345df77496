"""Questions that come at once, embedded in one forward pass: what many people at one server need."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from index.embedder import Embedder, Embedding

MOST_AT_ONCE = 4
"""Questions of one forward pass: beyond, a batch gains little, and while it is made nothing is ranked."""


class BatchingEmbedder:
    """An embedder whose embed_queries, called by several threads at once, share forward passes.

    Nobody waits for company: a question that finds the model idle is embedded alone, and those that come
    meanwhile go together in the next pass. All passes are made by one thread, which calls prepare() first.
    Everything else is the wrapped embedder's.
    """

    def __init__(self, embedder: Embedder, prepare: Callable[[], None] | None = None) -> None:
        self._embedder = embedder
        self._arriving = threading.Lock()
        self._waiting: list[tuple[list[str], Future[list[Embedding]]]] = []
        self._worker = ThreadPoolExecutor(1, "questions", initializer=prepare)

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def fingerprint(self) -> str:
        return self._embedder.fingerprint

    @property
    def dim(self) -> int:
        return self._embedder.dim

    @property
    def max_tokens(self) -> int:
        return self._embedder.max_tokens

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Embedding]:
        """Embed passages, as the wrapped embedder does."""
        return self._embedder.embed_passages(texts, contexts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, as the wrapped embedder counts them."""
        return self._embedder.count_tokens(texts)

    def embed_queries(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed questions, in the given order; an error of the model reaches all that shared the pass."""
        future: Future[list[Embedding]] = Future()
        with self._arriving:
            self._waiting.append((list(texts), future))
        self._worker.submit(self._embed_waiting)
        return future.result()

    def _embed_waiting(self) -> None:
        with self._arriving:
            taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        if not taken:  # an earlier pass took them along
            return
        try:
            found = iter(self._embedder.embed_queries([text for texts, _ in taken for text in texts]))
        except Exception as error:
            for _, future in taken:
                future.set_exception(error)
            return
        for texts, future in taken:
            future.set_result([next(found) for _ in texts])
