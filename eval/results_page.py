"""Figures of several sets -> the Markdown of docs/results.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_RETRIEVAL = ("nDCG@10", "RR", "R@100", "Success@1")
_ANSWERS = ("contains_gold", "f1", "exact_match", "citation_precision", "citation_recall", "answered")
_HEADS = ("gold", "F1", "exact", "citation precision", "citation recall", "answered", "length", "questions")
_SPEED = (
    "index_s", "index_tokens_per_s", "index_bytes_per_chunk", "search_p50_ms", "search_p95_ms", "ask_p50_ms",
    "ask_p95_ms", "first_sentence_p50_ms", "peak_rss_mb",
)  # fmt: skip

Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """metrics.json of a set: of the ranking of all its questions, and of the answers to some.

    simplified: of the ranking with its Traditional Chinese questions in Simplified characters.
    """

    name: str
    retrieval: Json
    answers: Json
    simplified: Json | None = None

    @property
    def ranking(self) -> Json:
        return dict(self.retrieval["retrieval"])


def results_page(results: Sequence[Result], command: str) -> str:
    """The page. command: what makes it again."""
    config = results[0].answers["config"]
    machine = config["machine"]
    blocks = [
        "# Results",
        f"Made by `{command}`. Figures in percent; in brackets 95 % intervals, by bootstrap over clusters of "
        "questions (article and parallel question). How they are counted: [evaluation.md](evaluation.md).",
        f"Models: embedder {config['embedder']}, generator {config['settings']['generator']}. Machine: "
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, no GPU used. "
        f"Source code {config['code'][:12]}.",
        *_retrieval(results),
        *_answers(results),
        "## Speed",
        _table(
            ["set", *(name.replace("_", " ") for name in _SPEED)],
            [[r.name, *(_number(r.answers["speed"].get(name)) for name in _SPEED)] for r in results],
        ),
    ]
    return "\n\n".join(blocks) + "\n"


# -- ranking -------------------------------------------------------------------------------------------
def _retrieval(results: Sequence[Result]) -> list[str]:
    head = ["question", *_RETRIEVAL, "questions"]
    blocks = [
        "## Ranking, over all passages",
        _table(["set", *head], [row for r in results for row in _ranked(r.name, r.ranking["by_language"])]),
    ]
    if pairs := [row for r in results if r.ranking["between_languages"] for row in _pairs(r)]:
        blocks += [
            "## Ranking, by language pair",
            "Relevant passages of other languages are taken out of the ranking; all other passages stay.",
            _table(["set", "question → passage", *head[1:]], pairs),
            "Between languages: the mean of the pairs of a question's language with the others.",
            _table(["set", "question", "nDCG@10"], [row for r in results for row in _between(r)]),
        ]
    blocks += [
        "## Ranking, over the passages of the question's language alone",
        "loss: nDCG@10 here less that over all passages, of the same questions and relevant passages.",
        _table(["set", *head, "loss"], [row for r in results for row in _own_language(r)]),
    ]
    if simplified := [row for r in results for row in _simplified(r)]:
        blocks += [
            "## Traditional Chinese, asked in Simplified",
            "The questions converted with OpenCC (t2s), the passages as they are.",
            _table(["set", "nDCG@10, as published", "in Simplified", "loss", "questions"], simplified),
        ]
    return blocks


def _ranked(name: str, rows: Mapping[str, Json]) -> Rows:
    return [
        [name, row, *_cells(figures, _RETRIEVAL), str(figures["questions"])] for row, figures in rows.items()
    ]


def _pairs(result: Result) -> Rows:
    return _ranked(result.name, {k.replace("->", " → "): v for k, v in result.ranking["by_pair"].items()})


def _between(result: Result) -> Rows:
    found = result.ranking["between_languages"]
    return [[result.name, language, _percent(value)] for language, value in found.items()]


def _own_language(result: Result) -> Rows:
    own = result.ranking["own_language_pool"]
    rows = _ranked(result.name, own["by_language"])
    return [[*row, _points(own["loss"][row[1]])] for row in rows]


def _simplified(result: Result) -> Rows:
    if result.simplified is None:
        return []
    before, after = result.ranking["all"], result.simplified["retrieval"]["all"]
    values = [_cells(one, ("nDCG@10",))[0] for one in (before, after)]
    return [[result.name, *values, _points(before["nDCG@10"] - after["nDCG@10"]), str(before["questions"])]]


# -- answers -------------------------------------------------------------------------------------------
def _answers(results: Sequence[Result]) -> list[str]:
    everything, own, alone = [], [], []
    results = [r for r in results if "answers" in r.answers]  # a set may have passages and questions alone
    for r in results:
        parts = r.answers["answers"]
        everything += _answered(r.name, {"all": parts["all"], **parts["by_language"]}, _ANSWERS)
        pool, generated = parts["own_language_pool"], parts["generated_only"]
        own += _answered(r.name, {"all": pool["all"], **pool["by_language"]}, _ANSWERS)
        alone += _answered(r.name, {"all": generated["all"], **generated["by_language"]}, _ANSWERS[:4])
    return [
        "## Answers, over all passages",
        "gold: the answer states a gold answer in the language of what it cites; a refusal is wrong. length: "
        "of the answer, over that of the sentence that holds the gold; median.",
        _table(["set", "question", *_HEADS], everything),
        "## Answers, over the passages of the question's language alone",
        _table(["set", "question", *_HEADS], own),
        "## Generated sentences alone",
        _table(["set", "question", *_HEADS[:4], "length", "questions"], alone),
        "## Refusing, all at one threshold",
        "Far: the subject is absent. Near: a neighbouring passage is there. In sets that mark no such "
        "question, questions asked again without their passages. risk-coverage: the mean share of wrong "
        "answers as questions are answered in order of falling confidence.",
        _table(
            ["set", "far refused", "near refused", "wrongly refused", "risk-coverage area"],
            [[r.name, *_refused(r.answers["answers"]["abstention"])] for r in results],
        ),
        "## Sentences and the check",
        _table(
            ["set", "generated", "replaced", "quoted", "planted errors caught", "right sentences accepted"],
            [[r.name, *_sentences(r.answers["answers"])] for r in results],
        ),
    ]


def _answered(name: str, rows: Mapping[str, Json], names: Sequence[str]) -> Rows:
    return [
        [name, row, *_cells(figures, names), _ratio(figures), str(figures["questions"])]
        for row, figures in rows.items()
        if figures["questions"]
    ]


def _refused(figures: Json) -> list[str]:
    cells = _cells(figures, ("far", "near", "false_refusal"))
    return [*cells, f"{figures['risk_coverage']['area']:.3f}"]


def _sentences(answers: Json) -> list[str]:
    planted = answers["planted_errors"]
    shares = [_percent(answers["sentences"][name]) for name in ("generated", "replaced", "quoted")]
    return [*shares, _percent(planted["catch_rate"]), _percent(planted["right_accepted"])]


# -- cells ---------------------------------------------------------------------------------------------
def _cells(figures: Json, names: Sequence[str]) -> list[str]:
    return [_percent(figures.get(name), figures.get("intervals", {}).get(name)) for name in names]


def _ratio(figures: Json) -> str:
    return f"{figures['length_ratio']:.2f}" if "length_ratio" in figures else ""


def _points(fraction: float) -> str:
    return f"{round(fraction * 100, 1) + 0.0:.1f}"  # never -0.0


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def _percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    if value is None:
        return ""
    around = f" ({interval[0] * 100:.1f}–{interval[1] * 100:.1f})" if interval else ""
    return f"{value * 100:.1f}{around}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
