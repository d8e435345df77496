"""Each part of the ranking turned off in turn: nDCG@10 by language, over the pool, in the question's own
language, and between languages.

    python benchmarks/ablation.py ../shared/data/xquad-dev ../shared/data/mixed-dev [--out FILE.md]

An index is built once a set and kept in the cache of `tricite eval`; a part that is off changes the search
alone, but for "token vectors uncompressed", which has its own index.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from eval.cache import eval_folder
from eval.configuration import Configuration
from eval.datasets import read_dataset
from eval.progress import progress_bars
from eval.run import Measured, evaluate
from index.token_codec import TokenCodec, load_token_codec
from index.vectors import Vectors
from qa.settings import load_settings

PARTS = ("dense", "bm25", "maxsim", "names", "centring", "standardising", "feedback")
LANGUAGES = ("en", "zh", "ar")


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


def row(name: str, measured: Measured) -> str:
    """A line of the table."""
    retrieval = measured.metrics["retrieval"]
    cells = [
        f"{100 * retrieval['by_language'][lang]['nDCG@10']:.1f}"
        for lang in LANGUAGES
        if lang in retrieval["by_language"]
    ]
    cells += [
        f"{100 * figures['nDCG@10']:.1f}" for _, figures in sorted(retrieval.get("by_own_pool", {}).items())
    ]
    between = {
        pair: f["nDCG@10"] for pair, f in retrieval["by_pair"].items() if len(set(pair.split("->"))) == 2
    }
    if between:
        cells.append(f"{100 * sum(between.values()) / len(between):.1f}")
    return f"| {name} | {' | '.join(cells)} |"


def table(path: str) -> list[str]:
    """The table of one set."""
    dataset = read_dataset(path)
    plain = Configuration(load_settings()).with_values(["eval.answers=off", "eval.resamples=1"])
    with progress_bars() as bar:

        def run(*assignments: str, cache: Path | None = None) -> Measured:
            return evaluate(dataset, plain.with_values(assignments), cache=cache, bar=bar)

        found = [row("everything", whole := run())]
        found += [row(f"without {part}", run(f"retrieval.{part}=off")) for part in PARTS]
        found.append(
            row("cosine alone", run(*(f"retrieval.{part}=off" for part in PARTS if part != "dense")))
        )
        with exact_token_vectors():
            found.append(row("token vectors uncompressed", run(cache=eval_folder() / "exact")))
    retrieval: dict[str, Any] = whole.metrics["retrieval"]
    heads = [f"{lang}, pool" for lang in LANGUAGES if lang in retrieval["by_language"]]
    heads += [f"{lang}, own" for lang in sorted(retrieval.get("by_own_pool", {}))]
    heads += ["between languages"] if len(retrieval["by_pair"]) > len(retrieval["by_language"]) else []
    return [
        f"**{Path(path).name}**",
        "",
        f"| | {' | '.join(heads)} |",
        "|---" * (len(heads) + 1) + "|",
        *found,
        "",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    text = "\n".join(line for path in given.datasets for line in table(path))
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
