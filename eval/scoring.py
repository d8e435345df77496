"""One answer against what is right: the figures of one question, from which all others are means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.language import detect_language
from eval.answer_measures import (
    Gold,
    best_over_gold,
    chrf,
    cmrc_exact_match,
    cmrc_f1,
    contains,
    contains_gold,
    exact_match,
    f1,
    languages_of,
)
from eval.citations import CitedSpan, Passage, Span, gold_sentences, is_right, span_overlap
from eval.datasets import GoldAnswer

Json = dict[str, Any]
Figures = dict[str, float | None]
"""Measure -> value of one question; None where the measure says nothing about it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What is right for one question, over the documents as they were indexed.

    gold: passage language -> answers. all_of: groups of which one answer each is wanted, for questions that
    ask for several things. evidence_ids: documents that state it. sentences: evidence document -> the
    sentences of it that state it.
    """

    gold: Gold
    all_of: tuple[tuple[str, ...], ...]
    evidence_ids: frozenset[str]
    sentences: Mapping[str, Sequence[Span]]
    passages: Mapping[str, Passage]


def make_reference(answer: GoldAnswer, passages: Mapping[str, Passage]) -> Reference:
    """The reference of an answerable question.

    passages: the evidence documents. Where the set does not say which language an answer is in, or names a
    language that no evidence is in, the answers count for the languages of the evidence.
    """
    languages = {passage.language for passage in passages.values()}
    gold: Gold = languages_of(answer.answers_by_language, languages)
    if not gold:
        gold = dict.fromkeys(sorted(languages), answer.answers) or answer.answers_by_language
    sentences = {
        name: gold_sentences(passage, gold, answer.evidence_quote) for name, passage in passages.items()
    }
    return Reference(gold, answer.all_of, frozenset(passages), sentences, passages)


def spoken(answer: Json, kind: str = "") -> str:
    """An answer's text without notices and markers; only the sentences of one kind where it is given."""
    kinds = (kind,) if kind else ("generated", "quoted")
    return " ".join(sentence["text"] for sentence in answer["sentences"] if sentence["kind"] in kinds)


def cited_spans(answer: Json, kind: str = "") -> list[CitedSpan]:
    """The spans an answer cites; only those of its sentences of one kind where it is given."""
    markers = {m for s in answer["sentences"] if not kind or s["kind"] == kind for m in s["markers"]}
    return [
        CitedSpan(cited["document_id"], cited["language"], cited["start"], cited["end"], cited["quote"])
        for cited in answer["citations"]
        if cited["marker"] in markers
    ]


def score_answer(answer: Json, reference: Reference, gold_languages: Sequence[str] = ()) -> Figures:
    """The figures of an answer to an answerable question. A refusal is wrong: 0.

    answer: as `tricite ask --json`. gold_languages: languages whose gold answers count; without any those
    of the cited spans, or for a refusal all.
    """
    cited = cited_spans(answer)
    text = spoken(answer)
    answered = bool(text) and not answer["abstained"]
    gold = languages_of(reference.gold, gold_languages or {span.language for span in cited})
    short = answer["short_answer"] or text
    figures: Figures = {"answered": float(answered), **_text_figures(text, short, gold, reference.all_of)}
    kinds = [sentence["kind"] for sentence in answer["sentences"]]
    figures |= {
        "chinese_exact_match": None,
        "chinese_f1": None,
        "length_ratio": _length_ratio(text, cited, gold, reference) if answered else None,
        "citations": float(len(cited)) if answered else None,
        "right_citations": None,
        "citation_recall": 0.0,
        "span_precision": None,
        "span_recall": 0.0,
        "span_f1": 0.0,
        "answer_language": None,
    }
    if "zh" in gold:
        figures["chinese_exact_match"] = max(cmrc_exact_match(short, one) for one in gold["zh"])
        figures["chinese_f1"] = max(cmrc_f1(short, one) for one in gold["zh"])
    if answered:
        right = [span for span in cited if is_right(span, reference.gold, reference.evidence_ids)]
        figures["right_citations"] = float(len(right))
        figures["citation_recall"] = float(bool(right))
        precision, recall, overlap = span_overlap(cited, reference.sentences)
        figures |= {"span_precision": precision, "span_recall": recall, "span_f1": overlap}
        # Led in by a notice in the question's language, a quotation may be in another.
        figures["answer_language"] = float(_begins_in(answer, answer["language"]))
    if "generated" in kinds:
        figures |= _generated_figures(answer, gold, reference)
    return figures


def _text_figures(text: str, short: str, gold: Gold, all_of: Sequence[Sequence[str]]) -> Figures:
    if all_of:  # one of several things that are asked for is not the whole answer
        states = _states_all(text, gold, all_of)
        gold = dict.fromkeys(gold, (" ".join(group[0] for group in all_of if group),))
    else:
        states = contains_gold(text, gold)
    best_chrf = max((chrf(short, one) for answers in gold.values() for one in answers), default=0.0)
    return {
        "contains_gold": float(states),
        "exact_match": best_over_gold(exact_match, short, gold) if short else 0.0,
        "f1": best_over_gold(f1, short, gold) if short else 0.0,
        "chrf": best_chrf,
    }


def _states_all(text: str, gold: Gold, all_of: Sequence[Sequence[str]]) -> bool:
    return all(any(contains(text, one, language) for language in gold for one in group) for group in all_of)


def _generated_figures(answer: Json, gold: Gold, reference: Reference) -> Figures:
    """The same figures for the generated sentences alone."""
    text, cited = spoken(answer, "generated"), cited_spans(answer, "generated")
    figures = _text_figures(text, text, gold, reference.all_of)
    right = [span for span in cited if is_right(span, reference.gold, reference.evidence_ids)]
    figures |= {"citations": float(len(cited)), "right_citations": float(len(right))}
    figures["length_ratio"] = _length_ratio(text, cited, gold, reference)
    figures["answer_language"] = float(_is_in(text, answer["language"]))
    return {f"generated.{name}": value for name, value in figures.items()}


def _length_ratio(text: str, cited: Sequence[CitedSpan], gold: Gold, reference: Reference) -> float | None:
    """Characters of the answer over those of the sentence that holds the gold; None where none is found.

    The sentence is one that was cited, where one of the gold's was; else the first of the gold's language.
    """
    spans = [
        (document, start, end)
        for document, sentences in reference.sentences.items()
        if reference.passages[document].language in gold
        for start, end in sentences
    ]
    if not spans:
        return None

    def was_cited(place: tuple[str, int, int]) -> bool:
        return any(c.document_id == place[0] and c.start < place[2] and c.end > place[1] for c in cited)

    _, start, end = next(filter(was_cited, spans), spans[0])
    return len(text) / (end - start)


def _begins_in(answer: Json, language: str) -> bool:
    return _is_in(next((s["text"] for s in answer["sentences"] if s["text"]), ""), language)


def _is_in(text: str, language: str) -> bool:
    """Whether a text is in a language; one without letters, as a number, is in any."""
    return detect_language(text)[0] in (language, "und")
