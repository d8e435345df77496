"""Two finished runs side by side: differences in points, with a paired test, and conditions on them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import InvalidRequest
from eval.outputs import ANSWER_COLUMNS, RETRIEVAL_COLUMNS, read_metrics, read_questions
from eval.statistics import paired_randomisation_test

Json = dict[str, Any]
Questions = Mapping[str, Mapping[str, str]]

_CONDITION = re.compile(r"\s*(?P<name>[^\s<>]+)\s*(?P<sign>[<>])\s*(?P<points>[+-]?[0-9]+(?:\.[0-9]+)?)\s*")
_NOT_FRACTIONS = ("length_ratio", "citations", "questions", "count")


@dataclass(frozen=True, slots=True)
class Change:
    """A figure in two runs. p: of the paired randomisation test, None where questions cannot be paired."""

    name: str
    before: float
    after: float
    p: float | None = None

    @property
    def points(self) -> float:
        """The difference, in points of percent."""
        return (self.after - self.before) * 100


@dataclass(frozen=True, slots=True)
class Condition:
    """A difference that must not be: name<points or name>points, as "nDCG@10<-1.0"."""

    name: str
    sign: str
    points: float

    @classmethod
    def read(cls, text: str) -> Condition:
        """Raises InvalidRequest for any other form."""
        found = _CONDITION.fullmatch(text)
        if not found:
            raise InvalidRequest(f'{text!r} is no condition: write FIGURE<POINTS, as "nDCG@10<-1.0"')
        return cls(found["name"], found["sign"], float(found["points"]))

    def holds(self, change: Change) -> bool:
        return change.points < self.points if self.sign == "<" else change.points > self.points

    def __str__(self) -> str:
        return f"{self.name}{self.sign}{self.points:g}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs. changes: of every figure that both have, in the order of the second. questions: how many each
    run has, in words, and how many of them p rests on."""

    changes: list[Change]
    questions: str


def compare_runs(before: Path, after: Path) -> Comparison:
    """Compare two finished runs, by their folders.

    Raises InvalidRequest, for runs that have no question in common too.
    """
    old, new = read_metrics(before), read_metrics(after)
    old_figures, new_figures = flat_figures(old), flat_figures(new)
    then, now = read_questions(before), read_questions(after)
    shared = _shared(then, now)
    if not shared:
        sets = [metrics.get("config", {}).get("dataset", "") for metrics in (old, new)]
        raise InvalidRequest(
            f"{before} ({sets[0]}) and {after} ({sets[1]}) have no question in common: give runs of one set"
        )
    tests = _paired_tests(then, now, shared)
    changes = [
        Change(name, old_figures[name], value, tests.get(name))
        for name, value in new_figures.items()
        if name in old_figures
    ]
    if len(shared) == len(then) == len(now):
        return Comparison(changes, f"p: paired randomisation test over the {len(shared)} questions")
    return Comparison(
        changes,
        f"the runs have {len(then)} and {len(now)} questions: p is over the {len(shared)} in both, "
        "the figures are over all of each",
    )


def _shared(before: Questions, after: Questions) -> list[str]:
    """The questions that both runs asked, by id and text."""
    return [n for n in after if n in before and after[n]["question"] == before[n]["question"]]


def flat_figures(metrics: Json) -> dict[str, float]:
    """Dotted name -> figure, for the fractions of retrieval and answers: "retrieval.all.nDCG@10"."""
    found: dict[str, float] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in ("intervals", "risk_coverage", "reliability", *_NOT_FRACTIONS):
                    walk(f"{prefix}.{key}", inner)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[prefix] = float(value)

    for part in ("retrieval", "answers"):
        if part in metrics:
            walk(part, metrics[part])
    if "answers" in metrics and "risk_coverage" in metrics["answers"].get("abstention", {}):
        area = metrics["answers"]["abstention"]["risk_coverage"]["area"]
        found["answers.abstention.risk_coverage.area"] = float(area)
    return found


def find_figure(figures: Collection[str], name: str) -> str:
    """The dotted name of a figure, given so or by its last part among the figures over all.

    Raises InvalidRequest, naming what there is.
    """
    for wanted in (name, f"retrieval.all.{name}", f"answers.all.{name}", f"answers.abstention.{name}"):
        if wanted in figures:
            return wanted
    known = ", ".join(figure for figure in figures if ".all." in figure)
    raise InvalidRequest(f"both runs have no figure {name!r}: there are {known}, and others in metrics.json")


def failures(changes: Sequence[Change], conditions: Sequence[Condition]) -> list[str]:
    """A line for every condition that holds."""
    found = []
    by_name = {change.name: change for change in changes}
    for condition in conditions:
        change = by_name[find_figure(by_name, condition.name)]
        if condition.holds(change):
            found.append(
                f"{condition} holds: {change.name} was {change.before * 100:.1f}, is {change.after * 100:.1f}"
            )
    return found


def _paired_tests(before: Questions, after: Questions, shared: Sequence[str]) -> dict[str, float]:
    """Dotted name of a figure over all questions -> p, over the shared questions."""
    clusters = {name: after[name].get("cluster") or name for name in shared}
    columns = {f"retrieval.all.{name}": name for name in RETRIEVAL_COLUMNS}
    columns |= {f"answers.all.{name}": name for name in ANSWER_COLUMNS}
    found = {}
    for figure, column in columns.items():
        pairs = [(before[n].get(column) or "", after[n].get(column) or "", clusters[n]) for n in shared]
        both = [(float(old), float(new), cluster) for old, new, cluster in pairs if old and new]
        if both:
            old, new, cluster = zip(*both, strict=True)
            found[figure] = paired_randomisation_test(old, new, cluster)
    return found


def format_changes(changes: Sequence[Change], *, everything: bool = False) -> str:
    """The changes as lines of text, in percent; only the figures over all unless everything is wanted."""
    shown = [
        change for change in changes if everything or ".all." in change.name or "abstention" in change.name
    ]
    width = max((len(change.name) for change in shown), default=0)
    lines = [f"{'':{width}}{'before':>9}{'after':>9}{'points':>9}{'p':>8}"]
    for change in shown:
        p = "" if change.p is None else f"{change.p:.3f}"
        figures = f"{change.before * 100:>9.1f}{change.after * 100:>9.1f}{change.points:>+9.1f}{p:>8}"
        lines.append(f"{change.name:{width}}{figures}")
    return "\n".join(lines)
