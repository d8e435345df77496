"""Measure the sample and the development sets, and write the figures as docs/results.md.

    python -m eval.results --shared ../shared [--sets drcd-dev xquad-dev ...] [--limit 200] [--out results]
        [--page docs/results.md] [--set key=value ...]

Ranking is measured on all questions, answers on at most --limit of each set, evenly spread; a set in
Traditional Chinese is ranked once more with its questions in Simplified. What was worked out before is taken
from the cache: a run that was stopped goes on where it was, and sets can be measured one by one before the
page is made.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus.errors import InvalidRequest, TriciteError
from eval.configuration import Configuration
from eval.datasets import SAMPLE, Dataset, read_dataset
from eval.outputs import replace_text, write_outputs
from eval.progress import Bar, progress_bars
from eval.report import write_report
from eval.results_page import Result, results_page
from eval.run import evaluate
from index.chinese import simplified
from qa.settings import load_settings

Json = dict[str, Any]

_CLUSTERS = {"xquad-dev": r"q(\d+)-", "mixed-dev": r"^en-q(\d+)-"}
"""Sets in which only the ids say which questions are of one article."""

_TRADITIONAL = ("drcd-dev",)


def find_sets(shared: Path, wanted: Sequence[str] = ()) -> dict[str, str]:
    """Name -> what read_dataset takes: the sample, and every set in shared/data. Raises InvalidRequest."""
    folders = sorted(path.parent for path in (shared / "data").glob("*/queries.jsonl"))
    sets = {SAMPLE: SAMPLE, **{folder.name: str(folder) for folder in folders}}
    unknown = [name for name in wanted if name not in sets]
    if unknown or not folders:
        what = f"there is no set {unknown[0]!r}" if unknown else f"{shared / 'data'} holds no set"
        raise InvalidRequest(f"{what}: the sets are {', '.join(sets)}")
    return {name: path for name, path in sets.items() if name in wanted or not wanted}


def measure(name: str, path: str, configuration: Configuration, out: Path, limit: int) -> Result:
    """Measure one set, ranking first, and write its runs into folders of out."""
    cluster = [f"eval.cluster={_CLUSTERS[name]}"] if name in _CLUSTERS else []
    searching = configuration.with_values([*cluster, "eval.answers=off"])
    asking = configuration.with_values([*cluster, f"eval.limit={limit}"])
    dataset = read_dataset(path)
    with progress_bars() as bar:
        retrieval = _run(dataset, searching, out / f"{name}-retrieval", bar)
        other_script = None
        if name in _TRADITIONAL:
            other_script = _run(in_simplified(dataset), searching, out / f"{name}-simplified", bar)
        answers = _run(dataset, asking, out / f"{name}-answers", bar)
    return Result(name, retrieval, answers, other_script)


def in_simplified(dataset: Dataset) -> Dataset:
    """The same set, its questions in Simplified characters (OpenCC t2s)."""
    queries = tuple(replace(query, text=simplified(query.text)) for query in dataset.queries)
    return replace(dataset, name=f"{dataset.name}, Simplified questions", queries=queries)


def _run(dataset: Dataset, configuration: Configuration, folder: Path, bar: Bar) -> Json:
    started = time.monotonic()
    measured = evaluate(dataset, configuration, bar=bar)
    write_outputs(measured, folder)
    write_report(measured, folder / "report.html", None, [])
    worked_out = measured.metrics["speed"]["worked_out_now"]
    print(f"{folder}: {time.monotonic() - started:.0f} s, {worked_out} results worked out", file=sys.stderr)
    return dict(measured.metrics)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="folder with data/*/ in BEIR form")
    parser.add_argument("--sets", nargs="+", default=[], help="some of the sets alone")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--page", type=Path, default=Path("docs/results.md"))
    parser.add_argument("--limit", type=int, default=200, help="questions asked of each set; 0: all")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args(given)
    try:
        sets = find_sets(arguments.shared, arguments.sets)
        configuration = Configuration(load_settings()).with_values(arguments.set)
        results = [
            measure(name, path, configuration, arguments.out, arguments.limit) for name, path in sets.items()
        ]
        replace_text(arguments.page, results_page(results, _command(vars(arguments))))
    except TriciteError as error:
        sys.exit(f"eval.results: {error}")
    except KeyboardInterrupt:
        sys.exit("eval.results: stopped; the same command goes on from here")
    print(arguments.page)


def _command(given: Mapping[str, Any]) -> str:
    """The command that makes the page again."""
    words = ["python -m eval.results --shared", str(given["shared"]), f"--limit {given['limit']}"]
    words += [f"--sets {' '.join(given['sets'])}"] if given["sets"] else []
    return " ".join([*words, *(f"--set {assignment}" for assignment in given["set"])])


if __name__ == "__main__":
    main()
