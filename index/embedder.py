"""Text -> vectors: the Embedder protocol, any sentence-transformers model, and a small fake for tests.

An embedder gives the sentence vector and the token vectors of the same forward pass, with the
token's place in the text, so that nothing is ever embedded twice.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from index.batching import Batching
from index.sentence_model import SentenceModel, readable, unit, use_one_core

Floats = NDArray[np.float32]
Offsets = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """The vectors of one text.

    vector: float32 [dim], unit norm. tokens: float32 [n, dim], unit rows. offsets: int32 [n, 2],
    code-point spans in the given text; prompt, special tokens and context have no rows.
    """

    vector: Floats
    tokens: Floats
    offsets: Offsets


@runtime_checkable
class Embedder(Protocol):
    """Text -> Embedding. A text gets the same vectors alone, in a batch or shuffled (atol 1e-5)."""

    @property
    def name(self) -> str:
        """What the user asked for: a model's name or folder."""

    @property
    def fingerprint(self) -> str:
        """Hash of what decides the vectors (weights, tokenizer, prompts), for the index manifest."""

    @property
    def dim(self) -> int:
        """Length of every vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens the model reads, special tokens and prompt included; what is beyond is not read."""

    def embed_queries(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed questions, in the given order."""

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Embedding]:
        """Embed passages, in the given order; contexts[i] (title, heading) colours text i's vectors."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and prompt, never cut."""


# Tokens of one forward pass, padding included: enough to keep two cores busy, small enough to stay in cache.
BATCH_TOKENS = 4096


class SentenceTransformerEmbedder:
    """Any sentence-transformers model of Transformer and Pooling, by name or folder; nothing is downloaded.

    "embedded" is the model that comes with Tricite. Prompts are the model's own ("query"; "document",
    "passage" or "corpus"); a model without any whose name says e5 gets "query: " and "passage: ".
    The model is loaded at first use; threads sets torch's number for the process (None leaves it, and with
    it OMP_NUM_THREADS). Raises ModelProblem when the model is missing or of another kind.
    """

    def __init__(self, name_or_path: str = "embedded", threads: int | None = None) -> None:
        self.name = name_or_path
        self._threads = threads
        self._loading = threading.Lock()
        self._loaded: SentenceModel | None = None
        self._fingerprint = ""

    @property
    def fingerprint(self) -> str:
        """Hash of weights, tokenizer and prompts; the embedded model's is known without loading it."""
        if not self._fingerprint:
            if self.name == "embedded":
                from index.embedded import embedded_fingerprint

                self._fingerprint = embedded_fingerprint()
            else:
                self._fingerprint = self._model.fingerprint()
        return self._fingerprint

    @property
    def dim(self) -> int:
        """Length of every vector; known for the embedded model without loading it."""
        if self.name == "embedded":
            from index.embedded import DIM

            return DIM
        return self._model.dim

    @property
    def max_tokens(self) -> int:
        """Tokens the model reads, special tokens and prompt included."""
        return self._model.max_tokens

    def embed_queries(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed questions; one that is longer than max_tokens is cut."""
        return self._embed(texts, self._model.query_prompt, None, questions=True)

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Embedding]:
        """Embed passages as prompt, context, new line, text; the text goes first where room is short.

        Of a context at most 48 tokens are read; its tokens colour the vectors but have no rows.
        """
        return self._embed(texts, self._model.passage_prompt, contexts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and prompt, never cut."""
        return [len(encoding) for encoding in self._model.encode([readable(text) for text in texts])]

    @property
    def _model(self) -> SentenceModel:
        with self._loading:
            if self._loaded is None:
                self._loaded = SentenceModel(self.name, self._threads)
        return self._loaded

    def _embed(
        self, texts: Sequence[str], prompt: str, contexts: Sequence[str] | None, *, questions: bool = False
    ) -> list[Embedding]:
        model = self._model
        tokenized = model.tokenized(texts, prompt, contexts)
        found: list[Embedding | None] = [None] * len(tokenized)
        for numbers in _batches([len(text.ids) for text in tokenized]):
            vectors, token_vectors = model.forward(
                [tokenized[number].ids for number in numbers], questions=questions
            )
            for row, number in enumerate(numbers):
                text = tokenized[number]
                found[number] = Embedding(vectors[row], token_vectors[row, text.rows], text.offsets)
        return [embedding for embedding in found if embedding is not None]


def batching_for(embedder: Embedder) -> Batching:
    """What threads that ask at once share: a model embeds their questions on one core."""
    return Batching(use_one_core if isinstance(embedder, SentenceTransformerEmbedder) else None)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of texts of similar length, BATCH_TOKENS with padding at most (or one text)."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


# One ideograph, kana or hangul syllable, or a run of anything else that is not white space.
_HASH_TOKEN = re.compile(
    r"[㐀-鿿豈-﫿぀-ヿ가-힯\U00020000-\U0003ffff]|[^\s㐀-鿿豈-﫿぀-ヿ가-힯\U00020000-\U0003ffff]+"
)
_NOT_WORD = re.compile(r"[\W_]+")


class HashEmbedder:
    """A deterministic embedder without a model, for tests: texts that share words are near.

    A token is a white-space word or one CJK character; its vector sums the hashes of its case-folded
    form and of that form's character trigrams.
    """

    max_tokens = 512

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim
        self.name = f"hash-{dim}"
        self.fingerprint = hashlib.sha256(f"{self.name} version 1".encode()).hexdigest()

    def embed_queries(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed questions; a question and a passage of the same words get the same vectors."""
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Embedding]:
        """Embed passages; the words of contexts[i] count in text i's sentence vector only."""
        contexts = [""] * len(texts) if contexts is None else contexts
        return [self._embed(text, context) for text, context in zip(texts, contexts, strict=True)]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words and CJK characters of each text."""
        return [len(_HASH_TOKEN.findall(text)) for text in texts]

    def _embed(self, text: str, context: str) -> Embedding:
        spans = [match.span() for match in _HASH_TOKEN.finditer(text)][: self.max_tokens]
        rows = [_token_vector(text[start:end], self.dim) for start, end in spans]
        context_rows = [_token_vector(word, self.dim) for word in _HASH_TOKEN.findall(context)]
        total = np.sum(rows + context_rows or [_token_vector("", self.dim)], axis=0)
        return Embedding(
            vector=unit(total),
            tokens=np.array(rows, dtype=np.float32).reshape(-1, self.dim),
            offsets=np.array(spans, dtype=np.int32).reshape(-1, 2),
        )


@lru_cache(maxsize=10_000)
def _token_vector(token: str, dim: int) -> Floats:
    word = _NOT_WORD.sub("", token.casefold()) or token
    padded = f"<{word}>"
    features = [padded, *(padded[i : i + 3] for i in range(len(padded) - 2))]
    total = np.zeros(dim)
    for feature in features:
        digest = hashlib.shake_128(feature.encode("utf-8", "surrogatepass")).digest(dim)
        total += np.frombuffer(digest, dtype=np.uint8) - 127.5
    return unit(total)
