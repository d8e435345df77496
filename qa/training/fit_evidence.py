"""Fit how evidence is weighed and when to abstain: the constants of qa/evidence.py and qa/asking.py.

    python -m qa.training.fit_evidence ../shared/data/train qa/training/written [--work FOLDER]

Asks questions on articles that the span reader was not trained on, each as it is, without the passage in its
own language where another language has one too, with all passages that answer it taken out (near), and with
their whole articles taken out (far). A question that its paragraph does not answer is near as it is. A
sentence's score is a weighted sum; its chance of being the answer is its share among all sentences and "no
answer", whose score is the threshold. One set of weights and one threshold serve all language pairs. At the
end stands what joining two neighbours of nearly one score gives.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from corpus.language import detect_language
from corpus.splitting import Splitter
from index import Filter, HybridRetriever, Index, Query, update_index
from index.embedder import SentenceTransformerEmbedder
from index.training.squad import Paragraph, read_examples
from qa.asking import EVIDENCE_HITS
from qa.evidence import (
    LEAST_READING,
    EvidenceSentence,
    lacking,
    read_evidence,
    select_evidence,
    widened,
)
from qa.reader import SpanReader

_OTHER_PARAGRAPHS = 300
_QUESTIONS = 22
"""How many of a file are asked in each language."""
_SENTENCES = 15
_MATCH_SCALE = 40.0
_FALSE_REFUSALS = 0.12
_KINDS = {"answerable": 1.5, "other language": 1.0, "near": 1.2, "far": 1.0}
"""What a trial of each kind counts when the threshold's terms are fitted."""
_RIDGE = 1e-3
_ENOUGH = (6.0, 7.0, 8.0, 9.0, 10.0)
"""Scores of a passage from which on it may be enough; which of them is, is chosen by what they give."""
_MARGINS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is found for a question. kind: answerable, other language (answerable in that alone), near or far.

    evidence: the best sentences. answers: document id and words of every right answer.
    """

    kind: str
    language: str
    evidence: tuple[EvidenceSentence, ...]
    answers: tuple[tuple[str, str], ...]

    @property
    def features(self) -> NDArray[np.float64]:
        """[n, 4]: passage, match times _MATCH_SCALE, reading above the least, 1 for another language than the
        question's."""
        return np.array(
            [
                (
                    one.passage,
                    _MATCH_SCALE * one.match,
                    one.reading - LEAST_READING,
                    one.chunk.language != self.language,
                )
                for one in self.evidence
            ]
        )

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which sentences hold an answer, [n]."""
        return np.array([self.holds_answer(one) for one in self.evidence])

    def holds_answer(self, span: EvidenceSentence) -> bool:
        """Whether a span holds an answer where one was expected."""
        return any(span.chunk.document_id == name and answer in span.text for name, answer in self.answers)


def collect(folders: Sequence[Path], work: Path) -> list[Trial]:
    """Index the held-out articles among others, and ask."""
    paragraphs, examples = read_examples(*folders)
    others = [one for one in paragraphs if not one.held_out]
    pool = [one for one in paragraphs if one.held_out] + others[:: len(others) // _OTHER_PARAGRAPHS]
    work.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"id": one.name, "text": one.text}, ensure_ascii=False) for one in pool]
    (work / "held_out.jsonl").write_text("\n".join(lines), encoding="utf-8")
    embedder, splitter = SentenceTransformerEmbedder("embedded"), Splitter()
    update_index(work / "held_out", [work / "held_out.jsonl"], embedder, splitter=splitter)
    retriever = HybridRetriever(Index(work / "held_out", embedder, splitter))
    reader, by_article = SpanReader(), dict[str, set[str]]()
    for one in paragraphs:
        by_article.setdefault(one.article, set()).add(one.name)
    asked: dict[tuple[str, str], list[tuple[Paragraph, str]]] = {}
    for example in examples:
        if example.held_out:
            paragraph = paragraphs[example.paragraph]
            answer = paragraph.text[example.start : example.end]
            asked.setdefault((example.question_id, example.question), []).append((paragraph, answer))
    trials, counts = [], Counter[tuple[str, str]]()
    mixed = sorted(asked.items(), key=lambda one: zlib.crc32(one[0][0].encode()))  # not file by file
    for number, ((_, text), answers) in enumerate(mixed):
        language = detect_language(text)[0]
        home = answers[0][0]
        counts[home.source, language] += 1
        if counts[home.source, language] > _QUESTIONS:
            continue
        query = Query(text, language)
        embedded = retriever.embed([query])[0]
        expected = tuple((paragraph.name, answer) for paragraph, answer in answers if answer)
        for kind, without in missing(answers, by_article[home.article], language).items():
            hits = list(retriever.search_chunks(query, embedded, Filter(without=frozenset(without))))
            selected = select_evidence(retriever, query, embedded, hits[:EVIDENCE_HITS])
            evidence = read_evidence(reader, query, selected)
            trials.append(Trial(kind, language, tuple(evidence[:_SENTENCES]), expected))
        if number % 50 == 49:
            print(f"{number + 1} of {len(asked)} questions", flush=True)
    return trials


def missing(
    answers: Sequence[tuple[Paragraph, str]], article: set[str], language: str
) -> dict[str, set[str]]:
    """The kinds of trials that a question in a language gives, and the passages that each does without.

    answers: the paragraphs that answer it, and in what words; none where the question has no answer. article:
    the passages of its article, in all languages.
    """
    if not any(answer for _, answer in answers):
        return {"near": set(), "far": article}
    homes = {paragraph.name for paragraph, _ in answers}
    own = {paragraph.name for paragraph, _ in answers if paragraph.language == language}
    kinds = {"far": article}
    kinds |= {"answerable": set[str]()} if own else {}
    kinds |= {"other language": own} if homes - own else {}
    kinds |= {"near": homes} if article - homes else {}
    return kinds


Fitted = tuple[NDArray[np.float64], NDArray[np.bool_], float]
"""Features and right sentences of a trial, and what it counts."""


def loss(parameters: NDArray[np.float64], trials: Sequence[Fitted]) -> float:
    """Mean -log chance of a right sentence, or of "no answer" where there is none; the last parameter is its
    score."""
    total = 0.0
    for features, sentences, share in trials:
        scores = np.append(features @ parameters[:-1], parameters[-1])
        right = np.append(sentences, not sentences.any())
        total += share * (np.logaddexp.reduce(scores) - np.logaddexp.reduce(scores[right]))
    shares = sum(share for _, _, share in trials)
    return float(total / shares + _RIDGE * np.square(parameters[:-1]).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, default=Path(".tricite/fit"))
    arguments = parser.parse_args()
    trials = collect(arguments.folders, arguments.work)
    languages = [trial.language for trial in trials]
    fitted = [(one.features, one.right, 1 / languages.count(one.language)) for one in trials]
    best = minimize(loss, np.array([0.3, 0.3, 0.3, 0.0, 12.0]), args=(fitted,), method="L-BFGS-B").x
    weights = best[:-2] / best[0]  # a passage's score counts once
    print(f"{len(trials)} trials; match {weights[1] * _MATCH_SCALE:.2f}, reading {weights[2]:.3f}")
    report(trials, weights)


def ranked(trial: Trial, weights: NDArray[np.float64]) -> Trial:
    """The trial with its sentences in the order that the weights give, and their scores."""
    scores = trial.features[:, :-1] @ weights
    scored = [replace(one, score=float(score)) for one, score in zip(trial.evidence, scores, strict=True)]
    return replace(trial, evidence=tuple(sorted(scored, key=lambda one: -one.score)))


def against_threshold(trials: Sequence[Trial], enough: float) -> NDArray[np.float64]:
    """How sure each ranked trial's best sentence is, [n]: its score, what its passage lacks, its language.

    Logistic regression of whether the question is answered at all; prints its loss and the two weights.
    """
    languages = [trial.language for trial in trials]
    firsts = [trial.evidence[0] for trial in trials]
    terms = np.array(
        [
            (first.score, first.chunk.language != language, -lacking(first, enough))
            for first, language in zip(firsts, languages, strict=True)
        ]
    )
    answered = np.array([1 if trial.kind in ("answerable", "other language") else -1 for trial in trials])
    shares = np.array([_KINDS[t.kind] / np.sqrt(languages.count(t.language)) for t in trials])
    scale = terms.std(axis=0)

    def lost(parameters: NDArray[np.float64]) -> float:
        sure = (terms - terms.mean(axis=0)) / scale @ parameters[1:] + parameters[0]
        fit = (shares * np.logaddexp(0, -answered * sure)).sum() / shares.sum()
        return float(fit + 10 * _RIDGE * np.square(parameters[1:]).sum())

    fit = minimize(lost, np.zeros(4), method="L-BFGS-B")
    found = fit.x[1:] / scale
    found /= found[0]
    print(
        f"enough passage {enough}: loss {fit.fun:.4f}, other language {found[1]:.2f}, "
        f"poor passage {found[2]:.2f}"
    )
    return np.asarray(terms @ found)


def report(trials: list[Trial], weights: NDArray[np.float64]) -> None:
    """What the weights and the threshold give."""
    first: dict[str, list[bool]] = {}
    trials = [ranked(trial, weights) for trial in trials]
    for trial in trials:
        right = trial.holds_answer(trial.evidence[0])
        first.setdefault(f"{trial.kind}, {trial.language}", []).append(right)
    for enough in _ENOUGH:
        sure: dict[str, list[float]] = {}
        for trial, value in zip(trials, against_threshold(trials, enough), strict=True):
            sure.setdefault(trial.kind, []).append(value)
        threshold = np.quantile(sure["answerable"], _FALSE_REFUSALS)
        shares = {kind: f"{np.mean(np.array(found) < threshold):.3f}" for kind, found in sure.items()}
        print(f"  threshold {threshold + LEAST_READING * weights[2]:.2f}, refused {shares}")
    for name, rights in first.items():
        if any(rights):
            print(f"{name}: right sentence first {np.mean(rights):.3f} of {len(rights)}")
    for margin in _MARGINS:
        joined(trials, margin)


def joined(trials: list[Trial], margin: float) -> None:
    """What joining neighbours within a margin gives, of ranked trials."""
    found: dict[str, list[tuple[bool, bool]]] = {}
    for trial in trials:
        if trial.kind == "answerable":
            span = widened(trial.evidence, margin)
            is_joined = span is not trial.evidence[0]
            found.setdefault(trial.language, []).append((trial.holds_answer(span), is_joined))
    shares = {name: np.mean(values, axis=0).round(3).tolist() for name, values in sorted(found.items())}
    print(f"neighbours within {margin}: holds the answer, is joined: {shares}")


if __name__ == "__main__":
    main()
