"""A sentence-transformers model taken apart: tokens with their places, and one pass for all vectors."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelProblem

Floats = NDArray[np.float32]

PACKED_TOKENS = 512
"""Texts with no more in all go through the network without padding (index/packed_bert.py), where they do not
go one by one: attention is taken between all of their tokens there, and then masked."""
# Tokens of a title or heading that are put before a passage, at most.
CONTEXT_TOKENS = 48
# No tokenizer makes long tokens on average: what lies beyond max_tokens times this many characters is cut
# before it is tokenized.
CHARACTERS_PER_TOKEN = 16
# What no tokenizer takes (lone surrogates) or reads as an end (NUL); replaced one for one, to keep offsets.
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, eq=False)
class Tokenized:
    """A text as a model reads it: ids of prompt, context, text and special tokens; rows of those tokens that
    hold some of the text, and their offsets in it, int32 [rows, 2]."""

    ids: Sequence[int]
    rows: list[int]
    offsets: NDArray[np.int32]


class SentenceModel:
    """A loaded sentence-transformers model and its tokenizer; safe to call from several threads."""

    def __init__(self, name: str, threads: int | None) -> None:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

        from index.packed_bert import PackedBert, where_fast

        if threads is not None:
            torch.set_num_threads(threads)
        folder = name
        if name == "embedded":
            from index.embedded import embedded_model_path

            folder = str(embedded_model_path())
        try:
            with no_loading_bar():
                # Weights only as safetensors: other formats are pickles.
                self.model = SentenceTransformer(
                    folder, device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
                )
        # A folder from anywhere can fail in any way: the cause is kept, the user gets one line.
        except Exception as error:
            remedy = (
                f"check the files in {folder}"
                if Path(folder).exists()
                else f"give a folder that exists, or run first: hf download {name}"
            )
            raise ModelProblem(
                f"cannot load the embedding model {name!r} as sentence-transformers with safetensors, "
                f"offline: {_first_line(error)}; {remedy}"
            ) from error
        self.model.float().eval()
        modules = list(self.model)
        tokenizer: Any = getattr(modules[0], "tokenizer", None)
        if not (
            len(modules) >= 2
            and isinstance(modules[0], Transformer)
            and isinstance(modules[1], Pooling)
            and isinstance(modules[1].pooling_mode, str)
            and modules[1].include_prompt
            and getattr(tokenizer, "is_fast", False)
        ):
            kinds = ", ".join(type(module).__name__ for module in modules)
            raise ModelProblem(
                f"the embedding model {name!r} is made of {kinds}; wanted a Transformer with a fast "
                "tokenizer, then Pooling (one mode, prompt included); choose another model"
            )
        self.after_pooling = modules[2:]
        for part in self.model.modules():
            if isinstance(part, torch.nn.Linear):
                # Transposed in memory the same weights are multiplied up to a third faster.
                part.weight.data = part.weight.data.t().contiguous().t()
        network = getattr(modules[0], "auto_model", None)
        # Somebody waits for a question's vectors. Those of passages are kept, and as exact as can be.
        self._passages = PackedBert(network) if PackedBert.takes(network) else None
        self._questions = PackedBert(network, where_fast(torch.bfloat16)) if self._passages else None
        self.padding = tokenizer.pad_token_id or 0
        self.tokenizer = tokenizer.backend_tokenizer
        # Cutting and padding are done here: in the tokenizer they are settings that threads would share.
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.max_tokens = int(self.model.max_seq_length or 512)
        self.dim = int(self.model.get_embedding_dimension())
        self.query_prompt, self.passage_prompt = _prompts(name, self.model.prompts)

    def fingerprint(self) -> str:
        """Hash of all weights, the tokenizer, the modules' settings and the prompts."""
        found = hashlib.sha256()
        for name, weights in sorted(self.model.state_dict().items()):
            found.update(f"{name} {tuple(weights.shape)}".encode())
            found.update(weights.contiguous().numpy().data)
        found.update(self.tokenizer.to_str().encode())
        found.update(
            repr((list(self.model), self.max_tokens, self.query_prompt, self.passage_prompt)).encode()
        )
        return found.hexdigest()

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """Tokenize without special tokens and without cutting."""
        return list(self.tokenizer.encode_batch(list(texts), add_special_tokens=False))

    def tokenized(self, texts: Sequence[str], prompt: str, contexts: Sequence[str] | None) -> list[Tokenized]:
        """Prompt, context and text of each, cut to max_tokens; the text goes first where room is short."""
        bodies = [readable(text[: self.max_tokens * CHARACTERS_PER_TOKEN]) for text in texts]
        heads = [prompt] * len(bodies)
        if contexts is not None:
            heads = self._heads_with_context(bodies, prompt, contexts)
        encodings = self.encode([head + body for head, body in zip(heads, bodies, strict=True)])
        encodings = [self._with_special_tokens(encoding) for encoding in encodings]
        return [
            Tokenized(encoding.ids, *_text_rows(encoding.offsets, len(head), body))
            for encoding, head, body in zip(encodings, heads, bodies, strict=True)
        ]

    def _with_special_tokens(self, encoding: Any) -> Any:
        """Cut an encoding so that it fits with its special tokens, and add them."""
        encoding.truncate(self.max_tokens - self.tokenizer.num_special_tokens_to_add(False))
        return self.tokenizer.post_process(encoding)

    def _heads_with_context(self, bodies: Sequence[str], prompt: str, contexts: Sequence[str]) -> list[str]:
        """Prompt and as much of each context as leaves the whole text inside max_tokens."""
        cut = [readable(context[: CONTEXT_TOKENS * CHARACTERS_PER_TOKEN]).strip() for context in contexts]
        # Two more than the special tokens: for the new line, and a first token that splits differently.
        spare = self.max_tokens - self.tokenizer.num_special_tokens_to_add(False) - 2
        heads = []
        for text, context, whole in zip(
            self.encode([prompt + body for body in bodies]), self.encode(cut), cut, strict=True
        ):
            room = min(CONTEXT_TOKENS, max(spare - len(text), 0), len(context))
            kept = whole[: context.offsets[room - 1][1]] if room else ""
            heads.append(f"{prompt}{kept}\n" if kept else prompt)
        return heads

    def forward(self, rows: Sequence[Sequence[int]], *, questions: bool = False) -> tuple[Floats, Floats]:
        """Token ids -> sentence vectors [n, dim] and token vectors [n, longest, dim], all of norm 1.

        questions: multiply bfloat16 where that is fast: vectors at a cosine of 0.99999 with the exact ones.
        What follows the pooling (a dense layer, say) is applied to the token vectors as well.
        """
        import torch
        from torch.nn.utils.rnn import pad_sequence

        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(int(lengths.max())) < lengths.unsqueeze(1)).long()
        features: dict[str, Any] = {"attention_mask": mask}
        packed = self._questions if questions else self._passages
        with torch.inference_mode():
            if packed and (packed.one_by_one or lengths.sum() <= PACKED_TOKENS):
                features["token_embeddings"] = packed(rows)
                for module in list(self.model)[1:]:
                    features = module(features)
            else:
                ids = [torch.tensor(row, dtype=torch.long) for row in rows]
                features["input_ids"] = pad_sequence(ids, batch_first=True, padding_value=self.padding)
                features = self.model(features)
            tokens = {"sentence_embedding": features["token_embeddings"]}
            for module in self.after_pooling:
                tokens = module(tokens)
        return unit(features["sentence_embedding"].numpy()), unit(tokens["sentence_embedding"].numpy())


_setting = threading.Lock()  # or one thread would take for usual what another has just set


def use_one_core() -> None:
    """Let torch use one thread in the calling thread from now on; other threads keep their number.

    What is short gains little from a second core, and loses much where another thread works on it: torch's
    threads wait for each other at every layer.
    """
    import torch

    with _setting:
        usual = torch.get_num_threads()
        torch.set_num_threads(1)
        # The number is each thread's own, but the last one set is also what new threads begin with.
        restoring = threading.Thread(target=torch.set_num_threads, args=(usual,))
        restoring.start()
        restoring.join()


def _text_rows(
    spans: Sequence[tuple[int, int]], before: int, text: str
) -> tuple[list[int], NDArray[np.int32]]:
    """The rows of the tokens that hold some of the text, and their spans in it, without white space around.

    before: characters of prompt and context in front. Special tokens have empty spans.
    """
    rows, kept = [], []
    for row, (start, end) in enumerate(spans):
        start, end = max(start - before, 0), end - before
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            rows.append(row)
            kept.append((start, end))
    return rows, np.array(kept, dtype=np.int32).reshape(-1, 2)


def readable(text: str) -> str:
    """The text as a tokenizer can take it, with the same offsets."""
    return _UNREADABLE.sub("\ufffd", text)


def unit(vectors: NDArray[Any]) -> Floats:
    """Scale the last axis to norm 1; a zero vector stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return scaled


def _prompts(name: str, prompts: dict[str, str]) -> tuple[str, str]:
    """The prompts for questions and for passages."""
    query = prompts.get("query") or ""
    passage = next((prompts[key] for key in ("document", "passage", "corpus") if prompts.get(key)), "")
    if not query and not passage and re.search(r"\be5\b", Path(name).name.lower()):
        return "query: ", "passage: "
    return query, passage


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@contextlib.contextmanager
def no_loading_bar() -> Iterator[None]:
    """Keep transformers from drawing its own progress bar while a model loads."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
