"""Fit when to abstain: qa/evidence.py's SENTENCE_WEIGHT and qa/pipeline.py's THRESHOLD.

    python -m qa.training.fit_abstention ../shared/data/train [--work FOLDER]

Uses the index that index.training.fit_calibration left in its work folder. Every question is asked three
times: as it is, with the passages that answer it taken out (near: the neighbours stay), and with their
neighbours taken out too (far). One threshold serves all language pairs.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.splitting import Splitter
from index import Hit, HybridRetriever, Index
from index.embedder import Embedding, SentenceTransformerEmbedder
from index.training.fit_calibration import MAX_TOKENS, Asked, read_training_folder
from qa.evidence import select_evidence
from qa.pipeline import EVIDENCE_HITS

_QUESTIONS = 200
_NEIGHBOURS = 8
_FALSE_REFUSALS = 0.05


@dataclass(frozen=True, slots=True)
class Trial:
    """The best evidence of one question. kind: answerable, near or far; right: it is from a right passage."""

    kind: str
    pair: str
    passage: float
    match: float
    right: bool


def trials(one: Asked, embedding: Embedding, retriever: HybridRetriever) -> list[Trial]:
    """What is found for a question as it is, without its passages, and without their neighbours."""
    index = retriever.index
    ranked = sorted(((-score, row) for row, score in retriever.scores(one.query, embedding)))
    taken_out = {
        "answerable": set[str](),
        "near": set(one.relevant),
        "far": {near for passage in one.relevant for near in _neighbours(passage)},
    }
    found = []
    for kind, missing in taken_out.items():
        kept = [(row, -negative) for negative, row in ranked if index.record(row).document_id not in missing]
        hits = [Hit(index.chunk(row), score) for row, score in kept[:EVIDENCE_HITS]]
        evidence = select_evidence(retriever, one.query, embedding, hits, 1)[0]
        passage = next(hit.score for hit in hits if hit.chunk.id == evidence.chunk.id)
        pair = f"{one.query.language}->{evidence.chunk.language}"
        right = evidence.chunk.document_id in one.relevant
        found.append(Trial(kind, pair, passage, evidence.match, right))
    return found


def _neighbours(passage: str) -> list[str]:
    file, _, number = passage.rpartition("-")
    return [f"{file}-{int(number) + step}" for step in range(-_NEIGHBOURS, _NEIGHBOURS + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, default=Path(".tricite/fit"))
    arguments = parser.parse_args()
    _, asked = read_training_folder(arguments.folder)
    asked = asked[:: max(1, len(asked) // _QUESTIONS)]
    embedder = SentenceTransformerEmbedder("embedded")
    retriever = HybridRetriever(Index(arguments.work / "index", embedder, Splitter(max_tokens=MAX_TOKENS)))
    embeddings = retriever.embed([one.query for one in asked])
    found = [
        trial
        for one, vectors in zip(asked, embeddings, strict=True)
        for trial in trials(one, vectors, retriever)
    ]
    kinds = np.array([trial.kind for trial in found])
    print(f"{len(asked)} questions; refused at {_FALSE_REFUSALS:.0%} false refusals, by sentence weight:")
    for weight in (0, 10, 20, 30, 40, 60, 80):
        scores = np.array([trial.passage + weight * trial.match for trial in found])
        threshold = np.quantile(scores[kinds == "answerable"], _FALSE_REFUSALS)
        refused = {kind: float((scores[kinds == kind] < threshold).mean()) for kind in ("near", "far")}
        print(
            f"  {weight:3}  near {refused['near']:.3f}  far {refused['far']:.3f}  threshold {threshold:.2f}"
        )


if __name__ == "__main__":
    main()
