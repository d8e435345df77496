"""What training added to the embedded encoder: low-rank terms, merged into its weights as they are written.

A linear layer's weights W become W + B A, with A [rank, in] and B [out, rank] (LoRA, Hu et al. 2021).
encoder_additions.safetensors holds both for every layer that was trained, in half precision; it is written by
index/training/train_encoder.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from corpus.errors import ModelProblem
from index.files import sha256
from index.vectors import Vectors

FILE = Path(__file__).parent / "encoder_additions.safetensors"
SHA256 = "6ceacb1c4adef42786ec3675b7475ca6fe33e25f08d031cfe2dc4166f1578c56"


def with_additions(weights: Iterable[tuple[str, Vectors]]) -> Iterator[tuple[str, Vectors]]:
    """The weights under their names, those that were trained with what training added.

    Raises ModelProblem when FILE is missing or another.
    """
    from safetensors.numpy import load_file

    if not FILE.is_file() or sha256(FILE) != SHA256:
        raise ModelProblem(
            f"{FILE}, a part of the embedded model, is missing or damaged: install Tricite again"
        )
    parts = load_file(FILE)
    for name, weight in weights:
        layer = name.removesuffix(".weight")
        if f"{layer}.A" in parts:
            inner, outer = (parts[f"{layer}.{part}"].astype(np.float32) for part in ("A", "B"))
            weight = weight + outer @ inner
        yield name, weight


def save_additions(additions: Mapping[str, tuple[Vectors, Vectors]], file: Path) -> None:
    """Write A [rank, in] and B [out, rank] of each layer, by its name in transformers' BertModel.

    SHA256 has to follow what FILE holds.
    """
    from safetensors.numpy import save_file

    parts = {
        f"{layer}.{part}": np.ascontiguousarray(matrix, dtype=np.float16)
        for layer, pair in additions.items()
        for part, matrix in zip("AB", pair, strict=True)
    }
    save_file(parts, file)
