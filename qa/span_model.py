"""The span reader's network: the embedded encoder with its layers trained to point at an answer.

Question and passage go through the encoder together; a linear head scores every token as the first and the
last of the answer, and the first token of all as "no answer here" (Devlin et al. 2019, SQuAD 2.0 set-up).
The vocabulary, four fifths of all, is the embedded encoder's own, so that only the rest is kept on disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.chinese import simplified
from index.sentence_model import no_loading_bar, readable

MAX_TOKENS = 320
"""Of question and window together, special tokens included."""

_QUESTION_TOKENS = 96


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a window of a passage as token ids.

    first: place of the window's first token; offsets: int32 [n, 2], the code points of the window's tokens.
    """

    ids: list[int]
    first: int
    offsets: NDArray[np.int32]


class PairTokenizer:
    """Makes pairs with the embedded encoder's tokenizer; Chinese is read in Simplified, offsets unchanged."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._start, self._end = (int(self._tokenizer.token_to_id(name) or 0) for name in ("<s>", "</s>"))

    def pairs(self, question: str, windows: Sequence[str]) -> list[Pair]:
        """One pair a window; a window that is too long is cut."""
        texts = [simplified(readable(text)) for text in (question, *windows)]
        asked, *found = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        head: list[int] = [self._start, *asked.ids[:_QUESTION_TOKENS], self._end, self._end]
        room = MAX_TOKENS - len(head) - 1
        return [
            Pair(
                [*head, *window.ids[:room], self._end],
                len(head),
                np.array(window.offsets[:room], dtype=np.int32).reshape(-1, 2),
            )
            for window in found
        ]


def build_network(folder: Path) -> Any:
    """The embedded encoder with a span head that is not trained yet, in float32.

    folder: the embedded model. A torch module: forward(ids, mask) -> start and end logits, [n, longest].
    """
    import torch
    from transformers import BertModel

    class SpanNetwork(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            with no_loading_bar():
                self.encoder = BertModel.from_pretrained(
                    folder, local_files_only=True, use_safetensors=True, add_pooling_layer=False
                )
            self.head = torch.nn.Linear(self.encoder.config.hidden_size, 2)

        def forward(self, ids: Any, mask: Any) -> tuple[Any, Any]:
            states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            logits = self.head(states).masked_fill(~mask.bool().unsqueeze(-1), -1e4)
            return logits[..., 0], logits[..., 1]

    return SpanNetwork()


def trained_weights(network: Any) -> dict[str, Any]:
    """The weights that differ from the embedded encoder's, by name."""
    kept = ("encoder.encoder.layer.", "head.")
    return {name: value for name, value in network.state_dict().items() if name.startswith(kept)}


_SCALE = ".scale"


def pack(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Weights as they are kept: matrices in int8, with a scale for each row, the rest in float16."""
    packed = {}
    for name, value in weights.items():
        value = value.detach().float().cpu()
        if value.ndim == 2:
            scale = value.abs().amax(dim=1, keepdim=True).clamp(min=1e-6).half().float() / 127
            packed[name] = (value / scale).round().clamp(-127, 127).char()
            packed[name + _SCALE] = (scale * 127).half()
        else:
            packed[name] = value.half()
    return packed


def unpack(packed: Mapping[str, Any]) -> dict[str, Any]:
    """The float32 weights that were packed."""
    return {
        name: value.float() * packed[name + _SCALE].float() / 127
        if name + _SCALE in packed
        else value.float()
        for name, value in packed.items()
        if not name.endswith(_SCALE)
    }


def batch(pairs: Sequence[Pair], padding: int) -> tuple[Any, Any]:
    """Token ids and mask of pairs, int64 [n, longest] each."""
    import torch

    longest = max(len(pair.ids) for pair in pairs)
    ids = torch.full((len(pairs), longest), padding)
    mask = torch.zeros((len(pairs), longest), dtype=torch.long)
    for row, pair in enumerate(pairs):
        ids[row, : len(pair.ids)] = torch.tensor(pair.ids)
        mask[row, : len(pair.ids)] = 1
    return ids, mask
