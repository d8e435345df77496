"""The FAISS vector store: exact inner-product search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from index.vectors import Ids, Vectors, best_first


class FaissVectorStore:
    """IndexFlatIP under an id map: the same ids and scores as NumpyVectorStore."""

    def __init__(self, dim: int) -> None:
        import faiss

        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids)

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(np.ascontiguousarray(ids, dtype=np.int64))

    def search(self, vectors: Vectors, k: int, among: Ids | None = None) -> tuple[Vectors, Ids]:
        import faiss

        wanted = min(k, len(self) if among is None else len(among))
        if not wanted:
            empty = np.empty((len(vectors), 0))
            return empty.astype(np.float32), empty.astype(np.int64)
        options: Any = None
        if among is not None:
            parameters: Any = faiss.SearchParameters  # its keywords are set when it is imported
            options = parameters(sel=faiss.IDSelectorBatch(np.ascontiguousarray(among)))
        scores, ids = self._index.search(
            np.ascontiguousarray(vectors, dtype=np.float32), wanted, params=options
        )
        return best_first(scores, ids, wanted)

    def get(self, ids: Ids) -> Vectors:
        if not len(ids):
            return np.empty((0, self._index.d), dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(np.ascontiguousarray(ids)), dtype=np.float32)

    def save(self, path: Path) -> None:
        import faiss

        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> FaissVectorStore:
        """Read a file whose checksum was compared before: FAISS itself accepts damaged files."""
        import faiss

        store = cls.__new__(cls)
        store._index = faiss.read_index(str(path))
        return store
