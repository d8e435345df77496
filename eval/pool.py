"""Pool parallel sets into one multilingual collection in BEIR form.

    python -m eval.pool --out DIR en=xquad.en.json zh=xquad.zh.json ar=xquad.ar.json [more.json ...]
        [--unanswerable 0.2] [--seed 0]

Files given as LANGUAGE=FILE are translations of one another: the same question has the same id in each, and
every question gets the passages of all of them as relevant. Other files are pooled beside them, each question
with the passages of its own file.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from corpus.errors import InvalidRequest, TriciteError
from eval.datasets import GoldAnswer
from eval.readers.beir import FoundSet, Json, write_beir
from eval.readers.squad import read_squad


def pool_sets(
    parallel: Mapping[str, Path], others: Sequence[Path] = (), *, unanswerable: float = 0.0, seed: int = 0
) -> FoundSet:
    """One collection of SQuAD-style files.

    parallel: language -> file, translations of one another by question id. others: files that are not.
    unanswerable: the share of articles and of paragraphs that are taken out, in all languages at once, so
    that their questions become far (the article is missing) and near (one paragraph is). Raises
    DatasetProblem, and InvalidRequest where two files would give the same ids.
    """
    if not 0 <= unanswerable < 1:
        raise InvalidRequest(f"--unanswerable is {unanswerable}: give a share from 0 up to 1")
    sets = {language: read_squad(path, f"{language}-") for language, path in parallel.items()}
    pooled = _joined(sets)
    for path in others:
        more = read_squad(path, f"{path.stem}-")
        if pooled.answers.keys() & more.answers.keys() or path.stem in parallel:
            raise InvalidRequest(f"{path} would give ids that are taken: rename the file")
        _append(pooled, more)
    return _with_some_taken_out(pooled, unanswerable, random.Random(seed)) if unanswerable else pooled


def _joined(sets: Mapping[str, FoundSet]) -> FoundSet:
    """Parallel sets as one, every question with the evidence and the gold of all languages."""
    pooled = FoundSet(documents=[])
    by_id: dict[str, dict[str, GoldAnswer]] = {}
    for language, found in sets.items():
        for answer in found.answers.values():
            by_id.setdefault(answer.parallel_id, {})[language] = answer
    for language, found in sets.items():
        # The file's name says which language it is, better than any detector.
        for row in found.documents or []:
            _rows(pooled).append({**row, "language": language})
        for query in found.queries:
            answer = found.answers[query.id]
            same = by_id[answer.parallel_id]
            evidence = tuple(d for one in same.values() for d in one.evidence_ids)
            gold = {name: one.answers for name, one in same.items() if one.answers}
            joined = replace(answer, evidence_ids=evidence, answers_by_language=gold)
            pooled.add(replace(query, language=language), joined)
    return pooled


def _append(pooled: FoundSet, more: FoundSet) -> None:
    _rows(pooled).extend(more.documents or [])
    for query in more.queries:
        pooled.add(query, more.answers[query.id])


def _with_some_taken_out(found: FoundSet, share: float, chance: random.Random) -> FoundSet:
    """With whole articles and single paragraphs taken out, half the share each."""
    articles: dict[str, list[str]] = {}  # a paragraph's evidence in all languages is one unit
    for answer in found.answers.values():
        if answer.evidence_ids:
            articles.setdefault(_article(answer), []).append(" ".join(answer.evidence_ids))
    names = sorted(articles)
    far_articles = set(chance.sample(names, round(len(names) * share / 2)))
    units = sorted({unit for name in names if name not in far_articles for unit in articles[name]})
    near_units = set(chance.sample(units, round(len(units) * share / 2)))
    gone = {d for unit in near_units for d in unit.split(" ")}
    gone |= {d for name in far_articles for unit in articles[name] for d in unit.split(" ")}
    kept = FoundSet(documents=[row for row in found.documents or [] if row["_id"] not in gone])
    for query in found.queries:
        answer = found.answers[query.id]
        if gone.isdisjoint(answer.evidence_ids):
            kept.add(query, answer)
            continue
        kind = "far" if _article(answer) in far_articles else "near"
        without = replace(
            answer,
            answers=(),
            answers_by_language={},
            answerable=False,
            unanswerable_kind=kind,
            evidence_ids=(),
        )
        kept.add(query, without)
    return kept


def _article(answer: GoldAnswer) -> str:
    """Parallel articles have one name: the number that read_squad gives it, after the language."""
    return min(document.rpartition("-")[0] for document in answer.evidence_ids)


def _rows(found: FoundSet) -> list[Json]:
    if found.documents is None:
        found.documents = []
    return found.documents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+", help="LANGUAGE=FILE for translations of one another, or FILE")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--unanswerable", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    pairs = [text.partition("=") for text in arguments.files]
    parallel = {language: Path(path) for language, sign, path in pairs if sign}
    others = [Path(path) for path, sign, _ in pairs if not sign]
    try:
        found = pool_sets(parallel, others, unanswerable=arguments.unanswerable, seed=arguments.seed)
        write_beir(found, arguments.out)
    except TriciteError as error:
        sys.exit(f"eval.pool: {error}")
    answerable = sum(answer.answerable for answer in found.answers.values())
    print(
        f"{len(found.documents or [])} documents, {len(found.queries)} questions, {answerable} of them "
        f"answerable: {arguments.out}"
    )


if __name__ == "__main__":
    main()
