"""A finished run -> report.html: one page that needs nothing else, for the screen and for print."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from eval.charts import curve, heat_map, histogram, intervals, shares
from eval.compare import Change
from eval.outputs import RETRIEVAL_COLUMNS, read_metrics, read_questions, replace_text
from eval.report_questions import worst_questions
from eval.report_style import STYLE
from eval.report_tables import html_table
from eval.run import Measured

Json = dict[str, Any]

_META = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
_ANSWER_NAMES = {
    "contains_gold": "states the gold",
    "f1": "F1",
    "exact_match": "exact match",
    "chrf": "chrF",
    "citation_precision": "citation precision",
    "citation_recall": "citation recall",
    "span_f1": "span F1",
    "answer_language": "right language",
    "answered": "answered",
}
_REFUSALS = {"far": "far refused", "near": "near refused", "false_refusal": "wrongly refused"}


def write_report(measured: Measured, path: Path, baseline: Path | None, changes: Sequence[Change]) -> None:
    """Write the page. baseline: the folder of a run to set beside this one, with the changes against it."""
    before = read_metrics(baseline) if baseline else {}
    questions = read_questions(baseline) if baseline else {}
    sections = [
        ("Retrieval", _retrieval(measured.metrics["retrieval"])),
        ("Answers", _answers(measured.metrics, before)),
        ("Refusing", _abstention(measured.metrics, before)),
        ("Speed", _speed(measured)),
        ("Against the baseline", _changes(changes)),
        ("Questions to look at", worst_questions(measured, questions)),
        ("How it was measured", _configuration(measured.metrics["config"])),
    ]
    shown = [(title, body) for title, body in sections if body]
    links = "".join(f'<a href="#s{number}">{escape(title)}</a>' for number, (title, _) in enumerate(shown))
    body = "".join(
        f'<section id="s{number}"><h2>{escape(title)}</h2>{inner}</section>'
        for number, (title, inner) in enumerate(shown)
    )
    config = measured.metrics["config"]
    counts = {name: f"{config[name]:,}" for name in ("questions", "documents", "chunks")}
    head = (
        f"{counts['questions']} questions over {counts['documents']} documents in {counts['chunks']} passages"
    )
    models = f"embedder {config['embedder']}, generator {config['settings']['generator']}"
    replace_text(
        path,
        f'<!doctype html><html lang="en"><head>{_META}'
        f"<title>{escape(config['dataset'])}: evaluation</title><style>{STYLE}</style></head><body><main>"
        f"<header><h1>{escape(config['dataset'])}</h1><p>{escape(head)}; {escape(models)}.</p>"
        f"<nav>{links}</nav></header>{_cards(measured.metrics, before)}{body}"
        "<footer>Figures are in percent unless they name a unit; intervals are 95%, by bootstrap over "
        "clusters of questions that share an article. metrics.json holds all of them.</footer>"
        "</main></body></html>\n",
    )


# -- the figures that matter most ----------------------------------------------------------------------
def _cards(metrics: Json, before: Json) -> str:
    answers, then = metrics.get("answers", {}), before.get("answers", {})
    retrieval, was = metrics["retrieval"]["all"], before.get("retrieval", {}).get("all", {})
    ranges = retrieval["intervals"]
    cards = [("nDCG@10", retrieval["nDCG@10"], was.get("nDCG@10"), ranges["nDCG@10"], True)]
    if answers:
        figures, old = answers["all"], then.get("all", {})
        for name in ("contains_gold", "citation_precision"):
            if name in figures:
                interval = figures["intervals"][name]
                cards.append((_ANSWER_NAMES[name], figures[name], old.get(name), interval, True))
        for name, shown in _REFUSALS.items():
            if name in answers["abstention"]:
                value, interval = answers["abstention"][name], answers["abstention"]["intervals"][name]
                old_value = then.get("abstention", {}).get(name)
                cards.append((shown, value, old_value, interval, name != "false_refusal"))
    else:
        for name in ("RR", "Success@1", "R@100"):
            cards.append((name, retrieval[name], was.get(name), ranges[name], True))
    return f"<div class=cards>{''.join(_card(*card) for card in cards)}</div>"


def _card(name: str, value: float, before: float | None, interval: Any, more_is_better: bool) -> str:
    lines = ""
    if interval:
        lines += f"<span>{interval[0] * 100:.1f} to {interval[1] * 100:.1f}</span>"
    if before is not None:
        points = (value - before) * 100
        kind = "" if abs(points) < 0.05 else "better" if (points > 0) == more_is_better else "worse"
        lines += f'<span class="{kind}">{points:+.1f} against the baseline</span>'
    return f"<div class=card><span class=name>{escape(name)}</span><b>{value * 100:.1f}</b>{lines}</div>"


# -- sections ------------------------------------------------------------------------------------------
def _retrieval(retrieval: Json) -> str:
    pairs = {
        (pair.partition("->")[0], pair.partition("->")[2]): (figures["nDCG@10"], figures["questions"])
        for pair, figures in retrieval["by_pair"].items()
    }
    rows = sorted({row for row, _ in pairs})
    columns = sorted({column for _, column in pairs})
    table = html_table(
        {"all": retrieval["all"], **retrieval["by_language"]},
        {name: name for name in (*RETRIEVAL_COLUMNS, "questions")},
    )
    heat = (
        "<figure><figcaption><b>nDCG@10 by language pair</b>Only relevant passages of the column's language "
        "count; all other passages stay in the ranking.</figcaption>"
        f"{heat_map(pairs, rows, columns)}</figure>"
    )
    return (
        f"<p class=note>By language of the question.</p>{table}<div class=pair>{heat}</div>{_own(retrieval)}"
    )


def _own(retrieval: Json) -> str:
    """The ranking with only passages of the question's language searched, where there are others."""
    own = retrieval["own_language_pool"]
    if len(own["by_language"]) < 2:
        return ""
    table = html_table(
        {"all": own["all"], **own["by_language"]}, {name: name for name in (*RETRIEVAL_COLUMNS, "questions")}
    )
    lost = ", ".join(f"{escape(language)} {loss * 100:+.1f}" for language, loss in own["loss"].items())
    note = f"<p class=note>What the passages of other languages cost, in points of nDCG@10: {lost}.</p>"
    return f"<h3>Only passages of the question's language</h3>{note}{table}"


def _answers(metrics: Json, before: Json) -> str:
    answers = metrics.get("answers")
    if not answers:
        return ""
    then = before.get("answers", {}).get("all", {})
    figures = answers["all"]
    rows = [
        (shown, figures[name], tuple(figures["intervals"][name]))
        for name, shown in _ANSWER_NAMES.items()
        if name in figures
    ]
    old = {shown: then[name] for name, shown in _ANSWER_NAMES.items() if name in then}
    dots = (
        "<figure><figcaption><b>Answers over all passages</b>With 95% intervals; a refusal counts as wrong. "
        f"{'Hollow: the baseline.' if old else ''}</figcaption>{intervals(rows, old)}</figure>"
    )
    split = answers["sentences"]
    planted = answers["planted_errors"]
    composition = (
        "<figure><figcaption><b>Where sentences come from</b>Generated and checked; the evidence in place of "
        "a generated sentence that failed the check; or quoted without asking the generator."
        f"</figcaption>{shares([('sentences', {k: split[k] for k in ('generated', 'replaced', 'quoted')})])}"
        f"<p class=note>Length, median: {figures.get('length_ratio', 0):.2f} of the sentence that holds the "
        f"gold. Planted errors caught: {planted['catch_rate'] * 100:.0f}%; right sentences accepted: "
        f"{planted['right_accepted'] * 100:.0f}% ({planted['answers']} answers tried).</p></figure>"
    )
    names = {**_ANSWER_NAMES, "length_ratio": "length ratio", "questions": "questions"}
    tables = "<h3>All passages, by language of the question</h3>"
    tables += html_table({"all": figures, **answers["by_language"]}, names)
    own = answers["own_language_pool"]
    if own["all"]["questions"]:
        tables += "<h3>Only passages of the question's language</h3>"
        tables += html_table({"all": own["all"], **own["by_language"]}, names)
    if answers["generated_only"]["all"]["questions"]:
        tables += "<h3>Generated sentences alone, in the answers that have any</h3>"
        alone = answers["generated_only"]
        tables += html_table({"all": alone["all"], **alone["by_language"]}, names)
    if answers["by_pair"]:
        tables += "<h3>By language of the question and of the first citation</h3>"
        tables += html_table(answers["by_pair"], names)
    tables += _extra(answers)
    return f"<div class=pair>{dots}{composition}</div>{tables}"


def _extra(answers: Json) -> str:
    """RGB's abilities and the judge's figures, where there are any."""
    parts = ""
    if abilities := answers.get("rgb"):
        names = {"accuracy": "accuracy", "refused": "refused", "misled": "misled", "questions": "questions"}
        parts += "<h3>RGB's abilities</h3>" + html_table(
            {name.replace("_", " "): figures for name, figures in abilities.items()}, names
        )
    if judge := answers.get("judge"):
        figures = {name: name.replace("_", " ") for name in judge["figures"]}
        parts += f"<h3>Judged by {escape(judge['model'])}</h3>"
        parts += html_table(
            {"all": judge["figures"] | {"questions": judge["questions"]}},
            figures | {"questions": "questions"},
        )
    return parts


def _abstention(metrics: Json, before: Json) -> str:
    if "answers" not in metrics:
        return ""
    now, then = metrics["answers"]["abstention"], before.get("answers", {}).get("abstention")
    figures = {**now["by_language"], "all": {name: now[name] for name in _REFUSALS if name in now}}
    table = html_table({"all": figures.pop("all"), **figures}, _REFUSALS)
    series = [("this run", now["risk_coverage"]["points"])]
    if then:
        series.append(("baseline", then["risk_coverage"]["points"]))
    risk = (
        f"<figure><figcaption><b>Risk and coverage</b>Share of wrong answers as more questions are answered, "
        f"the surest first. Area {now['risk_coverage']['area']:.3f}: lower is better.</figcaption>"
        f"{curve(series, 'questions answered', 'wrong')}</figure>"
    )
    bins = [(row["confidence"], row["right"]) for row in now["reliability"]]
    reliable = ""
    if len(bins) > 1:
        low, high = bins[0][0], bins[-1][0]
        reliable = (
            "<figure><figcaption><b>Reliability</b>Share of right answers by tenths of the answered "
            "questions, by the score of their best evidence. It should rise.</figcaption>"
            + curve(
                [("this run", bins)],
                "score of the best evidence",
                "right",
                x_range=(low, high),
                percent=(False, True),
                dots=True,
            )
            + "</figure>"
        )
    note = (
        "<p class=note>All at one threshold. Far: the subject is absent. "
        "Near: a neighbouring passage is there.</p>"
    )
    return f"{note}{table}<div class=pair>{risk}{reliable}</div>"


def _speed(measured: Measured) -> str:
    speed = measured.metrics["speed"]
    figures = [_histogram("Search", measured.milliseconds, speed, "search")]
    asked = [o.answer["timings"]["total_ms"] for o in measured.outcomes if not o.taken_out]
    if asked:
        figures.append(_histogram("Ask", asked, speed, "ask"))
    rows = "".join(
        f"<tr><th scope=row>{escape(name.replace('_', ' '))}</th><td>{value:,}</td></tr>"
        for name, value in speed.items()
    )
    machine = measured.metrics["config"]["machine"]
    note = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}"
    table = f"<div class=scroll><table><tbody>{rows}</tbody></table></div>"
    return f"<p class=note>{escape(note)}</p><div class=pair>{''.join(figures)}</div>{table}"


def _histogram(title: str, values: Sequence[float], speed: Json, name: str) -> str:
    marks = {part: speed[f"{name}_{part}_ms"] for part in ("p50", "p95")}
    chart = histogram(values, "milliseconds", marks)
    return f"<figure><figcaption><b>{title}</b>How long each question took.</figcaption>{chart}</figure>"


def _changes(changes: Sequence[Change]) -> str:
    if not changes:
        return ""
    rows = []
    for change in changes:
        if ".all." not in change.name and ".abstention." not in change.name:
            continue
        p = "" if change.p is None else f"{change.p:.3f}"
        rows.append(
            f"<tr><th scope=row>{escape(change.name)}</th><td>{change.before * 100:.1f}</td>"
            f"<td>{change.after * 100:.1f}</td><td>{change.points:+.1f}</td><td>{p}</td></tr>"
        )
    head = "<tr><th>figure</th><th>baseline</th><th>this run</th><th>points</th><th>p</th></tr>"
    note = "<p class=note>p: paired randomisation test over the questions that both runs asked.</p>"
    return f"{note}<div class=scroll><table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></div>"


def _configuration(config: Json) -> str:
    settings = config["settings"] | {
        name: config[name] for name in ("embedder_fingerprint", "generator", "index_key", "code")
    }
    rows = {**settings, **{f"library {name}": value for name, value in config["libraries"].items()}}
    rows |= {f"machine {name}": value for name, value in config["machine"].items()}
    body = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
        for name, value in rows.items()
    )
    unreadable = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in config["unreadable"])
    listed = f"<h3>Documents that could not be read</h3><ul>{unreadable}</ul>" if unreadable else ""
    return f"{listed}<div class=scroll><table class=text><tbody>{body}</tbody></table></div>"
