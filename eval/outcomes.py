"""What came of every question, and the means of a group of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from eval.datasets import Dataset, Query
from eval.scoring import Figures
from eval.statistics import Bootstrap, bootstrap_interval, joined_clusters, mean

Json = dict[str, Any]

PLAIN = (
    "contains_gold", "exact_match", "f1", "chrf", "chinese_exact_match", "chinese_f1", "citation_recall",
    "span_precision", "span_recall", "span_f1", "answer_language", "answered",
)  # fmt: skip
"""Figures whose mean over the questions is reported as it is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question and its answer.

    kind: "answerable", "near" or "far". taken_out: it was asked without its passages. language: of the
    question, detected. cluster: questions of one are right or wrong together. figures: of scoring.py,
    empty for an unanswerable question. answer: as Asker.ask gives it. gold: answers in the question's own
    language; references: in any. wrong: what planted documents state.
    """

    query: Query
    kind: str
    language: str
    cluster: str
    answer: Json
    figures: Figures = field(default_factory=dict)
    taken_out: bool = False
    gold: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        return bool(self.answer["abstained"])

    @property
    def right(self) -> bool:
        """Whether the answer states the gold; never for a question that has none."""
        return bool(self.figures.get("contains_gold"))

    @property
    def confidence(self) -> float:
        """How sure the answer is of itself: the score of its best evidence."""
        return float(self.answer["confidence"])

    @property
    def cited_language(self) -> str:
        """The language of the first cited span, "" for a refusal."""
        return next((cited["language"] for cited in self.answer["citations"]), "")

    def sentences(self, kind: str) -> int:
        """Sentences of a kind: generated; replaced, the evidence in place of what the generator wrote; or
        quoted, the evidence where nothing was generated."""
        shown = "generated" if kind == "generated" else "quoted"
        if kind != "generated" and self.answer["spoke"] != (kind == "replaced"):
            return 0
        return sum(sentence["kind"] == shown for sentence in self.answer["sentences"])


def clusters_of(dataset: Dataset, titles: Mapping[str, str], pattern: str = "") -> dict[str, str]:
    """Question id -> cluster. Questions of one article, one passage or one parallel id are in one.

    titles: document of the dataset -> its title, "" without. pattern: where its first group is found in a
    question's id, that names the cluster alone.
    """
    import re

    members: dict[str, list[str]] = {}
    for query in dataset.queries:
        if pattern and (found := re.search(pattern, query.id)):
            members[query.id] = [f"pattern {found[1]}"]
            continue
        answer = dataset.answers.get(query.id)
        evidence = answer.evidence_ids if answer else tuple(dataset.qrels.get(query.id, {}))
        keys = [f"document {name}" for name in evidence]
        keys += [f"article {titles[name]}" for name in evidence if titles.get(name)]
        if answer and answer.article:
            keys.append(f"article {answer.article}")
        if answer and answer.parallel_id:
            keys.append(f"parallel {answer.parallel_id}")
        members[query.id] = keys
    return joined_clusters(members)


def rate(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool], bootstrap: Bootstrap) -> Json:
    """The share of outcomes for which something holds, with its interval."""
    return _figure([float(holds(o)) for o in outcomes], [o.cluster for o in outcomes], bootstrap)


def summarise(outcomes: Sequence[Outcome], bootstrap: Bootstrap, prefix: str = "") -> Json:
    """Means over answerable questions, with 95% intervals under "intervals".

    prefix: "generated." for the same figures of the generated sentences alone, over the answers that have
    any. Precision of citations is over cited spans, the length ratio is a median.
    """
    members = [o for o in outcomes if not prefix or f"{prefix}contains_gold" in o.figures]
    found: Json = {"questions": len(members)}
    intervals: dict[str, list[float]] = {}

    def put(name: str, figure: Json) -> None:
        found[name], intervals[name] = figure["value"], figure["interval"]

    for name in PLAIN:
        known = [(o.figures.get(prefix + name), o.cluster) for o in members]
        values = [(value, cluster) for value, cluster in known if value is not None]
        if values:
            put(name, _figure([value for value, _ in values], [c for _, c in values], bootstrap))
    cited = [(o.figures.get(f"{prefix}citations") or 0.0, o) for o in members]
    if any(count for count, _ in cited):
        right = [o.figures.get(f"{prefix}right_citations") or 0.0 for o in members]
        counts = [count for count, _ in cited]
        interval = bootstrap_interval(
            right, [o.cluster for o in members], weights=counts, bootstrap=bootstrap
        )
        put("citation_precision", {"value": sum(right) / sum(counts), "interval": list(interval)})
        found["citations"] = int(sum(counts))
    ratios = [r for o in members if (r := o.figures.get(f"{prefix}length_ratio")) is not None]
    if ratios:
        found["length_ratio"] = median(ratios)
    found["intervals"] = intervals
    return found


def sentence_shares(outcomes: Iterable[Outcome]) -> Json:
    """How many sentences were generated, replaced and quoted, and the share of each."""
    members = list(outcomes)
    counts = {kind: sum(o.sentences(kind) for o in members) for kind in ("generated", "replaced", "quoted")}
    total = sum(counts.values())
    return {"count": total, **{kind: count / total if total else 0.0 for kind, count in counts.items()}}


def by_group(outcomes: Sequence[Outcome], name: Callable[[Outcome], str]) -> dict[str, list[Outcome]]:
    """Outcomes by a name, those named "" left out, in order of the names."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if key := name(outcome):
            found.setdefault(key, []).append(outcome)
    return dict(sorted(found.items()))


def _figure(values: Sequence[float], clusters: Sequence[str], bootstrap: Bootstrap) -> Json:
    return {
        "value": mean(values),
        "interval": list(bootstrap_interval(values, clusters, bootstrap=bootstrap)),
    }
