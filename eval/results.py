"""Measure the sample and the development sets, and write the figures as docs/results.md.

    python -m eval.results --shared ../shared [--out results] [--page docs/results.md] [--limit 200]
        [--set key=value ...]

Retrieval is measured on all questions, answers on at most --limit of each set, evenly spread. What was worked
out before is taken from the cache, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import TriciteError
from eval.configuration import Configuration
from eval.datasets import SAMPLE, read_dataset
from eval.outputs import replace_text, write_outputs
from eval.progress import progress_bars
from eval.report import write_report
from eval.run import evaluate
from qa.settings import load_settings

Json = dict[str, Any]

_CLUSTERS = {"xquad-dev": r"q(\d+)-"}
"""Sets in which only the ids say which questions are of one article."""


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of a set: of retrieval over all its questions, of answers over some."""

    name: str
    retrieval: Json
    answers: Json


def measure(name: str, path: str, configuration: Configuration, out: Path, limit: int) -> Result:
    """Measure one set, retrieval first, and write both runs into folders of out."""
    dataset = read_dataset(path)
    cluster = [f"eval.cluster={_CLUSTERS[name]}"] if name in _CLUSTERS else []
    searching = configuration.with_values([*cluster, "eval.answers=off"])
    asking = configuration.with_values([*cluster, f"eval.limit={limit}"])
    found = []
    with progress_bars() as bar:
        for part, one in (("retrieval", searching), ("answers", asking)):
            measured = evaluate(dataset, one, bar=bar)
            folder = out / f"{name}-{part}"
            write_outputs(measured, folder)
            write_report(measured, folder / "report.html", None, [])
            found.append(measured.metrics)
    return Result(name, *found)


def page(results: Sequence[Result], command: str) -> str:
    """The Markdown of docs/results.md."""
    config = results[0].answers["config"]
    machine = config["machine"]
    retrieval = [
        [
            r.name,
            language,
            *_cells(figures, _RETRIEVAL),
            str(figures["questions"]),
        ]
        for r in results
        for language, figures in r.retrieval["retrieval"]["by_language"].items()
    ]
    pairs = [
        [r.name, pair, *_cells(figures, ("nDCG@10", "RR")), str(figures["questions"])]
        for r in results
        if r.name in (SAMPLE, *_CLUSTERS)
        for pair, figures in r.retrieval["retrieval"]["by_pair"].items()
    ]
    names = ("contains_gold", "f1", "exact_match", "citation_precision", "citation_recall", "answered")
    answers, own, alone = [], [], []
    for r in results:
        parts = r.answers["answers"]
        answers += _answer_rows(r.name, {"all": parts["all"], **parts["by_language"]}, names)
        pool = parts["own_language_pool"]
        own += _answer_rows(r.name, {"all": pool["all"], **pool["by_language"]}, names)
        alone += _answer_rows(r.name, {"all": parts["generated_only"]["all"]}, names[:4])
    refusals = [[r.name, *_refused(r.answers["answers"])] for r in results]
    sentences = [[r.name, *_sentences(r.answers["answers"])] for r in results]
    speed = [
        [r.name, *(f"{r.answers['speed'][name]:,}" for name in _SPEED)] for r in results
    ]  # fmt: skip
    heads = [
        "gold",
        "F1",
        "exact",
        "citation precision",
        "citation recall",
        "answered",
        "length",
        "questions",
    ]
    blocks = [
        "# Results",
        f"Made by `{command}`. Figures in percent; in brackets 95% intervals, by bootstrap over clusters of "
        "questions (article and parallel question). How they are counted: [evaluation.md](evaluation.md).",
        f"Models: embedder {config['embedder']}, generator {config['settings']['generator']}. Machine: "
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, no GPU used. "
        f"Source code {config['code'][:12]}.",
        "## Retrieval, by language of the question, over the whole pool",
        _table(["set", "question", "nDCG@10", "RR", "R@100", "Success@1", "questions"], retrieval),
        "## Retrieval by language pair",
        "Relevant passages of other languages are taken out of the ranking; all other passages stay.",
        _table(["set", "pair", "nDCG@10", "RR", "questions"], pairs),
        "## Answers over all passages",
        "gold: the answer states a gold answer in the language of what it cites; a refusal is wrong. length: "
        "of the sentence that holds the gold, median.",
        _table(["set", "question", *heads], answers),
        "## Answers over passages of the question's language",
        _table(["set", "question", *heads], own),
        "## Generated sentences alone",
        _table(["set", "question", *heads[:4], "length", "questions"], alone),
        "## Refusing, all at one threshold",
        "Far: the subject is absent. Near: a neighbouring passage is there. In sets that mark no such "
        "question, questions asked again without their passages.",
        _table(["set", "far refused", "near refused", "wrongly refused", "risk-coverage area"], refusals),
        "## Sentences and the check",
        _table(
            ["set", "generated", "replaced", "quoted", "planted errors caught", "right sentences accepted"],
            sentences,
        ),
        "## Speed",
        _table(["set", *(name.replace("_", " ") for name in _SPEED)], speed),
    ]
    return "\n\n".join(blocks) + "\n"


_RETRIEVAL = ("nDCG@10", "RR", "R@100", "Success@1")
_SPEED = (
    "index_s", "index_tokens_per_s", "index_bytes_per_chunk", "search_p50_ms", "search_p95_ms", "ask_p50_ms",
    "ask_p95_ms", "first_sentence_p50_ms", "peak_rss_mb",
)  # fmt: skip


def _answer_rows(name: str, rows: Mapping[str, Json], names: Sequence[str]) -> list[list[str]]:
    return [
        [name, row, *_cells(figures, names), _ratio(figures), str(figures["questions"])]
        for row, figures in rows.items()
        if figures["questions"]
    ]


def _cells(figures: Json, names: Sequence[str]) -> list[str]:
    return [_percent(figures.get(name), figures.get("intervals", {}).get(name)) for name in names]


def _ratio(figures: Json) -> str:
    return f"{figures['length_ratio']:.2f}" if "length_ratio" in figures else ""


def _percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    if value is None:
        return ""
    around = f" ({interval[0] * 100:.0f}–{interval[1] * 100:.0f})" if interval else ""
    return f"{value * 100:.1f}{around}"


def _refused(answers: Json) -> list[str]:
    figures = answers["abstention"]
    cells = _cells(figures, ("far", "near", "false_refusal"))
    return [*cells, f"{figures['risk_coverage']['area']:.3f}"]


def _sentences(answers: Json) -> list[str]:
    planted = answers["planted_errors"]
    shares = [_percent(answers["sentences"][name]) for name in ("generated", "replaced", "quoted")]
    return [*shares, _percent(planted["catch_rate"]), _percent(planted["right_accepted"])]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="folder with data/*/ in BEIR form")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--page", type=Path, default=Path("docs/results.md"))
    parser.add_argument("--limit", type=int, default=200, help="questions asked of each set; 0: all")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    folders = sorted(path.parent for path in (arguments.shared / "data").glob("*/queries.jsonl"))
    sets = {SAMPLE: SAMPLE, **{folder.name: str(folder) for folder in folders}}
    try:
        configuration = Configuration(load_settings()).with_values(arguments.set)
        results = []
        for name, path in sets.items():
            print(name, file=sys.stderr)
            results.append(measure(name, path, configuration, arguments.out, arguments.limit))
        settings = "".join(f" --set {assignment}" for assignment in arguments.set)
        command = f"python -m eval.results --shared {arguments.shared} --limit {arguments.limit}{settings}"
        replace_text(arguments.page, page(results, command))
    except TriciteError as error:
        sys.exit(f"eval.results: {error}")
    print(arguments.page)


if __name__ == "__main__":
    main()
