"""Time warm answers over the sample corpus, and tell the generator's own time from everything else's.

    python benchmarks/answer_speed.py [--questions 60] [--out FILE.json]

Reported: milliseconds to the first checked sentence and to the whole answer; and of the answers for which the
generator was asked, what share of their time was spent outside it (searching, reading, checking).
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.splitting import Splitter
from eval.datasets import SAMPLE, read_dataset
from index import Index, update_index
from index.embedder import SentenceTransformerEmbedder, batching_for
from qa.generators import Generator, load_generator
from qa.pipeline import Pipeline

WARMING = 4


class TimedGenerator:
    """A generator that counts the milliseconds spent in it since `milliseconds` was last set to 0."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.milliseconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def stream(self, *arguments: Any, **options: Any) -> Iterator[str]:
        pieces = iter(self._generator.stream(*arguments, **options))
        while True:
            started = time.perf_counter()
            piece = next(pieces, None)
            self.milliseconds += (time.perf_counter() - started) * 1000
            if piece is None:
                return
            yield piece


def figures(pipeline: Pipeline, generator: TimedGenerator, questions: Sequence[str]) -> dict[str, Any]:
    """Times of answered questions, in milliseconds, and the share spent outside the generator."""
    first, whole, asked = [], [], []
    for number, question in enumerate(questions):
        generator.milliseconds = 0.0
        answer = pipeline.ask(question)
        if number < WARMING or answer.abstained:
            continue
        first.append(answer.timings["first_ms"])
        whole.append(answer.timings["total_ms"])
        if generator.milliseconds:
            asked.append((whole[-1], generator.milliseconds))
    if not asked:
        raise SystemExit("no answer was left to the generator: give more --questions")
    return {
        "answered": len(whole),
        "first_sentence_ms": spread(first),
        "answer_ms": spread(whole),
        "generator_asked": len(asked),
        "outside_it_ms": spread([total - inside for total, inside in asked]),
        "overhead": round(1 - sum(inside for _, inside in asked) / sum(total for total, _ in asked), 3),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median and the 95th percentile."""
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--questions", type=int, default=60, help="of the sample set, evenly spread")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sample = read_dataset(SAMPLE)
    questions = [query.text for query in sample.queries if query.id in sample.qrels]
    questions = questions[:: max(1, len(questions) // options.questions)][: options.questions]
    embedder, splitter = SentenceTransformerEmbedder("embedded"), Splitter()
    with tempfile.TemporaryDirectory(prefix="tricite-speed-") as name:
        update_index(Path(name), list(sample.corpus), embedder, splitter=splitter)
        index, generator = Index(Path(name), embedder, splitter), TimedGenerator(load_generator())
        try:
            pipeline = Pipeline(index, generator, batching=batching_for(embedder))
            found = figures(pipeline, generator, questions)
        finally:
            generator.close()
            index.close()
    text = json.dumps({"machine": platform.processor() or platform.machine()} | found, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
