"""BM25 over analysed terms: the Lucene variant of bm25s, with the edge cases that it leaves open closed."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import IndexDamaged

# Lucene's defaults. On development sets in three languages no other usual pair did better on all.
K1, B = 1.2, 0.75
_SIZES = "sizes.json"


class Bm25Index:
    """Scores of every chunk for a question's terms.

    For a chunk of length terms, summed over the query's terms (a term asked twice counts twice):
    ln(1 + (n - df + 0.5) / (df + 0.5)) * tf / (tf + k1 * (1 - b + b * length / mean length)),
    "Lucene (accurate)" in Kamphuis et al. 2020, "Which BM25 do you mean?".
    """

    def __init__(self, chunks: int, engine: Any | None) -> None:
        # No engine where no chunk has a term: bm25s has no such index.
        self._chunks = chunks
        self._engine = engine

    def __len__(self) -> int:
        """How many chunks are indexed."""
        return self._chunks

    @classmethod
    def build(cls, chunk_terms: Sequence[Sequence[str]]) -> Bm25Index:
        """Index the terms of each chunk; a chunk's position is its place in the sequence."""
        # Numbered in the order of the text: bm25s numbers a set, so its files would differ from run to run.
        vocabulary: dict[str, int] = {}
        numbered = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms] for terms in chunk_terms]
        if not vocabulary:
            return cls(len(numbered), None)
        engine = _bm25s().BM25(k1=K1, b=B, method="lucene", backend="numpy")
        engine.index((numbered, vocabulary), create_empty_token=False, show_progress=False)
        return cls(len(numbered), engine)

    def scores(self, query_terms: Sequence[str]) -> NDArray[np.float32]:
        """BM25 of every chunk, float32 [n], at least 0; zeros where no term of the query is known."""
        known = self._engine.get_tokens_ids(query_terms) if self._engine else []
        if not self._engine or not known:
            return np.zeros(self._chunks, dtype=np.float32)
        found: NDArray[np.float32] = self._engine.get_scores_from_ids(known)
        return found

    def coverage(self, query_terms: Sequence[str]) -> NDArray[np.float32]:
        """Scores as a share of the most that the query could score, float32 [n], 0 to 1.

        Comparable between queries: a term that no chunk holds counts as the rarest.
        """
        scores = self.scores(query_terms)
        if not self._engine or not query_terms:
            return scores
        starts = self._engine.scores["indptr"]
        ids = (self._engine.vocab_dict.get(term) for term in query_terms)
        holding = np.array([starts[i + 1] - starts[i] if i is not None else 0 for i in ids], dtype=np.float64)
        most = np.log(1 + (self._chunks - holding + 0.5) / (holding + 0.5)).sum()
        return scores / np.float32(most)

    def save(self, folder: Path) -> None:
        """Write the index into a folder: NumPy arrays and JSON. Forcing it to disk is the caller's part."""
        folder.mkdir(parents=True, exist_ok=True)
        sizes = {"chunks": self._chunks, "has_terms": self._engine is not None}
        (folder / _SIZES).write_text(json.dumps(sizes), encoding="utf-8")
        if self._engine:
            self._engine.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> Bm25Index:
        """Open a saved index, its arrays mapped rather than read. Raises IndexDamaged."""
        try:
            sizes = json.loads((folder / _SIZES).read_text(encoding="utf-8"))
            chunks = int(sizes["chunks"])
            if not sizes["has_terms"]:
                return cls(chunks, None)
            engine = _bm25s().BM25.load(
                folder,
                mmap=True,
                allow_pickle=False,
                backend="numpy",
                auto_compile=False,
                show_progress=False,
            )
            _check(engine, chunks)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            problem = " ".join(str(error).split())
            raise IndexDamaged(
                f"the BM25 files in {folder} cannot be used ({problem}): run `tricite repair` to rebuild them"
            ) from error
        return cls(chunks, engine)


def _check(engine: Any, chunks: int) -> None:
    """Raise ValueError unless the arrays fit each other, so that no query can reach outside them."""
    data, indices, starts = (engine.scores[name] for name in ("data", "indices", "indptr"))
    fits = (
        data.dtype == np.float32
        and data.ndim == indices.ndim == starts.ndim == 1
        and engine.scores["num_docs"] == chunks
        and len(starts) == len(engine.vocab_dict) + 1
        and int(starts[-1]) == len(data) == len(indices)
    )
    if not fits:
        raise ValueError("its arrays do not fit each other")


def _bm25s() -> Any:
    import bm25s

    # It sets its logger to DEBUG, which would reach stderr through any handler on the root logger.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    return bm25s
