"""Does a score mean the same in every language pair? One threshold, and its recall pair by pair.

    python benchmarks/threshold.py ../shared/data/train [--work .tricite/fit]

Over the index that `python -m index.training.fit_calibration` leaves in --work. The threshold is set so that
5 % of the candidates that do not answer pass it; its recall is the share of the passages that do answer which
pass, by language of question and passage. Then the same against the best wrong passage of every question and
language alone, which is much harder. Only parallel questions, with an answer in each language, are counted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from corpus.splitting import Splitter
from index import HybridRetriever, Index
from index.embedder import SentenceTransformerEmbedder
from index.training.fit_calibration import MAX_TOKENS, read_training_folder

_FALSE_POSITIVES = 0.05
LANGUAGES = ("ar", "en", "zh")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, default=Path(".tricite/fit"))
    arguments = parser.parse_args()
    _, asked = read_training_folder(arguments.folder)
    parallel = [one for one in asked if len(one.relevant) > 1]
    embedder = SentenceTransformerEmbedder("embedded")
    retriever = HybridRetriever(Index(arguments.work / "index", embedder, Splitter(max_tokens=MAX_TOKENS)))
    right: dict[str, list[float]] = {}
    wrong: list[float] = []
    best_wrong: list[float] = []
    for one, embedding in zip(parallel, retriever.embed([one.query for one in parallel]), strict=True):
        found: dict[tuple[str, bool], list[float]] = {}
        for row, score in retriever.scores(one.query, embedding):
            record = retriever.index.record(row)
            found.setdefault((record.language, record.document_id in one.relevant), []).append(score)
        for language in LANGUAGES:
            pair = f"{one.query.language}->{language}"
            right.setdefault(pair, []).append(max(found.get((language, True), [-np.inf])))
            wrong += found.get((language, False), [])
            best_wrong.append(max(found.get((language, False), [-np.inf])))
    print(f"{len(parallel)} questions")
    report("all wrong candidates", wrong, right)
    report("the best wrong passage of each question and language", best_wrong, right)


def report(name: str, wrong: list[float], right: dict[str, list[float]]) -> None:
    """Print the threshold that 5 % of the wrong pass, and its recall by pair."""
    threshold = float(np.quantile(wrong, 1 - _FALSE_POSITIVES))
    recalls = {pair: 100 * float(np.mean(np.array(scores) > threshold)) for pair, scores in right.items()}
    spread = max(recalls.values()) - min(recalls.values())
    print(f"5 % of {name} pass {threshold:.2f}; recall, spread {spread:.1f} points:")
    print("  " + "  ".join(f"{pair} {recall:.1f}" for pair, recall in sorted(recalls.items())))


if __name__ == "__main__":
    main()
