"""The span reader: which words of a passage answer the question, and how sure that is.

The weights (qa/reader.safetensors, int8) were trained by qa/training/train_reader.py; qa/reader.json names
their SHA-256, the data they were trained on and its licences.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelProblem
from index.files import sha256
from index.sentence_model import use_one_core
from qa.span_model import Pair, PairTokenizer, build_network, trained_weights, unpack

WEIGHTS = Path(__file__).parent / "reader.safetensors"
CARD = Path(__file__).parent / "reader.json"
_LONGEST_ANSWER = 40  # tokens
_loading = threading.Lock()

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a passage that is read at once. sentences: spans of its text, in order."""

    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer read in a window: text[start:end]; score: its logits above those of "no answer"."""

    start: int
    end: int
    score: float


class SpanReader:
    """Reads windows of passages for the answer to a question, in any pair of languages.

    The network is loaded at first use and is safe to share between threads.
    """

    def read(self, question: str, windows: Sequence[Window]) -> list[list[Reading]]:
        """The best answer in each sentence of each window; a sentence that was cut off scores -inf.

        Raises ModelProblem when the weights cannot be used.
        """
        import torch

        if not windows:
            return []
        with _loading:
            encoder, head, tokenizer = _load(WEIGHTS, CARD)
            workers = _workers()
        pairs = tokenizer.pairs(question, [window.text for window in windows])

        def read(pair: Pair, window: Window) -> list[Reading]:
            with torch.inference_mode():
                start, end = head(encoder([pair.ids])[0]).numpy().T
            return [_reading(start, end, pair, sentence) for sentence in window.sentences]

        return list(workers.map(read, pairs, windows))


@cache
def _workers() -> ThreadPoolExecutor:
    """Threads that read a window each on a core of its own. A window shared by cores takes twice as long
    beside llama.cpp: the threads of a team sleep and wake at every step there."""
    return ThreadPoolExecutor(os.cpu_count(), "reader", initializer=use_one_core)


@lru_cache(maxsize=1)
def _load(weights_file: Path, card: Path) -> tuple[Any, Any, PairTokenizer]:
    """The trained network, encoder and head, and its tokenizer, the same for every reader of a process."""
    import torch
    from safetensors.torch import load_file

    from index.embedded import embedded_model_path
    from index.packed_bert import PackedBert, where_fast

    folder = embedded_model_path()
    network = build_network(folder)
    try:
        if sha256(weights_file) != json.loads(card.read_text(encoding="utf-8"))["sha256"]:
            raise ValueError("its checksum is another")
        weights = unpack(load_file(weights_file))
        if weights.keys() != trained_weights(network).keys():
            raise ValueError("its layers are not those of the embedded encoder")
        network.load_state_dict(weights, strict=False)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        problem = " ".join(str(error).split())[:200]
        raise ModelProblem(
            f"the span reader {weights_file} cannot be used ({problem}): install Tricite again"
        ) from error
    encoder = PackedBert(network.encoder, where_fast(torch.int8))
    return encoder, network.head, PairTokenizer(folder)


def best_span(
    start: NDArray[np.float32], end: NDArray[np.float32], pair: Pair, within: Span | None = None
) -> tuple[int, int, float]:
    """The best span of a pair's window: first token, last token, score above "no answer".

    start, end: float32 [tokens], the logits of the pair. within: the code points of the window in which it
    must lie. Without a token there the last token is before the first, and the score is -inf.
    """
    low, high = pair.first, pair.first + len(pair.offsets)
    if within is not None:
        ends = pair.offsets[:, 1]  # a token may begin with the space before it
        inside = np.flatnonzero((ends > within[0]) & (ends <= within[1]))
        low, high = (low + int(inside[0]), low + int(inside[-1]) + 1) if len(inside) else (low, low)
    none = float(start[0] + end[0])
    if low == high:
        return low, low - 1, float("-inf")
    scores = start[low:high, None] + end[None, low:high]
    allowed = np.triu(np.ones(scores.shape, dtype=bool)) & ~np.triu(
        np.ones(scores.shape, dtype=bool), _LONGEST_ANSWER
    )
    first, last = divmod(int(np.where(allowed, scores, -np.inf).argmax()), high - low)
    return low + first, low + last, float(scores[first, last]) - none


def _reading(start: NDArray[np.float32], end: NDArray[np.float32], pair: Pair, sentence: Span) -> Reading:
    first, last, score = best_span(start, end, pair, sentence)
    if last < first:
        return Reading(sentence[0], sentence[0], score)
    spans = pair.offsets[[first - pair.first, last - pair.first]]
    return Reading(max(int(spans[0, 0]), sentence[0]), int(spans[1, 1]), score)
