"""The forward pass of a BERT encoder over a few short texts, written one behind the other without padding.

A question of a dozen tokens costs the encoder's usual pass nearly as much in modules as in arithmetic, and
several of different lengths cost their padding too. This does the same arithmetic on the same weights, and
nothing else; it is compiled with TorchScript, so that it runs from end to end without Python's lock. Its
products can be of bfloat16 or of 8-bit whole numbers, which take half and a quarter of the time where the
processor has instructions for them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from transformers import BertModel


class PackedBert:
    """A loaded BertModel's forward pass (Devlin et al. 2019), for evaluation."""

    def __init__(self, model: Any, products: torch.dtype = torch.float32) -> None:
        """products: what is multiplied. With bfloat16, weights and states are rounded to three digits; with
        int8, weights have a scale for each output, states one for each token (LLM.int8, Dettmers et al. 2022,
        without its outliers). With either, texts are taken one by one: where so much is rounded, a text's
        states would change a little with what is multiplied beside it."""
        embeddings = model.embeddings
        self._heads: int = model.config.num_attention_heads
        self._epsilon: float = model.config.layer_norm_eps
        self.one_by_one = products != torch.float32
        with torch.no_grad():
            places = embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0]
            norm = embeddings.LayerNorm
            self._embeddings = [embeddings.word_embeddings.weight, places, norm.weight, norm.bias]
            self._layers = [
                [_rounded(part, products) for part in _weights(layer)] for layer in model.encoder.layer
            ]
        with warnings.catch_warnings():  # it is no longer developed; the function runs without it as well
            warnings.simplefilter("ignore", DeprecationWarning)
            self._forward: Any = torch.jit.script(_forward)

    @staticmethod
    def takes(model: Any) -> bool:
        """Whether a network is one whose arithmetic is known here."""
        return (
            isinstance(model, BertModel)
            and model.config.hidden_act == "gelu"
            and not model.config.is_decoder
            and getattr(model.config, "position_embedding_type", "absolute") in (None, "absolute")
        )

    def __call__(self, texts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Token ids of texts -> last hidden states, float32 [n, longest, dim]; 0 behind a text's end."""
        together = [[text] for text in texts] if self.one_by_one else [texts]
        return pad_sequence([states for some in together for states in self._states(some)], batch_first=True)

    def _states(self, texts: Sequence[Sequence[int]]) -> Sequence[torch.Tensor]:
        """Last hidden states of each text, float32 [tokens, dim], in one pass."""
        lengths = [len(text) for text in texts]
        ids = torch.tensor([token for text in texts for token in text], dtype=torch.long)
        places = torch.cat([torch.arange(length) for length in lengths])
        numbers = torch.repeat_interleave(torch.tensor(lengths))
        states = self._forward(
            self._embeddings, self._layers, self._heads, self._epsilon, ids, places, numbers
        )
        return torch.split(states, lengths)


def where_fast(products: torch.dtype) -> torch.dtype:
    """bfloat16 or int8 where the processor has instructions for their products (x86 so far), else float32."""
    wanted = {torch.bfloat16: ("avx512_bf16",), torch.int8: ("avx512_vnni", "avx_vnni")}[products]
    found = torch.cpu.get_capabilities()
    return products if any(found.get(name, False) for name in wanted) else torch.float32


def _weights(layer: Any) -> list[list[torch.Tensor]]:
    """Weights and biases of what a layer does, in that order."""
    attention = layer.attention.self
    inputs = (attention.query, attention.key, attention.value)
    weights = torch.cat([part.weight for part in inputs])
    biases = torch.cat([part.bias for part in inputs])
    output = layer.attention.output
    steps = (
        output.dense,
        output.LayerNorm,
        layer.intermediate.dense,
        layer.output.dense,
        layer.output.LayerNorm,
    )
    parts = [(weights, biases), *((step.weight, step.bias) for step in steps)]
    # Transposed in memory, as the product wants it; SentenceModel's are, and need no copy.
    return [[weight.t().contiguous().t(), bias] for weight, bias in parts]


def _rounded(part: list[torch.Tensor], products: torch.dtype) -> list[torch.Tensor]:
    """What _linear takes: weights and biases, or weights int8 [in, out], their scales float32 [out] and
    biases; norms as they are."""
    weights, biases = part
    if weights.ndim == 1 or products == torch.float32:
        return part
    if products != torch.int8:
        return [weights.to(products), biases.to(products)]
    scales = weights.abs().amax(dim=1).clamp(min=1e-9) / 127
    whole = (weights / scales.unsqueeze(1)).round().to(torch.int8)
    return [whole.t().contiguous(), scales, biases]


def _linear(states: torch.Tensor, part: list[torch.Tensor]) -> torch.Tensor:
    """A linear layer on float32 [n, in], its weights rounded or not."""
    if len(part) == 2:
        return functional.linear(states.to(part[0].dtype), part[0], part[1]).to(states.dtype)
    weights, scales, biases = part
    largest = states.abs().amax(dim=1, keepdim=True).clamp(min=1e-9) / 127
    product = torch._int_mm((states / largest).round_().to(torch.int8), weights)
    return torch.addcmul(biases, product.to(torch.float32).mul_(largest), scales)


def _forward(
    embeddings: list[torch.Tensor],
    layers: list[list[list[torch.Tensor]]],
    heads: int,
    epsilon: float,
    ids: torch.Tensor,
    places: torch.Tensor,
    numbers: torch.Tensor,
) -> torch.Tensor:
    """Last hidden states of tokens, float32 [n, dim].

    ids, places, numbers: int64 [n], the token, its place in its text, and the text's number, ascending.
    """
    words, positions, weight, bias = embeddings
    width = [words.size(1)]
    # Only its own text is seen by a token.
    seen = torch.where(numbers.unsqueeze(0) == numbers.unsqueeze(1), 0.0, float("-inf")).to(words.dtype)
    states = functional.layer_norm(words[ids] + positions[places], width, weight, bias, epsilon)
    for inputs, output, first, wide, narrow, second in layers:
        mixed = _linear(states, inputs)
        parts = mixed.view(1, len(ids), 3, heads, width[0] // heads).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], seen[None, None])
        found = _linear(found.transpose(1, 2).reshape(states.shape), output)
        states = functional.layer_norm(found.add_(states), width, first[0], first[1], epsilon)
        found = _linear(functional.gelu(_linear(states, wide)), narrow)
        states = functional.layer_norm(found.add_(states), width, second[0], second[1], epsilon)
    return states
