"""Figures as tables of text, in percent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_RETRIEVAL = ("nDCG@10", "RR", "R@100", "Success@1")
_ANSWERS = ("contains_gold", "f1", "exact_match", "citation_precision", "citation_recall", "answered")
_SHORT = {
    "contains_gold": "gold",
    "exact_match": "exact",
    "citation_precision": "cite P",
    "citation_recall": "cite R",
}


def format_metrics(metrics: Json) -> str:
    """A run's figures as lines of text."""
    retrieval = metrics["retrieval"]
    rows = {"all": retrieval["all"], **retrieval["by_language"], **retrieval["by_pair"]}
    lines = ["retrieval", *_table(rows, _RETRIEVAL)]
    own = retrieval["own_language_pool"]
    if len(own["by_language"]) > 1:
        rows = {"all": own["all"], **own["by_language"]}
        lines += ["", "retrieval, passages of the question's language", *_table(rows, _RETRIEVAL)]
    if answers := metrics.get("answers"):
        lines += [
            "",
            "answers, all passages",
            *_table({"all": answers["all"], **answers["by_language"]}, _ANSWERS),
        ]
        own = answers["own_language_pool"]
        if own["all"]["questions"]:
            rows = {"all": own["all"], **own["by_language"]}
            lines += ["", "answers, passages of the question's language", *_table(rows, _ANSWERS)]
        lines += ["", *_answer_lines(answers)]
    speed = metrics["speed"]
    lines += ["", "   ".join(f"{name} {value}" for name, value in speed.items())]
    return "\n".join(lines)


def _answer_lines(answers: Json) -> list[str]:
    shares, abstention = answers["sentences"], answers["abstention"]
    named = {
        name: abstention[name] for name in ("far", "near", "false_refusal", "precision") if name in abstention
    }
    planted = answers["planted_errors"]
    lines = [
        "sentences  " + "  ".join(f"{k} {shares[k] * 100:.1f}" for k in ("generated", "replaced", "quoted")),
        "refused    " + "  ".join(f"{name} {value * 100:.1f}" for name, value in named.items()),
    ]
    if length := answers["all"].get("length_ratio"):
        lines.append(f"length     {length:.2f} of the sentence with the gold (median)")
    if planted["answers"]:
        lines.append(
            f"planted errors caught {planted['catch_rate'] * 100:.1f}, right sentences accepted "
            f"{planted['right_accepted'] * 100:.1f}"
        )
    return lines


def format_sweep(key: str, rows: Mapping[str, Json]) -> str:
    """One line a value, the figures over all questions."""
    flat = {}
    for value, metrics in rows.items():
        answers = metrics.get("answers", {})
        refused = (
            {name: answers["abstention"].get(name) for name in ("far", "near", "false_refusal")}
            if answers
            else {}
        )
        flat[value] = {**metrics["retrieval"]["all"], **answers.get("all", {}), **refused}
        flat[value]["questions"] = metrics["retrieval"]["all"]["questions"]
    names = [
        name
        for name in (
            "nDCG@10",
            "RR",
            "contains_gold",
            "f1",
            "citation_precision",
            "far",
            "near",
            "false_refusal",
        )
        if any(figures.get(name) is not None for figures in flat.values())
    ]
    return "\n".join([key, *_table(flat, names)])


def _table(rows: Mapping[str, Json], names: tuple[str, ...] | list[str]) -> list[str]:
    width = max(10, *(len(name) + 2 for name in rows)) if rows else 10
    titles = [_SHORT.get(name, name) for name in names]
    lines = [" " * width + "".join(f"{title[:13]:>14}" for title in titles) + f"{'questions':>11}"]
    for row, figures in rows.items():
        cells = (figures.get(name) for name in names)
        texts = "".join(f"{'':>14}" if cell is None else f"{cell * 100:>14.1f}" for cell in cells)
        lines.append(f"{row:{width}}{texts}{figures['questions']:>11}")
    return lines
