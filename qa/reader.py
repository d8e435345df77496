"""The span reader: which words of a passage answer the question, and how sure that is.

The weights (qa/reader.safetensors, float16) were trained by qa/training/train_reader.py; qa/reader.json names
their SHA-256, the data they were trained on and its licences.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelProblem
from index.files import sha256
from qa.span_model import Pair, PairTokenizer, batch, build_network, trained_weights

WEIGHTS = Path(__file__).parent / "reader.safetensors"
CARD = Path(__file__).parent / "reader.json"
_LONGEST_ANSWER = 40  # tokens
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer read in a window: window[start:end]; score: its logits above those of "no answer"."""

    start: int
    end: int
    score: float


class SpanReader:
    """Reads windows of passages for the answer to a question, in any pair of languages.

    The network is loaded at first use and is safe to share between threads.
    """

    def read(self, question: str, windows: Sequence[str]) -> list[Reading]:
        """The best answer in each window. Raises ModelProblem when the weights cannot be used."""
        import torch

        if not windows:
            return []
        with _loading:
            network, tokenizer = _load(WEIGHTS, CARD)
        pairs = tokenizer.pairs(question, windows)
        with torch.inference_mode():
            starts, ends = network(*batch(pairs, network.encoder.config.pad_token_id))
        return [
            _reading(start, end, pair)
            for start, end, pair in zip(starts.numpy(), ends.numpy(), pairs, strict=True)
        ]


@lru_cache(maxsize=1)
def _load(weights_file: Path, card: Path) -> tuple[Any, PairTokenizer]:
    """The trained network and its tokenizer, the same for every reader of a process."""
    from safetensors.torch import load_file

    from index.embedded import embedded_model_path

    folder = embedded_model_path()
    network = build_network(folder)
    try:
        if sha256(weights_file) != json.loads(card.read_text(encoding="utf-8"))["sha256"]:
            raise ValueError("its checksum is another")
        weights = {name: value.float() for name, value in load_file(weights_file).items()}
        if weights.keys() != trained_weights(network).keys():
            raise ValueError("its layers are not those of the embedded encoder")
        network.load_state_dict(weights, strict=False)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        problem = " ".join(str(error).split())[:200]
        raise ModelProblem(
            f"the span reader {weights_file} cannot be used ({problem}): install Tricite again"
        ) from error
    return network.eval(), PairTokenizer(folder)


def best_span(start: NDArray[np.float32], end: NDArray[np.float32], pair: Pair) -> tuple[int, int, float]:
    """The best span inside a pair's window: first token, last token, score above "no answer".

    start, end: float32 [tokens], the logits of the pair.
    """
    low, high = pair.first, pair.first + len(pair.offsets)
    none = float(start[0] + end[0])
    if low == high:
        return low, low - 1, float("-inf")
    scores = start[low:high, None] + end[None, low:high]
    allowed = np.triu(np.ones(scores.shape, dtype=bool)) & ~np.triu(
        np.ones(scores.shape, dtype=bool), _LONGEST_ANSWER
    )
    first, last = divmod(int(np.where(allowed, scores, -np.inf).argmax()), high - low)
    return low + first, low + last, float(scores[first, last]) - none


def _reading(start: NDArray[np.float32], end: NDArray[np.float32], pair: Pair) -> Reading:
    first, last, score = best_span(start, end, pair)
    if last < first:
        return Reading(0, 0, score)
    spans = pair.offsets[[first - pair.first, last - pair.first]]
    return Reading(int(spans[0, 0]), int(spans[1, 1]), score)
