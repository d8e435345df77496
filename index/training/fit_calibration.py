"""Fit index/calibration.json: mean questions, score priors and feature weights.

    python -m index.training.fit_calibration ../shared/data/train [--work FOLDER]

Reads SQuAD-style JSON files (one language each, parallel ones sharing question ids), indexes a sample of
their paragraphs together, and fits so that a question's relevant passages come first whatever language
they are in. Nothing else is read: evaluation sets never are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import index.calibration as calibration
from corpus.language import detect_language
from corpus.splitting import Splitter
from index import EmbeddedQuery, Filter, HybridRetriever, Index, Query, update_index
from index.embedder import SentenceTransformerEmbedder
from index.vectors import Vectors

MAX_TOKENS = 480
"""Passages are kept whole, as far as the embedder reads."""

_PASSAGES_PER_FILE = 250
_QUESTIONS_PER_FILE = 150
_RIDGE = 1e-3
_STEPS = 300
_ROUNDS = 2
"""The best passage in the question's language is the one that the weights of the round before choose."""
_RERANKED = 20
"""Candidates whose late interaction is known in the fit: half of what a search weighs, so that weights hold
for the others too."""
_PARALLEL, _ALONE, _OTHER_LANGUAGE_ONLY = 1.0, 5.0, 0.2
"""What a question counts: with parallel passages, with its own language's alone, and with only others'."""

_LATE_PASSAGES = 150
"""What the fitted mean and deviation of late interaction count as beside a language's own, which come from a
small sample."""

_ENOUGH = 20
"""Of a language with fewer passages or questions nothing is fitted for its pairs."""

_NAMES = 0.7
"""Weight of names across scripts, set by hand: the few parallel articles that there are to fit on translate
most names rather than spell them by sound, and fit 0.5."""


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
    questions = retriever.embed([one.query for one in asked])
    for one, embedded in zip(asked, questions, strict=True):
        vectors.setdefault(one.query.language, []).append(embedded.vector)
    return {
        language: np.mean(found, axis=0) for language, found in sorted(vectors.items()) if len(found) > 50
    }


def background_priors(asked: list[Asked], retriever: HybridRetriever) -> dict[str, Any]:
    """Mean and standard deviation of a question's scores on passages at large: dense_prior and late.

    Means over questions and languages.
    """
    dense: list[tuple[float, float]] = []
    late: dict[tuple[str, str], list[tuple[float, float]]] = {}
    questions = retriever.embed([one.query for one in asked])
    for one, embedded in zip(asked, questions, strict=True):
        for language in retriever.index.partitions:
            scores = retriever.background_scores(one.query, embedded, language)
            cosines, interactions = ((float(values.mean()), float(values.std())) for values in scores)
            dense.append(cosines)
            late.setdefault((one.query.language, language), []).append(interactions)
    enough = {name for name, part in retriever.index.partitions.items() if len(part.rows) >= _ENOUGH}
    pairs = {
        pair: np.mean(values, axis=0)
        for pair, values in sorted(late.items())
        if len(values) >= _ENOUGH and enough.issuperset(pair)
    }
    own = [values for (question, passage), values in pairs.items() if question == passage]
    others = {"-".join(pair): values for pair, values in pairs.items() if pair[0] != pair[1]}
    return {
        "dense_prior": _rounded(np.mean(dense, axis=0), 4),
        "late": {
            "own": _rounded(np.mean(own, axis=0), 4),
            "other": _rounded(np.mean(list(others.values()), axis=0), 4),
            "pairs": {pair: _rounded(values, 4) for pair, values in others.items()},
            "passages": _LATE_PASSAGES,
        },
    }


def _rounded(values: NDArray[np.floating], digits: int = 5) -> list[float]:
    return [round(float(value), digits) for value in values]


@dataclass(frozen=True, slots=True)
class Example:
    """A question's candidates, and which of them are relevant; share: what it counts in the fit.

    features: float32 [n, 6]. near: float32 [n], likeness to the best passage in the question's own
    language, in standard deviations. own: [n], whether in that language.
    """

    features: Vectors
    near: Vectors
    own: NDArray[np.bool_]
    relevant: NDArray[np.bool_]
    share: float


def examples(asked: list[Asked], retriever: HybridRetriever) -> list[Example]:
    """What the retriever sees of every question; of parallel ones without the own language's passage too."""
    made = []
    for one, embedded in zip(asked, retriever.embed([one.query for one in asked]), strict=True):
        home = {
            name for name in one.relevant if retriever.index.document(name).language == one.query.language
        }
        variants = [(frozenset[str](), _PARALLEL if len(one.relevant) > 1 else _ALONE)]
        variants += [(frozenset(home), _OTHER_LANGUAGE_ONLY)] if one.relevant - home else []
        for without, share in variants:
            example = _example(one, embedded, retriever, Filter(without=without), share)
            made += [example] if example.relevant.any() else []
    return made


def _example(
    one: Asked, embedded: EmbeddedQuery, retriever: HybridRetriever, only: Filter, share: float
) -> Example:
    found = retriever.candidates(one.query, embedded, only, reranked=_RERANKED)
    own = next((each for each in found if each.language == one.query.language and len(each.rows)), None)
    near = [np.zeros(len(each.rows), dtype=np.float32) for each in found]
    if own is not None:
        best = own.vectors[int(retriever.weighed(own).argmax())]
        near = [retriever.likeness(each, best) for each in found]
    names = [retriever.index.record(int(row)).document_id for each in found for row in each.rows]
    return Example(
        np.vstack([each.features for each in found]),
        np.concatenate(near),
        np.concatenate([np.full(len(each.rows), each is own) for each in found]),
        np.array([name in one.relevant for name in names]),
        share,
    )


def fit(made: list[Example], *, late: bool) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Weights and feedback that give relevant passages the largest share among those that are not.

    The loss is the mean, over relevant passages, of -log softmax against the others. The weights within the
    question's language are fitted first, to passages of that language alone, every question counted once;
    then all others, with these as they are, among all passages. late: with late interaction, likeness and
    grant; without, of the feedback only what it takes off is left.
    """
    import torch

    longest = max(len(one.relevant) for one in made)

    def padded(name: str) -> Any:
        arrays = [torch.from_numpy(getattr(one, name)) for one in made]
        return torch.stack(
            [torch.nn.functional.pad(a, (0,) * (2 * a.dim() - 1) + (longest - len(a),)) for a in arrays]
        )

    features, near, own, relevant = map(padded, ("features", "near", "own", "relevant"))
    if not late:
        features[..., 1] = near[:] = 0
    real = torch.arange(longest) < torch.tensor([[len(one.relevant)] for one in made])
    shares = torch.tensor([one.share for one in made])
    least = torch.tensor(-1e4)

    def lost(scores: Any, right: Any, among: Any) -> Any:
        """Of each question that has a right passage."""
        wrong = torch.logsumexp(torch.where(among & ~right, scores, least), dim=1, keepdim=True)
        each = torch.where(right, torch.logaddexp(scores, wrong) - scores, torch.tensor(0.0)).sum(dim=1)
        return (each / right.sum(dim=1))[right.any(dim=1)]

    same = torch.tensor([0.5, 1.3, 0.9, 1.0], requires_grad=True)
    within = _minimised(
        [same],
        lambda: lost(features[..., :4] @ same, relevant & own, own).mean() + _RIDGE * same.square().sum(),
    )
    at_home = features[..., :4] @ same.detach()
    best = torch.where(own, at_home, least).max(dim=1, keepdim=True)
    usual = features[..., 0].gather(1, best.indices)
    granting = own.any(dim=1, keepdim=True) & torch.tensor(late)
    other = torch.tensor([1.2, 1.3, 1.9, 0.0, 0.0, 0.0], requires_grad=True)
    names = torch.tensor([0.0, 0.0, 0.0, 0.0, _NAMES, 0.0])
    free = names == 0
    feedback = torch.tensor([1.5, 6.0, 8.0, 1.0, 0.0], requires_grad=True)

    def between() -> Any:
        weight, offset, middle, slope, grant = feedback
        sure = torch.sigmoid(slope * (best.values - middle))
        abroad = (
            features @ (other * free + names) + grant * usual * granting + sure * (weight * near - offset)
        )
        each = lost(torch.where(own, at_home, abroad), relevant, real)
        return (each * shares).sum() / shares.sum() + _RIDGE * other.square().sum()

    among_all = _minimised([other, feedback], between)
    print(f"{len(made)} questions; loss {within:.4f} within their language, {among_all:.4f} among all")
    elsewhere = granting & ~(own & relevant).any(dim=1, keepdim=True)  # no passage of its language answers
    parts = ("weight", "offset", "middle", "slope", "grant")
    fitted = dict(zip(parts, _rounded(feedback.detach().numpy(), 4), strict=True))
    fitted["usual"] = round(usual[elsewhere].mean().item() if late else 0.0, 4)
    weights = {
        "same": [*_rounded(same.detach().numpy(), 4), 0.0, 0.0],
        "other": _rounded((other.detach() * free + names).numpy(), 4),
    }
    return weights, fitted


def _minimised(values: Sequence[Any], loss: Callable[[], Any]) -> float:
    """Change values until the loss is small, and return it."""
    import torch

    optimizer = torch.optim.Adam(values, lr=0.05)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.993)
    for _ in range(_STEPS):
        optimizer.zero_grad()
        found = loss()
        found.backward()
        optimizer.step()
        schedule.step()
    return float(found.detach())


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
        "query_means": {
            name: _rounded(mean) for name, mean in query_means(asked, HybridRetriever(index)).items()
        },
        "passage_means": {name: _rounded(part.mean) for name, part in index.partitions.items()},
    }
    calibration.write_fitted({**fitted, embedder.fingerprint: entry})
    entry |= background_priors(asked[::5], HybridRetriever(index))
    calibration.write_fitted({**fitted, embedder.fingerprint: entry})
    for _ in range(_ROUNDS):
        made = examples(asked, HybridRetriever(index))
        entry["first"], _ = fit(made, late=False)
        entry["weights"], entry["feedback"] = fit(made, late=True)
        calibration.write_fitted({**fitted, embedder.fingerprint: entry})
    print({name: entry[name] for name in ("late", "first", "weights", "feedback")})


if __name__ == "__main__":
    main()
