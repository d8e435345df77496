"""Compression of token vectors: a fitted rotation, 4 bits for the leading coordinates, 2 for the next.

A token vector is the mean token plus a residual. The residual is turned so that its variance lies in the
leading coordinates (principal components); each coordinate is divided by its deviation and rounded to the
nearest level of a quantiser that is optimal for a normal distribution (Lloyd 1982, Max 1960); one scale a
token makes the residual's length come out right. The coordinates that vary least are left out.
The constants of the embedded model are in token_codec.npz, fitted by index/training/fit_token_codec.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.vectors import Vectors

Codes = NDArray[np.uint8]

FILE = Path(__file__).parent / "token_codec.npz"

FINE, COARSE = 96, 256
"""Coordinates kept with 4 bits and with 2."""

_LEVELS_2 = np.array([-1.5104, -0.4528, 0.4528, 1.5104], dtype=np.float32)
_POSITIVE_4 = np.array([0.1284, 0.3880, 0.6568, 0.9423, 1.2562, 1.6180, 2.0690, 2.7326], dtype=np.float32)
_LEVELS_4 = np.concatenate([-_POSITIVE_4[::-1], _POSITIVE_4])
_PAIRS = np.stack([_LEVELS_4[np.arange(256) >> shift & 15] for shift in (0, 4)], axis=1)
_FOURS = np.stack([_LEVELS_2[np.arange(256) >> shift & 3] for shift in (0, 2, 4, 6)], axis=1)
# What a byte stands for, as one number of 8 or 16 bytes: taking those is several times faster than rows.
_PAIR_OF = np.ascontiguousarray(_PAIRS, dtype=np.float32).view(np.float64).ravel()
_FOUR_OF = np.ascontiguousarray(_FOURS, dtype=np.float32).view(np.complex128).ravel()

_BLOCK = 512
"""Tokens whose cosines are taken at once."""

_COLUMNS = 8


@dataclass(frozen=True, slots=True, eq=False)
class TokenCodec:
    """mean: float32 [dim]. basis: float32 [dim, kept], orthonormal columns. deviations: float32 [kept].

    fine: how many leading coordinates have 4 bits; the others have 2. fine is even, kept - fine a multiple
    of 4. A token takes fine / 2 + (kept - fine) / 4 bytes.
    """

    mean: Vectors
    basis: Vectors
    deviations: Vectors
    fine: int

    @property
    def width(self) -> int:
        """Bytes of a token."""
        return self.fine // 2 + (len(self.deviations) - self.fine) // 4

    @property
    def fingerprint(self) -> str:
        """Hash of what decides the codes."""
        found = hashlib.sha256(str(self.fine).encode())
        for array in (self.mean, self.basis, self.deviations):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:16]

    def encode(self, vectors: Vectors) -> tuple[Codes, NDArray[np.float16]]:
        """Unit vectors [n, dim] -> codes uint8 [n, width] and scales float16 [n]."""
        turned = (vectors - self.mean) @ self.basis
        normal = turned / self.deviations
        normal /= np.maximum(np.sqrt(np.square(normal).mean(axis=1, keepdims=True)), 1e-9)
        fine = _nearest(normal[:, : self.fine], _LEVELS_4)
        coarse = _nearest(normal[:, self.fine :], _LEVELS_2)
        codes = np.hstack(
            [
                fine[:, 0::2] | fine[:, 1::2] << 4,
                coarse[:, 0::4] | coarse[:, 1::4] << 2 | coarse[:, 2::4] << 4 | coarse[:, 3::4] << 6,
            ]
        ).astype(np.uint8)
        levels = self._levels(codes) * self.deviations
        fit = (turned * levels).sum(axis=1) / np.maximum(np.square(levels).sum(axis=1), 1e-9)
        return codes, fit.astype(np.float16)

    def decode(self, codes: Codes, scales: NDArray[np.float16]) -> Vectors:
        """The vectors that codes stand for, about unit length: float32 [n, dim]."""
        levels = self._levels(codes) * self.deviations
        return np.asarray(levels @ self.basis.T * scales[:, None].astype(np.float32) + self.mean)

    def cosines(self, codes: Codes, scales: NDArray[np.float16], others: Vectors) -> Vectors:
        """Cosines of coded tokens with unit vectors [m, dim]: float32 [n, m]; nothing is decoded in full."""
        half = self.fine // 2
        columns = filled(others)
        turned = ((columns @ self.basis) * self.deviations).T
        found = np.empty((len(codes), len(columns)), dtype=np.float32)
        # A block at a time, whose levels stay in the processor's cache: three times as fast as all at once.
        fine = np.empty((_BLOCK, half), dtype=_PAIR_OF.dtype)
        coarse = np.empty((_BLOCK, self.width - half), dtype=_FOUR_OF.dtype)
        for at in range(0, len(codes), _BLOCK):
            block, rows = codes[at : at + _BLOCK], found[at : at + _BLOCK]
            pairs = _PAIR_OF.take(block[:, :half], out=fine[: len(block)], mode="clip")
            fours = _FOUR_OF.take(block[:, half:], out=coarse[: len(block)], mode="clip")
            np.matmul(pairs.view(np.float32), turned[: self.fine], out=rows)
            if fours.size:
                rows += fours.view(np.float32) @ turned[self.fine :]
        found *= scales[:, None].astype(np.float32)
        found += columns @ self.mean
        return np.asarray(found[:, : len(others)])

    def _levels(self, codes: Codes) -> Vectors:
        """The quantiser's levels, float32 [n, kept]."""
        half = self.fine // 2
        levels = np.empty((len(codes), len(self.deviations)), dtype=np.float32)
        levels[:, : self.fine] = _PAIR_OF[codes[:, :half]].view(np.float32)
        levels[:, self.fine :] = _FOUR_OF[codes[:, half:]].view(np.float32)
        return levels


def filled(vectors: Vectors) -> Vectors:
    """The vectors and zeros behind them, to a multiple of 8: 16 are multiplied up to twice as fast as 15."""
    return np.pad(vectors, ((0, -len(vectors) % _COLUMNS), (0, 0)))


def _nearest(values: NDArray[np.floating], levels: Vectors) -> NDArray[np.uint8]:
    """The number of the nearest level."""
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, values).astype(np.uint8)


def fit_token_codec(vectors: Vectors) -> TokenCodec:
    """A codec for vectors like these [n, dim]; n many times dim."""
    mean = vectors.mean(axis=0)
    variances, basis = np.linalg.eigh(np.cov((vectors - mean).T))
    order = np.argsort(-variances)[: FINE + COARSE]
    return TokenCodec(
        mean.astype(np.float32),
        np.ascontiguousarray(basis[:, order], dtype=np.float32),
        np.sqrt(variances[order]).astype(np.float32),
        min(FINE, len(order)) // 4 * 4,
    )


@cache
def load_token_codec(fingerprint: str, dim: int) -> TokenCodec:
    """The codec fitted for an embedder; for one that nobody fitted, 4 bits a coordinate as it stands."""
    with np.load(FILE, allow_pickle=False) as arrays:
        if str(arrays["embedder"]) == fingerprint:
            fine = int(arrays["fine"])
            mean, basis, deviations = (
                arrays[name].astype(np.float32) for name in ("mean", "basis", "deviations")
            )
            return TokenCodec(mean, basis, deviations, fine)
    kept = dim // 4 * 4
    return TokenCodec(
        np.zeros(dim, dtype=np.float32),
        np.eye(dim, kept, dtype=np.float32),
        np.full(kept, dim**-0.5, dtype=np.float32),
        kept,
    )


def save_token_codec(codec: TokenCodec, fingerprint: str) -> None:
    """Write the codec fitted for an embedder."""
    np.savez_compressed(
        FILE,
        embedder=np.array(fingerprint),
        fine=np.array(codec.fine),
        mean=codec.mean.astype(np.float16),
        basis=codec.basis.astype(np.float16),
        deviations=codec.deviations,
    )
