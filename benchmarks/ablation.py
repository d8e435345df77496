"""Each part of the ranking turned off in turn: nDCG@10 by language, over all passages, over those of the
question's language alone, and between languages.

    python benchmarks/ablation.py ../shared/data/xquad-dev ../shared/data/mixed-dev [--limit 0] [--out F.md]

Every row is a run of `tricite eval --retrieval-only` with the --set that stands in it. Indexes and rankings
are kept in a cache of its own, so it goes on where it was stopped; a question is embedded once for all rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from eval.cache import eval_folder
from eval.configuration import Configuration
from eval.datasets import Dataset, read_dataset
from eval.progress import Bar, progress_bars
from eval.run import Measured, evaluate, limited
from index.embedder import Embedder, Embedding, SentenceTransformerEmbedder
from index.token_codec import TokenCodec, load_token_codec
from index.vectors import Vectors
from qa.settings import load_settings

Json = dict[str, Any]

PARTS = ("dense", "bm25", "maxsim", "names", "centring", "standardising", "feedback")
CACHE = eval_folder() / "ablation"


class Remembering(SentenceTransformerEmbedder):
    """The embedded model, which embeds a question once: its speed is not what is measured here."""

    def __init__(self) -> None:
        super().__init__("embedded")
        self._known: dict[str, Embedding] = {}

    def embed_queries(self, texts: Sequence[str]) -> list[Embedding]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= zip(new, super().embed_queries(new), strict=True)
        return [self._known[text] for text in texts]


class ExactCodec(TokenCodec):
    """Token vectors as float16, every coordinate."""

    @property
    def width(self) -> int:
        return 2 * len(self.mean)

    @property
    def fingerprint(self) -> str:
        return "exact"

    def encode(self, vectors: Vectors) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
        return vectors.astype(np.float16).view(np.uint8), np.ones(len(vectors), dtype=np.float16)

    def decode(self, codes: NDArray[np.uint8], scales: NDArray[np.float16]) -> Vectors:
        return np.ascontiguousarray(codes).view(np.float16).astype(np.float32)

    def cosines(self, codes: NDArray[np.uint8], scales: NDArray[np.float16], others: Vectors) -> Vectors:
        return np.asarray(self.decode(codes, scales) @ others.T)


@contextmanager
def exact_token_vectors() -> Iterator[None]:
    """Indexes built and opened inside keep their token vectors uncompressed."""

    def exact(fingerprint: str, dim: int) -> TokenCodec:
        codec = load_token_codec(fingerprint, dim)
        return ExactCodec(codec.mean, codec.basis, codec.deviations, codec.fine)

    with ExitStack() as patched:
        for module in ("generation", "recipe", "writer"):
            patched.enter_context(patch(f"index.{module}.load_token_codec", exact))
        yield


def rows_of(dataset: Dataset, embedder: Embedder, bar: Bar) -> Iterator[tuple[str, Measured]]:
    """(name, run) of everything, of each part turned off, and of the extremes."""
    plain = Configuration(load_settings()).with_values(["eval.answers=off", "eval.resamples=1"])

    def run(*assignments: str, cache: Path = CACHE) -> Measured:
        configuration = plain.with_values(assignments)
        return evaluate(dataset, configuration, embedder=embedder, cache=cache, bar=bar)

    yield "everything", run()
    for part in PARTS:
        yield f"`retrieval.{part}=off`", run(f"retrieval.{part}=off")
    yield (
        "cosine alone: all of them off but dense",
        run(*(f"retrieval.{p}=off" for p in PARTS if p != "dense")),
    )
    with exact_token_vectors():
        yield "token vectors uncompressed", run(cache=CACHE / "exact")


def columns(retrieval: Json) -> dict[str, float]:
    """Head of a column -> nDCG@10."""
    pool, own = retrieval["by_language"], retrieval["own_language_pool"]["by_language"]
    found = {f"{language}, all passages": figures["nDCG@10"] for language, figures in pool.items()}
    found |= {f"{language}, its own": figures["nDCG@10"] for language, figures in own.items()}
    between = retrieval["between_languages"]
    return found | {f"{language}, between languages": value for language, value in between.items()}


def table(dataset: Dataset, embedder: Embedder) -> list[str]:
    """The table of one set."""
    lines: list[str] = []
    with progress_bars() as bar:
        for name, measured in rows_of(dataset, embedder, bar):
            cells = columns(measured.metrics["retrieval"])
            if not lines:
                lines = [f"**{dataset.name}**", "", f"| nDCG@10 | {' | '.join(cells)} |"]
                lines.append("|---" * (len(cells) + 1) + "|")
            lines.append(f"| {name} | {' | '.join(f'{100 * value:.1f}' for value in cells.values())} |")
            print(lines[-1], file=sys.stderr)
    return [*lines, ""]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--limit", type=int, default=0, help="questions of each set; 0: all")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    embedder = Remembering()
    text = "\n".join(
        line for path in given.datasets for line in table(limited(read_dataset(path), given.limit), embedder)
    )
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
