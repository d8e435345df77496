"""Fit index/calibration.json: mean questions, score priors and feature weights.

    python -m index.training.fit_calibration ../shared/data/train [--work FOLDER]

Reads SQuAD-style JSON files (one language each, parallel ones sharing question ids), indexes a sample of
their paragraphs together, and fits so that a question's relevant passages come first whatever language
they are in. Nothing else is read: evaluation sets never are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

import index.calibration as calibration
from corpus.language import detect_language
from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, update_index
from index.embedder import SentenceTransformerEmbedder
from index.retrieval import Candidates

MAX_TOKENS = 480
"""Passages are kept whole, as far as the embedder reads."""

_PASSAGES_PER_FILE = 250
_QUESTIONS_PER_FILE = 150
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Asked:
    """A training question with the ids of the passages that answer it."""

    query: Query
    relevant: frozenset[str]


def read_training_folder(folder: Path) -> tuple[dict[str, str], list[Asked]]:
    """Passage id -> text, and the questions; parallel questions share all their passages."""
    passages: dict[str, str] = {}
    found: list[tuple[str, str, str]] = []
    for file in sorted(folder.glob("*.json")):
        paragraphs = list(_paragraphs(file))
        step = max(1, len(paragraphs) // _PASSAGES_PER_FILE)
        kept = paragraphs[::step][:_PASSAGES_PER_FILE]
        questions = []
        for number, paragraph in enumerate(kept):
            passage_id = f"{file.stem}-{number}"
            passages[passage_id] = paragraph["context"]
            questions += [(qa["id"], qa["question"].strip(" -"), passage_id) for qa in paragraph["qas"]]
        found += questions[:: max(1, len(questions) // _QUESTIONS_PER_FILE)]
    by_id: dict[str, set[str]] = {}
    for question_id, _, passage_id in found:
        by_id.setdefault(question_id, set()).add(passage_id)
    return passages, [
        Asked(Query(text, detect_language(text)[0]), frozenset(by_id[question_id]))
        for question_id, text, _ in found
    ]


def _paragraphs(file: Path) -> Iterator[dict[str, Any]]:
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        yield from article["paragraphs"]


def query_means(asked: list[Asked], retriever: HybridRetriever) -> dict[str, NDArray[np.float32]]:
    """Language -> mean question vector."""
    vectors: dict[str, list[NDArray[np.float32]]] = {}
    embeddings = retriever.embed([one.query for one in asked])
    for one, embedding in zip(asked, embeddings, strict=True):
        vectors.setdefault(one.query.language, []).append(embedding.vector)
    return {
        language: np.mean(found, axis=0) for language, found in sorted(vectors.items()) if len(found) > 50
    }


def background_priors(asked: list[Asked], retriever: HybridRetriever) -> dict[str, list[float]]:
    """Mean and standard deviation of a question's scores on passages at large, over all languages."""
    found: dict[str, list[tuple[float, float]]] = {"dense_prior": [], "late_prior": []}
    embeddings = retriever.embed([one.query for one in asked])
    for one, embedding in zip(asked, embeddings, strict=True):
        for language in retriever.index.partitions:
            scores = retriever.background_scores(one.query, embedding, language)
            for name, values in zip(found, scores, strict=True):
                found[name].append((float(values.mean()), float(values.std())))
    return {
        name: [round(float(value), 4) for value in np.mean(values, axis=0)] for name, values in found.items()
    }


def _rounded(means: Mapping[str, NDArray[np.float32]]) -> dict[str, list[float]]:
    return {name: [round(float(value), 5) for value in mean] for name, mean in means.items()}


@dataclass(frozen=True, slots=True)
class Example:
    """A question's candidates, and which of them are relevant.

    features: [n, 8], four for passages in its own language and four for those in others, the rest 0.
    """

    features: NDArray[np.float64]
    relevant: NDArray[np.bool_]


def examples(asked: list[Asked], retriever: HybridRetriever) -> list[Example]:
    """What the retriever sees of every question."""
    index = retriever.index
    embeddings = retriever.embed([one.query for one in asked])
    made = []
    for one, embedding in zip(asked, embeddings, strict=True):
        features, relevant = [], []
        for language in index.partitions:
            found: Candidates = retriever.candidates(one.query, embedding, language)
            empty = np.zeros_like(found.features)
            same = language == one.query.language
            features.append(np.hstack([found.features, empty] if same else [empty, found.features]))
            relevant += [index.record(int(row)).document_id in one.relevant for row in found.rows]
        if any(relevant):
            made.append(Example(np.vstack(features), np.array(relevant)))
    return made


def loss(weights: NDArray[np.float64], made: list[Example]) -> tuple[float, NDArray[np.float64]]:
    """Mean, over relevant passages, of -log softmax against the passages that are not, and its gradient."""
    total, gradient, count = 0.0, np.zeros_like(weights), 0
    for example in made:
        right, wrong = example.features[example.relevant], example.features[~example.relevant]
        wrong_scores = wrong @ weights
        wrong_sum = np.logaddexp.reduce(wrong_scores)
        wrong_mean = np.exp(wrong_scores - wrong_sum) @ wrong
        for features in right:
            everything = np.logaddexp(features @ weights, wrong_sum)
            total += everything - features @ weights
            gradient += np.exp(wrong_sum - everything) * (wrong_mean - features)
            count += 1
    penalty = _RIDGE * weights
    return total / count + float(penalty @ weights), gradient / count + 2 * penalty


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, default=Path(".tricite/fit"), help="folder for its index")
    arguments = parser.parse_args()
    passages, asked = read_training_folder(arguments.folder)
    embedder, splitter = SentenceTransformerEmbedder("embedded"), Splitter(max_tokens=MAX_TOKENS)
    arguments.work.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"id": name, "text": text}, ensure_ascii=False) for name, text in passages.items()]
    (arguments.work / "passages.jsonl").write_text("\n".join(lines), encoding="utf-8")
    update_index(arguments.work / "index", [arguments.work / "passages.jsonl"], embedder, splitter=splitter)
    index = Index(arguments.work / "index", embedder, splitter)
    fitted = calibration.read_fitted()
    entry: dict[str, Any] = {
        "query_means": _rounded(query_means(asked, HybridRetriever(index))),
        "passage_means": _rounded({name: part.mean for name, part in index.partitions.items()}),
    }
    calibration.write_fitted({**fitted, embedder.fingerprint: entry})
    entry |= background_priors(asked[::5], HybridRetriever(index))
    calibration.write_fitted({**fitted, embedder.fingerprint: entry})
    made = examples(asked, HybridRetriever(index))
    count = made[0].features.shape[1]
    best = minimize(loss, np.full(count, 0.1), args=(made,), jac=True, method="L-BFGS-B")
    weights = np.round(best.x, 4).tolist()
    print(f"{len(passages)} passages, {len(made)} questions; loss {best.fun:.4f}; weights {weights}")
    entry |= {"same": weights[: count // 2], "other": weights[count // 2 :]}
    calibration.write_fitted({**fitted, embedder.fingerprint: entry})


if __name__ == "__main__":
    main()
