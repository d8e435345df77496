"""Token vectors of every chunk, for late interaction: coded rows in memory-mapped files.

Files of a folder: token_codes.npy uint8 [tokens, width], token_scales.npy float16 [tokens],
token_starts.npy uint32 [tokens] and token_lengths.npy uint8 [tokens] (code points in the chunk's text),
token_bounds.npy int64 [chunks + 1]. What the codes stand for is in index/token_codec.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedder import Embedding
from index.token_codec import Codes, TokenCodec
from index.vectors import Vectors

_FILES = {"codes": np.uint8, "scales": np.float16, "starts": np.uint32, "lengths": np.uint8}
_BOUNDS = "token_bounds.npy"
_TAKEN = np.float32(-2)
"""Less than any cosine."""
_PARTS = 4
"""Of a chunk, one behind the other: quarters."""


@dataclass(frozen=True, slots=True, eq=False)
class PassageTokens:
    """The tokens of a passage: vectors float32 [n, dim], about unit length; offsets [n, 2] in its text."""

    vectors: Vectors
    offsets: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class ChunkTokens:
    """The coded tokens of one chunk: codes uint8 [n, width], scales float16 [n], starts uint32 [n],
    lengths uint8 [n]."""

    codes: Codes
    scales: NDArray[np.float16]
    starts: NDArray[np.uint32]
    lengths: NDArray[np.uint8]

    @classmethod
    def encode(cls, embedding: Embedding, codec: TokenCodec) -> ChunkTokens:
        starts, ends = embedding.offsets[:, 0], embedding.offsets[:, 1]
        lengths = np.minimum(ends - starts, 255).astype(np.uint8)
        return cls(*codec.encode(embedding.tokens), starts.astype(np.uint32), lengths)

    @classmethod
    def none(cls, codec: TokenCodec) -> ChunkTokens:
        """The tokens of a chunk whose tokens are not kept."""
        empty = {name: np.empty(0, dtype) for name, dtype in _FILES.items()}
        return cls(**{**empty, "codes": np.empty((0, codec.width), np.uint8)})

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Spans in the chunk's text, int64 [n, 2]."""
        starts = self.starts.astype(np.int64)
        return np.stack([starts, starts + self.lengths], axis=1)

    def __len__(self) -> int:
        return len(self.codes)


class TokenVectors:
    """Read access by the chunk's position in its folder."""

    def __init__(self, folder: Path, codec: TokenCodec) -> None:
        self.codec = codec
        self._arrays = {name: _map(folder / f"token_{name}.npy") for name in _FILES}
        self._bounds = _map(folder / _BOUNDS)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, position: int) -> ChunkTokens:
        rows = slice(int(self._bounds[position]), int(self._bounds[position + 1]))
        return ChunkTokens(**{name: array[rows] for name, array in self._arrays.items()})

    def nearest(self, query_tokens: Vectors, positions: NDArray[np.int64]) -> Vectors:
        """What best_matches finds for every query token in every chunk: float32 [3, chunks, query tokens].

        query_tokens: float32 [m, dim], unit rows.
        """
        starts, ends = self._bounds[positions], self._bounds[positions + 1]
        found = np.zeros((3, len(positions), len(query_tokens)), dtype=np.float32)
        filled = ends > starts  # a chunk without tokens matches nothing
        if not filled.any() or not len(query_tokens):
            return found
        rows = np.concatenate(
            [np.arange(start, end) for start, end in zip(starts[filled], ends[filled], strict=True)]
        )
        cosines = self.codec.cosines(self._arrays["codes"][rows], self._arrays["scales"][rows], query_tokens)
        found[:, filled] = best_matches(cosines, ends[filled] - starts[filled])
        return found


def best_matches(cosines: Vectors, lengths: NDArray[np.int64]) -> Vectors:
    """Of every column, in chunks that lie one behind the other: its best cosine, its third best, and its best
    in that quarter of the chunk that matches all columns best: float32 [3, chunks, m].

    cosines: float32 [tokens, m], which is used up. lengths: tokens of each chunk, at least 1; of a chunk that
    has fewer than three the worst counts, and of one that has fewer than four a quarter is a token.
    """
    starts = np.cumsum(lengths) - lengths
    quarters = starts[:, None] + lengths[:, None] * np.arange(_PARTS) // _PARTS
    parts = np.maximum.reduceat(cosines, quarters.ravel(), axis=0).reshape(len(lengths), _PARTS, -1)
    best = found = parts.max(axis=1)
    for _ in range(2):
        cosines[cosines == np.repeat(found, lengths, axis=0)] = _TAKEN
        following = np.maximum.reduceat(cosines, starts, axis=0)
        found = np.where(following > _TAKEN, following, found)
    return np.stack([best, found, parts[np.arange(len(parts)), parts.mean(axis=2).argmax(axis=1)]])


def write_token_vectors(
    folder: Path, chunks: Iterable[ChunkTokens], token_counts: list[int], codec: TokenCodec
) -> None:
    """Write the tokens of chunks in order, streamed: no more than one chunk is held in memory.

    token_counts: the number of tokens of every chunk, in the same order.
    """
    bounds = np.concatenate([[0], np.cumsum(token_counts, dtype=np.int64)]).astype(np.int64)
    total = int(bounds[-1])
    np.save(folder / _BOUNDS, bounds)
    arrays = {
        name: _create(
            folder / f"token_{name}.npy", dtype, (total, codec.width) if name == "codes" else (total,)
        )
        for name, dtype in _FILES.items()
    }
    for position, tokens in enumerate(chunks):
        rows = slice(int(bounds[position]), int(bounds[position + 1]))
        for name, array in arrays.items():
            array[rows] = getattr(tokens, name)
    for array in arrays.values():
        if isinstance(array, np.memmap):
            array.flush()


def _create(path: Path, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
    if 0 in shape:  # an empty file cannot be mapped
        empty: NDArray[Any] = np.empty(shape, dtype=dtype)
        np.save(path, empty)
        return empty
    made: NDArray[Any] = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    if hasattr(os, "posix_fallocate"):  # writing to a map that the disk has no room for ends the process
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return made


def _map(path: Path) -> NDArray[Any]:
    # As plain arrays: slices of np.memmap are dear.
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:  # an empty file cannot be mapped
        return np.asarray(np.load(path, allow_pickle=False))
