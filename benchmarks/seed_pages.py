"""Judge search and answers on five scraped news pages hidden among hundreds of passages.

    python benchmarks/seed_pages.py --shared ../shared [--index DIR] [--out FILE.json] [--retrieval-only]

Indexes SHARED/seeds together with the sample corpus and SHARED/data/mixed-dev, asks the questions of
seed_questions.jsonl through the `tricite` command, and reports by same- and cross-language question and
by language pair (question -> page). Exits 1 when a required share is missed. Only the command's JSON is
read: the judge shares no code with what it judges.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import opencc
from rich import print as show
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
TRICITE = Path(sys.executable).parent / "tricite"
Json = dict[str, Any]

REQUIRED = {
    "same": {"first": 0.90, "top3": 0.97, "stated": 0.80},
    "cross": {"first": 0.75, "top3": 0.88},
}
"""The least share of questions, by pair and measure."""

LANGUAGE_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {"en": ("english",), "zh": ("chinese",), "ar": ("arabic",)},
    "zh": {"en": ("英文", "英语"), "zh": ("中文", "汉语"), "ar": ("阿拉伯",)},
    "ar": {"en": ("إنجليزي",), "zh": ("صيني",), "ar": ("عربي",)},
}
"""How a notice in one language (first key) names another (second key), after normalisation."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of seed_questions.jsonl. pages: names of the files that answer it; pair: same or cross."""

    id: str
    text: str
    language: str
    pages: tuple[str, ...]
    pair: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one question brought.

    rank: 1-based place of the first right page among the documents found, None when it is not there.
    stated, stated_first: a citation of a right page (the answer's first citation) holds an accepted answer;
    None when no answer was asked for. faults: broken promises, one line each.
    """

    question: Question
    language_pair: str
    rank: int | None
    stated: bool | None = None
    stated_first: bool | None = None
    abstained: bool = False
    citations: int = 0
    faults: tuple[str, ...] = ()


def read_questions(path: Path) -> list[Question]:
    """Read the questions in file order."""
    questions = []
    for row in read_jsonl(path.read_text(encoding="utf-8")):
        pages = [row["page"]] if isinstance(row["page"], str) else row["page"]
        questions.append(
            Question(
                row["id"], row["question"], row["language"], tuple(pages), row["pair"], tuple(row["answers"])
            )
        )
    return questions


def read_jsonl(text: str) -> list[Json]:
    """Parse one JSON object a line; only newlines separate lines (texts may hold U+2028)."""
    return [json.loads(line) for line in text.split("\n") if line.strip()]


# --- running the command ---


def run_tricite(*arguments: str | Path) -> str:
    """Run `tricite` and return what it wrote to stdout; its progress goes to our stderr."""
    if not TRICITE.exists():
        raise SystemExit(f"no {TRICITE}: run this with the Python that the project is installed for")
    command = [str(TRICITE), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with exit code {done.returncode}; see its message above")
    return done.stdout


def run_batch(subcommand: str, questions: Sequence[Question], index: Path) -> list[Json]:
    """Run `tricite search` or `tricite ask` over all questions; one JSON answer each, in order."""
    with tempfile.TemporaryDirectory() as folder:
        batch = Path(folder) / "questions.jsonl"
        lines = (json.dumps({"id": q.id, "question": q.text}, ensure_ascii=False) + "\n" for q in questions)
        batch.write_text("".join(lines), encoding="utf-8")
        rows = read_jsonl(run_tricite(subcommand, "--batch", batch, "--index", index, "--json"))
    if [row.get("id") for row in rows] != [question.id for question in questions]:
        raise SystemExit(
            f"tricite {subcommand} --batch gave other ids, or in another order, than it was asked"
        )
    return rows


# --- judging ---


@cache
def to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def normalise(text: str) -> str:
    """Fold what does not change a fact: kinds of digits, Chinese variants, Arabic marks, spaces, case."""
    text = "".join(
        str(unicodedata.digit(c)) if c.isdecimal() else c for c in unicodedata.normalize("NFKC", text)
    )
    text = "".join(c for c in text if not ("\u064b" <= c <= "\u0652" or c == "\u0640" or c.isspace()))
    return str(to_simplified().convert(text)).casefold()


def holds_answer(text: str, answers: Iterable[str]) -> bool:
    """Whether text holds an accepted answer; a number never matches inside a longer number."""
    text = re.sub(r"(?<=\d)[,٬](?=\d{3})", "", normalise(text))
    for answer in map(normalise, answers):
        before = r"(?<![\d.])" if answer[0].isdigit() else ""
        after = r"(?!\.?\d)" if answer[-1].isdigit() else ""
        if re.search(before + re.escape(answer) + after, text):
            return True
    return False


def letter_shares(text: str) -> dict[str, float]:
    """The share of text's letters in each language's script; ar, zh and en share no script."""
    counts = {"ar": 0, "zh": 0, "en": 0}
    for name in (unicodedata.name(character, "") for character in text if character.isalpha()):
        if name.startswith("CJK"):
            counts["zh"] += 2  # one says as much as two or more letters of the others
        elif name.startswith("ARABIC"):
            counts["ar"] += 1
        elif name.startswith("LATIN"):
            counts["en"] += 1
    total = sum(counts.values())
    return {language: count / total for language, count in counts.items()} if total else {}


def is_in_language(text: str, language: str) -> bool:
    """Whether text can be in language: names in another script may fill most of it, but not nearly all."""
    shares = letter_shares(text)
    return not shares or shares.get(language, 0.0) >= 1 / 3


def page_name(source: str) -> str:
    """The file name that ends a hit's or a citation's source."""
    return source.rsplit("/", 1)[-1]


def page_rank(hits: Iterable[Json], pages: Sequence[str]) -> int | None:
    """The 1-based place of the first right page when every document counts once."""
    ranked = {hit["document_id"]: page_name(hit["source"]) for hit in sorted(hits, key=lambda h: h["rank"])}
    return next((rank for rank, name in enumerate(ranked.values(), start=1) if name in pages), None)


def offset_faults(answer: Json, texts: dict[str, str]) -> Iterator[str]:
    """Citations and near misses whose offsets do not give exactly their quote."""
    for citation in [*answer["citations"], *answer["closest"]]:
        span = texts[citation["document_id"]][citation["start"] : citation["end"]]
        if not citation["quote"] or span != citation["quote"]:
            yield f"offsets: {citation['document_id']} {citation['start']}:{citation['end']} is not its quote"


def marker_faults(answer: Json) -> Iterator[str]:
    """Sentences without a citation, markers that name none, and text that is not its sentences."""
    known = {citation["marker"] for citation in answer["citations"]}
    for sentence in answer["sentences"]:
        if not sentence["markers"] and sentence["kind"] != "notice":
            yield f"citation: a {sentence['kind']} sentence has none: {sentence['text'][:60]!r}"
        if lost := set(sentence["markers"]) - known:
            yield f"citation: markers {sorted(lost)} name no citation"
    whole = "".join(s["text"] + "".join(f"[{m}]" for m in s["markers"]) for s in answer["sentences"])
    if "".join(whole.split()) != "".join(answer["answer"].split()):
        yield "citation: the answer is not its sentences, each followed by its markers"


def language_faults(answer: Json, question: Question) -> Iterator[str]:
    """Sentences of ours in another language than the question's; foreign quotes that are not announced."""
    sources = {citation["marker"]: citation["language"] for citation in answer["citations"]}
    notices = normalise(" ".join(s["text"] for s in answer["sentences"] if s["kind"] == "notice"))
    names = LANGUAGE_NAMES[question.language]
    for sentence in answer["sentences"]:
        text, kind = sentence["text"], sentence["kind"]
        if kind != "quoted":
            if not is_in_language(text, question.language):
                yield f"language: a {kind} sentence is not in {question.language}: {text[:60]!r}"
            continue
        for language in {sources[marker] for marker in sentence["markers"] if marker in sources}:
            if not is_in_language(text, language):
                yield f"language: a quoted sentence is not in {language}, its source's: {text[:60]!r}"
            if language != question.language and not any(n in notices for n in names.get(language, ())):
                yield f"language: no notice says that a quoted sentence is in {language}"


def judge(
    question: Question, language_pair: str, found: Json, answer: Json | None, texts: dict[str, str]
) -> Verdict:
    """Judge what `tricite search` found and what `tricite ask` answered; texts: document id to its text."""
    rank = page_rank(found.get("hits", ()), question.pages)
    faults = [f"search failed: {found['error']}"] if "error" in found else []
    if answer is None:
        return Verdict(question, language_pair, rank, faults=tuple(faults))
    if "error" in answer:
        faults.append(f"ask failed: {answer['error']}")
        return Verdict(question, language_pair, rank, False, False, faults=tuple(faults))
    faults += [*offset_faults(answer, texts), *marker_faults(answer), *language_faults(answer, question)]
    cited = sorted(answer["citations"], key=lambda citation: citation["marker"])
    stated = [
        page_name(citation["source"]) in question.pages and holds_answer(citation["quote"], question.answers)
        for citation in cited
    ]
    if answer["abstained"] and (cited or len(answer["sentences"]) != 1 or not answer["closest"]):
        faults.append("abstention: wanted one notice, no citation and the closest passages")
    if not answer["abstained"] and not cited:
        faults.append("citation: an answer without any")
    return Verdict(
        question=question,
        language_pair=language_pair,
        rank=rank,
        stated=any(stated),
        stated_first=any(stated[:1]),
        abstained=answer["abstained"],
        citations=len(cited),
        faults=tuple(faults),
    )


# --- reporting ---


def summarise(verdicts: Sequence[Verdict]) -> dict[str, float | int]:
    """Shares (fractions of 1) over a group of questions."""

    def share(values: Iterable[bool | None]) -> float:
        return sum(map(bool, values)) / len(verdicts)

    summary: dict[str, float | int] = {
        "questions": len(verdicts),
        "first": share(v.rank == 1 for v in verdicts),
        "top3": share(v.rank is not None and v.rank <= 3 for v in verdicts),
    }
    if verdicts[0].stated is not None:
        summary |= {
            "stated": share(v.stated for v in verdicts),
            "stated_first": share(v.stated_first for v in verdicts),
            "abstained": share(v.abstained for v in verdicts),
            "citations": sum(v.citations for v in verdicts) / len(verdicts),
        }
    return summary


def group(verdicts: Sequence[Verdict]) -> dict[str, dict[str, float | int]]:
    """Summaries of same, cross and every language pair, in that order."""
    names = ["same", "cross", *sorted({v.language_pair for v in verdicts})]
    return {n: summarise([v for v in verdicts if n in (v.question.pair, v.language_pair)]) for n in names}


def find_misses(summaries: dict[str, dict[str, float | int]], verdicts: Sequence[Verdict]) -> list[str]:
    """The requirements that are not met, one line each; faults allow no exception."""
    misses = [
        f"{pair} {measure}: {summaries[pair][measure]:.1%}, wanted {least:.0%}"
        for pair, measures in REQUIRED.items()
        for measure, least in measures.items()
        if summaries[pair].get(measure, 1.0) < least
    ]
    return misses + [f"{v.question.id} {fault}" for v in verdicts for fault in v.faults]


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; share is a fraction of 1."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summarise_timings(answers: Iterable[Json]) -> dict[str, dict[str, float]]:
    """p50 and p95 in milliseconds of each timing that the answers carry."""
    rows = [answer["timings"] for answer in answers if "error" not in answer]
    timings = {}
    for name in ("retrieve_ms", "first_ms", "total_ms"):
        if values := [float(row[name]) for row in rows if row.get(name) is not None]:
            timings[name] = {"p50": percentile(values, 0.5), "p95": percentile(values, 0.95)}
    return timings


def describe_machine() -> dict[str, str | int]:
    """The CPU's name, the number of its cores and the system."""
    name = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        models = re.findall(r"^model name\s*:\s*(.+)$", information.read_text(encoding="utf-8"), re.MULTILINE)
        name = models[0] if models else name
    return {"cpu": name, "cores": os.cpu_count() or 1, "system": platform.platform()}


def print_tables(report: Json) -> None:
    """Print the shares, the timings and what is missed."""
    plain = {"questions": "{:d}", "citations": "{:.1f}"}
    measures = list(report["groups"]["same"])
    headings = [measure.replace("_", "\n") for measure in measures]
    table = Table("group", *headings, title="Five pages among hundreds of passages", padding=(0, 0))
    for name, summary in report["groups"].items():
        table.add_row(name, *(plain.get(measure, "{:.1%}").format(summary[measure]) for measure in measures))
    show(table)
    for name, values in report["timings"].items():
        show(f"{name}: p50 {values['p50']:.0f}, p95 {values['p95']:.0f}")
    show(f"{report['machine']['cpu']}, {report['machine']['cores']} cores")
    for miss in report["missed"]:
        print("MISSED", miss)


def build_report(shared: Path, index: Path, retrieval_only: bool) -> Json:
    """Index, ask, judge; the whole report as JSON values."""
    run_tricite(
        "index", shared / "seeds", ROOT / "corpus" / "sample", shared / "data" / "mixed-dev" / "corpus.jsonl",
        "--index", index, "--json",
    )  # fmt: skip
    questions = read_questions(Path(__file__).with_name("seed_questions.jsonl"))
    pages = {name for question in questions for name in question.pages}
    shares = {name: letter_shares((shared / "seeds" / name).read_text(encoding="utf-8")) for name in pages}
    languages = {name: max(share, key=lambda language: share[language]) for name, share in shares.items()}
    found = run_batch("search", questions, index)
    answers = [] if retrieval_only else run_batch("ask", questions, index)
    cited = {c["document_id"] for a in answers if "error" not in a for c in [*a["citations"], *a["closest"]]}
    texts = {
        document: json.loads(run_tricite("show", document, "--index", index, "--json"))["text"]
        for document in sorted(cited)
    }
    verdicts = [
        judge(
            question,
            f"{question.language}->{'+'.join(sorted({languages[name] for name in question.pages}))}",
            found[place],
            answers[place] if answers else None,
            texts,
        )
        for place, question in enumerate(questions)
    ]
    groups = group(verdicts)
    return {
        "machine": describe_machine(),
        "groups": groups,
        "timings": summarise_timings(answers),
        "missed": find_misses(groups, verdicts),
        "questions": [
            {"id": v.question.id, "pair": v.language_pair, "rank": v.rank, "stated": v.stated,
             "stated_first": v.stated_first, "abstained": v.abstained, "faults": list(v.faults)}
            for v in verdicts
        ],
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder with seeds/ and data/mixed-dev/")
    parser.add_argument(
        "--index", type=Path, default=ROOT / ".tricite" / "seed_pages", help="built or reused"
    )
    parser.add_argument("--out", type=Path, help="write the report there as JSON")
    parser.add_argument("--retrieval-only", action="store_true", help="search only, ask nothing")
    options = parser.parse_args()
    report = build_report(options.shared, options.index, options.retrieval_only)
    print_tables(report)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if report["missed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
