"""What a question scores on passages at large: the scale that its scores are counted on.

Similarities are not comparable between passage languages, so each is counted in standard deviations above
the passages of its own language, estimated from a fixed sample of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.calibration import PRIOR_PASSAGES
from index.generation import Partition
from index.vectors import Vectors

_VECTORS = 1000
_TOKEN_CHUNKS = 32


class Background:
    """A fixed sample of a partition's passages.

    vectors: float32 [n, dim], sentence vectors, the mean of the language (centre) taken off.
    """

    def __init__(self, partition: Partition, centre: Vectors) -> None:
        count = len(partition.rows)
        self.vectors: Vectors = partition.vectors.get(partition.rows[_spread(count, _VECTORS)]) - centre
        tokens = [partition.tokens[position] for position in _spread(count, _TOKEN_CHUNKS)]
        tokens = [chunk for chunk in tokens if len(chunk)]
        codec = partition.tokens.codec
        vectors = [codec.decode(chunk.codes, chunk.scales) for chunk in tokens]
        self._tokens = np.concatenate(vectors) if tokens else None
        self._starts = np.cumsum([0, *map(len, tokens[:-1])])

    def max_similarities(self, query_tokens: Vectors) -> Vectors:
        """float32 [sampled chunks, query tokens], as TokenVectors.max_similarities."""
        if self._tokens is None or not len(query_tokens):
            return np.zeros((1, len(query_tokens)), dtype=np.float32)
        return np.asarray(np.maximum.reduceat(self._tokens @ query_tokens.T, self._starts, axis=0))


def standardise(
    values: NDArray[np.floating], background: NDArray[np.floating], prior: tuple[float, ...]
) -> Vectors:
    """Values in standard deviations above the background's mean.

    prior: mean and standard deviation that PRIOR_PASSAGES further passages are taken to have, so that a
    language with one passage is sound too.
    """
    mean, deviation = prior
    total = len(background) + PRIOR_PASSAGES
    centre = (background.sum() + PRIOR_PASSAGES * mean) / total
    squares = np.square(background - centre).sum() + PRIOR_PASSAGES * (deviation**2 + (mean - centre) ** 2)
    return np.asarray((values - centre) / np.sqrt(squares / total), dtype=np.float32)


def _spread(count: int, wanted: int) -> NDArray[np.int64]:
    """At most wanted positions, evenly spread over count."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(np.int64))
