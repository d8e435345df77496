"""The forward pass of a BERT encoder over a few short texts, written one behind the other without padding.

A question of a dozen tokens costs the encoder's usual pass nearly as much in modules as in arithmetic, and
several of different lengths cost their padding too. This does the same arithmetic on the same weights, and
nothing else.
"""

from __future__ import annotations

from typing import Any

MOST_TOKENS = 512
"""Of all texts together: attention is taken between all of them, and then masked."""


class PackedBert:
    """A loaded transformers.BertModel's forward pass (Devlin et al. 2019), for evaluation."""

    def __init__(self, model: Any) -> None:
        import torch

        embeddings = model.embeddings
        self._words = embeddings.word_embeddings.weight
        self._norm = embeddings.LayerNorm
        self._heads = model.config.num_attention_heads
        self._layers = []
        with torch.no_grad():
            self._places = embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0]
            for layer in model.encoder.layer:
                attention = layer.attention.self
                parts = (attention.query, attention.key, attention.value)
                weight = torch.cat([part.weight for part in parts])
                bias = torch.cat([part.bias for part in parts])
                self._layers.append((weight, bias, layer.attention.output, layer.intermediate, layer.output))

    @staticmethod
    def takes(model: Any) -> bool:
        """Whether a network is one whose arithmetic is known here."""
        from transformers import BertModel

        return (
            isinstance(model, BertModel)
            and model.config.hidden_act == "gelu"
            and not model.config.is_decoder
            and getattr(model.config, "position_embedding_type", "absolute") in (None, "absolute")
        )

    def __call__(self, ids: Any, places: Any, texts: Any) -> Any:
        """Last hidden states of tokens, float32 [n, dim].

        ids, places, texts: int64 [n], the token, its place in its text, and the text's number, ascending.
        """
        from torch.nn import functional

        count, width = len(ids), self._words.shape[1]
        # Only its own text is seen by a token.
        seen = (texts.unsqueeze(0) == texts.unsqueeze(1))[None, None] if texts[-1] else None
        states = _normed(self._words[ids] + self._places[places], self._norm)
        for weight, bias, attended, widened, narrowed in self._layers:
            mixed = functional.linear(states, weight, bias)
            heads = mixed.view(1, count, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            found = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=seen)
            found = found.transpose(1, 2).reshape(count, width)
            states = _normed(_linear(found, attended.dense).add_(states), attended.LayerNorm)
            wide = functional.gelu(_linear(states, widened.dense))
            states = _normed(_linear(wide, narrowed.dense).add_(states), narrowed.LayerNorm)
        return states


def _linear(states: Any, layer: Any) -> Any:
    from torch.nn import functional

    return functional.linear(states, layer.weight, layer.bias)


def _normed(states: Any, layer: Any) -> Any:
    from torch.nn import functional

    return functional.layer_norm(states, layer.normalized_shape, layer.weight, layer.bias, layer.eps)
