"""What `tricite eval` does with its options: datasets, a sweep, or a comparison of finished runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.errors import InvalidRequest
from eval.compare import (
    Comparison,
    Condition,
    compare_runs,
    failures,
    find_figure,
    flat_figures,
    format_changes,
)
from eval.configuration import Configuration
from eval.datasets import Dataset
from eval.formats import open_dataset
from eval.outputs import prepare_folder, read_metrics, write_outputs
from eval.progress import Bar, progress_bars
from eval.report import write_report
from eval.run import Measured, evaluate
from eval.tables import format_metrics, format_sweep
from qa.settings import Settings

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """The options of `tricite eval`, as they were written."""

    datasets: tuple[str, ...] = ()
    out: Path | None = None
    documents: Path | None = None
    baseline: Path | None = None
    settings: tuple[str, ...] = ()
    sweep: str | None = None
    compare: tuple[Path, Path] | None = None
    fail_if: tuple[str, ...] = ()
    limit: int = 0
    retrieval_only: bool = False
    judge: str | None = None


@dataclass(slots=True)
class Report:
    """What to print. figures: the same for programs. failed: whether a --fail-if condition held."""

    text: str = ""
    figures: Json = field(default_factory=dict)
    failed: bool = False

    def say(self, text: str) -> None:
        self.text = f"{self.text}\n{text}" if self.text else text


def run_command(request: Request, settings: Settings) -> Report:
    """Do what was asked. Raises InvalidRequest for options that do not go together, DatasetProblem, ..."""
    conditions = [Condition.read(text) for text in request.fail_if]
    if request.compare:
        if request.datasets:
            raise InvalidRequest("--compare reads two finished runs: leave out the datasets")
        return _compare(*request.compare, conditions)
    if not request.datasets or request.out is None:
        raise InvalidRequest("give a dataset and --out FOLDER, or --compare with two finished runs")
    if conditions and not request.baseline:
        raise InvalidRequest("--fail-if needs something to compare with: give --baseline or --compare")
    if request.sweep and (conditions or request.baseline):
        raise InvalidRequest("--sweep compares its own runs: leave out --baseline and --fail-if")
    places = _places(request.datasets)
    if request.baseline:
        for place in places.values():  # before anything is worked out
            figures = flat_figures(read_metrics(request.baseline / place))
            for condition in conditions:
                find_figure(figures, condition.name)
    configuration = _configuration(request, settings)
    for place in places.values():
        prepare_folder(request.out / place)
    # All are read before the first is measured: what is wrong with the last is said at once.
    opened = {
        name: open_dataset(name, request.out / place / "dataset", request.documents)
        for name, place in places.items()
    }
    report = Report()
    with progress_bars() as bar:
        for name, dataset in opened.items():
            out = request.out / places[name]
            baseline = request.baseline / places[name] if request.baseline else None
            if request.sweep:
                _sweep(dataset, out, configuration, request, bar, report)
            else:
                measured = _measured(dataset, out, configuration, request, bar)
                _report_run(measured, out, baseline, conditions, report)
    return report


def _configuration(request: Request, settings: Settings) -> Configuration:
    given = list(request.settings)
    if request.limit:
        given.append(f"eval.limit={request.limit}")
    if request.retrieval_only:
        given.append("eval.answers=off")
    return Configuration(settings).with_values(given)


def _places(datasets: Sequence[str]) -> dict[str, str]:
    """Dataset -> the folder of its run inside --out: its own, where there are several."""
    if len(datasets) == 1:
        return {datasets[0]: ""}
    places = {name: Path(name).resolve().stem for name in datasets}
    if len(set(places.values())) < len(datasets):
        raise InvalidRequest("two of the datasets have one name: measure them into folders of their own")
    return places


def _report_run(
    measured: Measured, out: Path, baseline: Path | None, conditions: Sequence[Condition], report: Report
) -> None:
    report.say(f"{measured.dataset.name}\n{format_metrics(measured.metrics)}")
    report.figures[measured.dataset.name] = measured.metrics
    compared = compare_runs(baseline, out) if baseline else None
    write_report(measured, out / "report.html", baseline, compared.changes if compared else [])
    if compared:
        _say_changes(compared, conditions, report)
    report.say(f"report: {out / 'report.html'}")


def _measured(
    dataset: Dataset, out: Path, configuration: Configuration, request: Request, bar: Bar
) -> Measured:
    measured = evaluate(dataset, configuration, bar=bar)
    if request.judge:
        from eval.judge import judge_answers, load_judge

        model = load_judge(request.judge, configuration.models.base_url)
        judged = judge_answers(measured.outcomes, measured.passages, model, request.judge, bar)
        measured.metrics.setdefault("answers", {})["judge"] = judged
    write_outputs(measured, out)
    return measured


def _sweep(
    dataset: Dataset, out: Path, configuration: Configuration, request: Request, bar: Bar, report: Report
) -> None:
    key, sign, values = (request.sweep or "").partition("=")
    tried = [value.strip() for value in values.split(",") if value.strip()]
    if not sign or not tried:
        raise InvalidRequest(f"--sweep {request.sweep!r} names no values: write key=a,b,c")
    configurations = {value: configuration.with_values([f"{key}={value}"]) for value in tried}
    rows = {}
    for value, one in configurations.items():
        folder = out / f"{key}={value}".replace("/", "_").replace(":", "_")
        rows[value] = _measured(dataset, folder, one, request, bar).metrics
    report.say(f"{dataset.name}\n{format_sweep(key, rows)}")
    report.figures[dataset.name] = {f"{key}={value}": metrics for value, metrics in rows.items()}


def _compare(before: Path, after: Path, conditions: Sequence[Condition]) -> Report:
    report = Report()
    _say_changes(compare_runs(before, after), conditions, report)
    return report


def _say_changes(compared: Comparison, conditions: Sequence[Condition], report: Report) -> None:
    report.say(format_changes(compared.changes))
    report.figures["changes"] = {
        change.name: {"before": change.before, "after": change.after, "p": change.p}
        for change in compared.changes
    }
    for line in failures(compared.changes, conditions):
        report.failed = True
        report.say(f"failed: {line}")
    report.say(compared.questions)
