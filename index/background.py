"""What a question scores on passages at large: the scale that its scores are counted on.

Similarities are not comparable between passage languages, so each is counted in standard deviations above
the passages of its own language, estimated from a fixed sample of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.calibration import PRIOR_PASSAGES
from index.generation import Partition
from index.token_codec import filled
from index.token_vectors import best_matches
from index.vectors import Vectors

_VECTORS = 1000
_TOKEN_CHUNKS = 32
_DIFFERENT = 0.9
"""With a smaller share of different passages in the sample, of copies only one is kept."""


class Background:
    """A fixed sample of a partition's passages; where many are copies, of those one.

    vectors: float32 [n, dim], sentence vectors, the mean of the language (centre) taken off.
    """

    def __init__(self, partition: Partition, centre: Vectors) -> None:
        among = np.arange(len(partition.rows))
        sample = _spread(among, _VECTORS)
        vectors = partition.vectors.get(partition.rows[sample])
        different = _distinct(vectors)
        if len(different) < _DIFFERENT * len(sample):  # or each would stand above its copies alone
            vectors, among = vectors[different], sample[different]
        self.vectors: Vectors = vectors - centre
        tokens = [partition.tokens[position] for position in _spread(among, _TOKEN_CHUNKS)]
        tokens = [chunk for chunk in tokens if len(chunk)]
        codec = partition.tokens.codec
        decoded = [codec.decode(chunk.codes, chunk.scales) for chunk in tokens]
        self._tokens = _for_products(np.concatenate(decoded)) if tokens else None
        self._lengths = np.array([len(chunk) for chunk in tokens], dtype=np.int64)
        # Rounded cosines are often equal, which no two tokens of a chunk shall be.
        firsts = np.repeat(np.cumsum(self._lengths) - self._lengths, self._lengths)
        places = (np.arange(len(firsts)) - firsts).astype(np.float32)
        self._apart = places[:, None] * np.float32(1e-6)

    def nearest(self, question: Vectors) -> Vectors:
        """As TokenVectors.nearest, in the sampled passages: float32 [3, sampled chunks, m]."""
        if self._tokens is None or not len(question):
            return np.zeros((3, 1, len(question)), dtype=np.float32)
        tokens = self._tokens.new_tensor(filled(question))
        cosines = (self._tokens @ tokens.T).float().numpy()
        return best_matches(cosines[:, : len(question)] - self._apart, self._lengths)


def _for_products(vectors: Vectors) -> Any:
    """A tensor of the kind that is multiplied fast: what is rounded away hardly moves a mean of many."""
    import torch

    from index.packed_bert import where_fast

    return torch.from_numpy(vectors).to(where_fast(torch.bfloat16))


def _distinct(vectors: Vectors) -> NDArray[np.int64]:
    """Positions of the vectors [n, dim] that are no copy of one before them, ascending."""
    # Different passages do not have the same cosines, to five digits, with two directions chosen at random.
    directions = np.random.default_rng(0).standard_normal((vectors.shape[1], 2)) / vectors.shape[1] ** 0.5
    cosines = (vectors @ directions).round(5) @ np.array([1, 1j])
    return np.sort(np.unique(cosines, return_index=True)[1]).astype(np.int64)


def standardise(
    values: NDArray[np.floating],
    background: NDArray[np.floating],
    prior: tuple[float, ...],
    further: int = PRIOR_PASSAGES,
) -> Vectors:
    """Values in standard deviations above the background's mean.

    prior: mean and standard deviation that so many further passages are taken to have, so that a language
    with one passage is sound too.
    """
    mean, deviation = prior
    total = len(background) + further
    centre = (background.sum() + further * mean) / total
    squares = np.square(background - centre).sum() + further * (deviation**2 + (mean - centre) ** 2)
    return np.asarray((values - centre) / np.sqrt(squares / total), dtype=np.float32)


def _spread(positions: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """At most wanted of the positions, evenly spread."""
    count = len(positions)
    return positions[np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(np.int64))]
