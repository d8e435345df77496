"""Token vectors of every chunk, for late interaction: int8 rows in one memory-mapped file.

Files of a folder: token_vectors.npy int8 [tokens, dim], token_scales.npy float32 [tokens],
token_offsets.npy uint32 [tokens, 2] (code points in the chunk's text), token_bounds.npy int64
[chunks + 1]. A row of token_vectors times its scale is the unit vector of one token.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.vectors import Vectors

_VECTORS, _SCALES = "token_vectors.npy", "token_scales.npy"
_OFFSETS, _BOUNDS = "token_offsets.npy", "token_bounds.npy"


@dataclass(frozen=True, slots=True)
class ChunkTokens:
    """The tokens of one chunk, compressed: codes int8 [n, dim], scales float32 [n], offsets uint32 [n, 2]."""

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    offsets: NDArray[np.uint32]

    @classmethod
    def compress(cls, vectors: Vectors, offsets: NDArray[Any]) -> ChunkTokens:
        scales = np.abs(vectors).max(axis=1, initial=1e-9).astype(np.float32) / 127
        codes = np.rint(vectors / scales[:, None]).astype(np.int8)
        return cls(codes, scales, offsets.astype(np.uint32))

    @property
    def vectors(self) -> Vectors:
        """The unit vectors, float32 [n, dim]."""
        return np.asarray(self.codes.astype(np.float32) * self.scales[:, None])


class TokenVectors:
    """Read access by the chunk's position in its folder."""

    def __init__(self, folder: Path) -> None:
        self._codes = _map(folder / _VECTORS)
        self._scales = _map(folder / _SCALES)
        self._offsets = _map(folder / _OFFSETS)
        self._bounds = _map(folder / _BOUNDS)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, position: int) -> ChunkTokens:
        rows = slice(int(self._bounds[position]), int(self._bounds[position + 1]))
        return ChunkTokens(
            np.asarray(self._codes[rows]), np.asarray(self._scales[rows]), np.asarray(self._offsets[rows])
        )

    def max_similarities(self, query_tokens: Vectors, positions: NDArray[np.int64]) -> Vectors:
        """For every query token its best cosine in every chunk: float32 [chunks, query tokens].

        query_tokens: float32 [m, dim], unit rows. Late interaction as in ColBERT (Khattab and Zaharia, 2020).
        """
        starts, ends = self._bounds[positions], self._bounds[positions + 1]
        best = np.zeros((len(positions), len(query_tokens)), dtype=np.float32)
        filled = ends > starts  # a chunk without tokens matches nothing
        if not filled.any() or not len(query_tokens):
            return best
        rows = np.concatenate(
            [np.arange(start, end) for start, end in zip(starts[filled], ends[filled], strict=True)]
        )
        cosines = self._codes[rows].astype(np.float32) @ query_tokens.T * self._scales[rows][:, None]
        lengths = ends[filled] - starts[filled]
        best[filled] = np.maximum.reduceat(cosines, np.cumsum(lengths) - lengths, axis=0)
        return best


def write_token_vectors(
    folder: Path, chunks: Iterable[ChunkTokens], token_counts: list[int], dim: int
) -> None:
    """Write the tokens of chunks in order, streamed: no more than one chunk is held in memory.

    token_counts: the number of tokens of every chunk, in the same order.
    """
    bounds = np.concatenate([[0], np.cumsum(token_counts, dtype=np.int64)]).astype(np.int64)
    total = int(bounds[-1])
    np.save(folder / _BOUNDS, bounds)
    codes = _create(folder / _VECTORS, np.int8, (total, dim))
    scales = _create(folder / _SCALES, np.float32, (total,))
    offsets = _create(folder / _OFFSETS, np.uint32, (total, 2))
    for position, tokens in enumerate(chunks):
        rows = slice(int(bounds[position]), int(bounds[position + 1]))
        codes[rows], scales[rows], offsets[rows] = tokens.codes, tokens.scales, tokens.offsets
    for array in (codes, scales, offsets):
        if isinstance(array, np.memmap):
            array.flush()


def _create(path: Path, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
    if 0 in shape:  # an empty file cannot be mapped
        empty: NDArray[Any] = np.empty(shape, dtype=dtype)
        np.save(path, empty)
        return empty
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)


def _map(path: Path) -> NDArray[Any]:
    try:
        return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:  # an empty file cannot be mapped
        return np.asanyarray(np.load(path, allow_pickle=False))
