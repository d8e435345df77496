"""Vector search: the VectorStore protocol and the exact NumPy store every backend is tested against."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


@runtime_checkable
class VectorStore(Protocol):
    """Inner-product search over vectors with integer ids. It sees arrays and ids, never Chunks."""

    def __len__(self) -> int: ...

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors [n, dim] under ids [n]; an id is never added twice."""
        ...

    def remove(self, ids: Ids) -> None:
        """Remove ids; unknown ones are ignored."""
        ...

    def search(self, vectors: Vectors, k: int, among: Ids | None = None) -> tuple[Vectors, Ids]:
        """Scores and ids, both [m, min(k, n)], best first; equal scores by ascending id.

        among: the only ids that may be found, each of them stored; None allows all.
        """
        ...

    def get(self, ids: Ids) -> Vectors:
        """The stored vectors [n, dim] of known ids, in the order asked for."""
        ...

    def save(self, path: Path) -> None: ...


class NumpyVectorStore:
    """Exact search by one matrix product; the reference for every other store."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._vectors: Vectors = np.empty((0, dim), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        order = np.argsort(np.concatenate([self._ids, ids]), kind="stable")
        self._ids = np.concatenate([self._ids, ids])[order]
        self._vectors = np.concatenate([self._vectors, vectors.astype(np.float32)])[order]

    def remove(self, ids: Ids) -> None:
        keep = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[keep], self._vectors[keep]

    def search(self, vectors: Vectors, k: int, among: Ids | None = None) -> tuple[Vectors, Ids]:
        ids = self._ids if among is None else np.sort(among)
        scores = vectors @ self.get(ids).T
        return best_first(scores, np.broadcast_to(ids, scores.shape), k)

    def get(self, ids: Ids) -> Vectors:
        return np.asarray(self._vectors[np.searchsorted(self._ids, ids)], dtype=np.float32)

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, ids=self._ids, vectors=self._vectors)

    @classmethod
    def load(cls, path: Path) -> NumpyVectorStore:
        with np.load(path, allow_pickle=False) as arrays:
            store = cls(arrays["vectors"].shape[1])
            store._ids, store._vectors = arrays["ids"], arrays["vectors"]
        return store


def best_first(scores: Vectors, ids: Ids, k: int) -> tuple[Vectors, Ids]:
    """The k best columns of every row of scores [m, n], ties broken by ascending id."""
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(ids, order, axis=1)
