"""The worst questions of a run, with gold, answer and hits; gold sentences marked, cited ones underlined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from eval.citations import CitedSpan, Passage, Span, gold_sentences
from eval.outcomes import Outcome
from eval.retrieval_measures import per_query
from eval.run import Measured
from eval.scoring import cited_spans

_SHOWN = 8
"""Questions of each kind."""

_HITS = 3
_CONTEXT = 160
_FAR = 500
"""Documents of a question; characters around what is marked in them, and the most between two marks."""


def worst_questions(measured: Measured, baseline: Mapping[str, Mapping[str, str]]) -> str:
    """HTML of the questions to look at first, by what is wrong with them.

    baseline: question id -> its row of questions.csv in the run to compare with.
    """
    asked = [outcome for outcome in measured.outcomes if not outcome.taken_out]
    answerable = [outcome for outcome in asked if outcome.kind == "answerable"]
    by_confidence = sorted(asked, key=lambda outcome: -outcome.confidence)
    groups = [
        (
            "Wrong answers given with most confidence",
            "The answer does not state the gold answer in the language of what it cites.",
            [o for o in by_confidence if o in answerable and not o.refused and not o.right],
        ),
        (
            "Refused although the documents answer",
            "Sorted by the score of the best evidence.",
            [o for o in by_confidence if o in answerable and o.refused],
        ),
        (
            "Answered although nothing in the documents does",
            "Far: the subject is absent. Near: a neighbour is there.",
            [o for o in by_confidence if o.kind != "answerable" and not o.refused],
        ),
    ]
    parts = []
    for title, note, members in groups:
        if members:
            shown = "".join(_answered(o, measured, baseline) for o in members[:_SHOWN])
            parts.append(_group(title, f"{note} {len(members)} in all.", shown))
    legend = (
        "<p class=note>In the passages <mark>the sentence that states the gold</mark> is marked, "
        "<u>what the answer cites</u> is underlined.</p>"
    )
    body = "".join(parts) + _ranked_low(measured)
    return legend + body if body else ""


def _group(title: str, note: str, body: str) -> str:
    return f"<h3>{escape(title)}</h3><p class=note>{escape(note)}</p>{body}"


def _answered(outcome: Outcome, measured: Measured, baseline: Mapping[str, Mapping[str, str]]) -> str:
    gold = measured.dataset.answers[outcome.query.id]
    stated = [f"<bdi>{_plain(text)}</bdi>" for text in dict.fromkeys(
        [*gold.answers, *(text for texts in gold.answers_by_language.values() for text in texts)]
    )]  # fmt: skip
    answer = _plain(outcome.answer["answer"])
    before = baseline.get(outcome.query.id, {}).get("answer", "")
    if before:
        then = _plain(before.removeprefix("'"))
        same = " (the same)" if before.removeprefix("'") == outcome.answer["answer"] else ""
        answer = (
            f'<div class=sides dir=ltr><div><small>baseline{same}</small><p dir="auto">{then}</p></div>'
            f'<div><small>this run</small><p dir="auto">{answer}</p></div></div>'
        )
    hits = [hit["document_id"] for hit in outcome.answer["hits"]][:_HITS]
    cited = cited_spans(outcome.answer)
    rows = [("gold", " · ".join(stated) or "none: nothing says it"), ("answer", answer)]
    why = f"{outcome.query.id} · {outcome.language} · confidence {outcome.confidence:.1f}"
    return _question(outcome.query.text, why, rows, _hits(outcome.query.id, hits, cited, measured))


def _ranked_low(measured: Measured) -> str:
    """The questions whose passages were ranked lowest."""
    figures = per_query(measured.run, measured.dataset.qrels)
    low = sorted((values["nDCG@10"], name) for name, values in figures.items() if values["nDCG@10"] < 0.5)
    if not low:
        return ""
    texts = {query.id: query.text for query in measured.dataset.queries}
    body = []
    for ndcg, name in low[:_SHOWN]:
        ranking = list(measured.run.get(name, {}))
        relevant = [d for d, grade in measured.dataset.qrels[name].items() if grade > 0]
        places = [f"{d} at {ranking.index(d) + 1}" if d in ranking else f"{d} not found" for d in relevant]
        rows = [("relevant", _plain(", ".join(places)))]
        why = f"{name} · {measured.languages[name]} · nDCG@10 {ndcg * 100:.1f}"
        body.append(_question(texts[name], why, rows, _hits(name, ranking[:_HITS], [], measured)))
    return _group("Passages ranked lowest", f"{len(low)} questions have nDCG@10 under 50.", "".join(body))


def _question(text: str, why: str, rows: Sequence[tuple[str, str]], hits: str) -> str:
    listed = "".join(f'<dt>{escape(name)}</dt><dd dir="auto">{value}</dd>' for name, value in rows)
    return (
        f'<article class=question><h4 dir="auto">{_plain(text)}</h4><p class=why>{_plain(why)}</p>'
        f"<dl>{listed}</dl>{hits}</article>"
    )


def _hits(query_id: str, documents: Sequence[str], cited: Sequence[CitedSpan], measured: Measured) -> str:
    gold = measured.dataset.answers.get(query_id)
    relevant = {d for d, grade in measured.dataset.qrels.get(query_id, {}).items() if grade > 0}
    items = []
    for rank, document in enumerate(documents, start=1):
        passage = measured.passages.get(document)
        if passage is None:
            continue
        tags = "<span class='tag right'>relevant</span> " if document in relevant else ""
        spans = [(span.start, span.end) for span in cited if span.document_id == document]
        tags += "<span class='tag cited'>cited</span> " if spans else ""
        marked: list[Span] = []
        if gold and document in gold.evidence_ids:
            answers = gold.answers_by_language or {passage.language: gold.answers}
            marked = gold_sentences(passage, answers, gold.evidence_quote)
        excerpt = _excerpt(passage, marked, spans)
        place = f"{rank} · <bdi>{_plain(document)}</bdi> · {_plain(passage.language)} {tags}"
        items.append(
            f"<li><span class=where>{place}</span>"
            f'<p dir="auto" lang="{escape(passage.language)}">{excerpt}</p></li>'
        )
    return f"<ol>{''.join(items)}</ol>" if items else ""


def _excerpt(passage: Passage, gold: Sequence[Span], cited: Sequence[Span]) -> str:
    """The text around the gold sentence, marked, and the cited ones, underlined; else the beginning."""
    shown = [*gold[:1], *cited]
    if not shown:
        text = passage.text[: 2 * _CONTEXT]
        return _plain(text) + ("…" if len(passage.text) > len(text) else "")
    first, last = shown[0]
    near = [span for span in shown if abs(span[0] - first) <= _FAR]
    low = max(0, min(start for start, _ in near) - _CONTEXT)
    high = min(len(passage.text), max(last, *(end for _, end in near)) + _CONTEXT)
    bounds = {low, high, *(min(max(place, low), high) for span in shown for place in span)}
    edges = sorted(bounds)
    parts = ["…" if low else ""]
    for start, end in pairwise(edges):
        piece = _plain(passage.text[start:end])
        if any(begin <= start and end <= stop for begin, stop in cited):
            piece = f"<u>{piece}</u>"
        if any(begin <= start and end <= stop for begin, stop in gold[:1]):
            piece = f"<mark>{piece}</mark>"
        parts.append(piece)
    return "".join([*parts, "…" if high < len(passage.text) else ""])


def _plain(text: str) -> str:
    """Text as HTML; half a surrogate pair, which no page can hold, becomes its escape."""
    return escape(text.encode("utf-8", "backslashreplace").decode("utf-8"))
