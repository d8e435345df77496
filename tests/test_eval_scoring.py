"""One answer against its gold: citations, spans, lengths, refusals, and the means over many."""

from __future__ import annotations

from typing import Any

import pytest

from eval.abstention import abstention_figures, area_under, reliability, risk_coverage
from eval.citations import CitedSpan, Passage, gold_sentences, is_right, span_overlap
from eval.datasets import GoldAnswer, Query
from eval.outcomes import Outcome, sentence_shares, summarise
from eval.planted import plant
from eval.scoring import make_reference, score_answer
from eval.statistics import Bootstrap

EN = "Line 6 is green. It opened in 1998. It has nine stops."
ZH = "六号线是绿色的。它于1998年开通。全线九站。"
PASSAGES = {"en": Passage(EN, "en"), "zh": Passage(ZH, "zh")}
GOLD = GoldAnswer(("1998",), {"en": ("1998",), "zh": ("1998年",)}, True, None, ("en", "zh"))


def span(document: str, text: str) -> CitedSpan:
    start = PASSAGES[document].text.index(text)
    return CitedSpan(document, PASSAGES[document].language, start, start + len(text), text)


def answer(
    *sentences: tuple[str, str, CitedSpan | None], language: str = "en", **more: Any
) -> dict[str, Any]:
    """(kind, text, cited span) of every sentence, as JSON."""
    cited = [one for _, _, one in sentences if one]
    return {
        "language": language,
        "short_answer": "",
        "abstained": not cited,
        "answer": " ".join(text for _, text, _ in sentences),
        "spoke": any(kind == "generated" for kind, _, _ in sentences),
        "sentences": [
            {"kind": kind, "text": text, "markers": [cited.index(one) + 1] if one else []}
            for kind, text, one in sentences
        ],
        "citations": [
            {
                "marker": marker,
                "document_id": one.document_id,
                "language": one.language,
                "start": one.start,
                "end": one.end,
                "quote": one.quote,
            }
            for marker, one in enumerate(cited, start=1)
        ],
        "hits": [{"document_id": "en", "score": 3.0}],
        "confidence": 30.0,
        **more,
    }


RIGHT = ("quoted", "It opened in 1998.", span("en", "It opened in 1998."))
WRONG = ("quoted", "It has nine stops.", span("en", "It has nine stops."))
REFUSAL = ("notice", "The documents do not say.", None)


def test_gold_sentences() -> None:
    assert gold_sentences(PASSAGES["en"], GOLD.answers_by_language) == [(17, 35)]
    assert [ZH[s:e] for s, e in gold_sentences(PASSAGES["zh"], {"zh": ["1998年"]})] == ["它于1998年开通。"]
    # An answer that runs over a full stop touches both sentences.
    assert gold_sentences(PASSAGES["en"], {"en": ["green. It"]}) == [(0, 35)]
    assert gold_sentences(PASSAGES["en"], {"en": ["1998"]}, "It has nine stops.") == [(36, 54)]
    assert gold_sentences(PASSAGES["en"], {"en": ["blue"]}) == []


def test_a_citation_is_right_in_evidence_and_in_the_language_of_its_passage() -> None:
    gold = GOLD.answers_by_language
    assert is_right(span("en", "It opened in 1998."), gold, ["en"])
    assert not is_right(span("en", "It opened in 1998."), gold, ["zh"])
    assert not is_right(span("en", "It has nine stops."), gold, ["en"])
    assert not is_right(span("en", "It opened in 1998."), {"zh": ["1998年"]}, ["en"])


def test_span_overlap() -> None:
    sentence = {"en": [(17, 35)]}
    assert span_overlap([span("en", "It opened in 1998.")], sentence) == (1, 1, 1)
    both = [span("en", "It opened in 1998."), span("en", "It has nine stops.")]
    assert span_overlap(both, sentence) == pytest.approx((1 / 2, 1, 2 / 3))
    # The same span twice is cited once.
    assert span_overlap([both[0], both[0]], sentence) == (1, 1, 1)
    assert span_overlap([span("en", "in 1998")], sentence) == pytest.approx((1, 7 / 18, 14 / 25))
    assert span_overlap([span("zh", "全线九站。")], sentence) == (0, 0, 0)


def test_score_of_a_right_answer() -> None:
    figures = score_answer(answer(RIGHT), make_reference(GOLD, PASSAGES))
    assert figures["contains_gold"] == figures["citation_recall"] == figures["right_citations"] == 1
    assert figures["length_ratio"] == 1
    assert figures["exact_match"] == 0
    assert figures["f1"] == pytest.approx(2 * 1 / (4 + 1))  # it opened in 1998
    assert figures["answer_language"] == 1
    short = score_answer(answer(RIGHT, short_answer="1998"), make_reference(GOLD, PASSAGES))
    assert short["exact_match"] == short["f1"] == 1


def test_gold_of_the_language_of_the_cited_span() -> None:
    reference = make_reference(GOLD, PASSAGES)
    # The English span states only the English gold, though the Chinese gold's number is in it too.
    only_zh = make_reference(GoldAnswer(("1998年",), {"zh": ("1998年",)}, True, None, ("en", "zh")), PASSAGES)
    assert score_answer(answer(RIGHT), only_zh)["contains_gold"] == 0
    quoted = ("quoted", "它于1998年开通。", span("zh", "它于1998年开通。"))
    lead = ("notice", "The documents say, in Chinese:", None)
    across = score_answer(answer(lead, quoted), reference)
    assert across["contains_gold"] == across["citation_recall"] == across["answer_language"] == 1
    assert across["length_ratio"] == 1  # the notice is no part of the answer
    assert score_answer(answer(quoted), reference)["answer_language"] == 0
    # In the own-language pool only the gold of that language counts.
    assert score_answer(answer(quoted), only_zh, ["en"])["contains_gold"] == 0
    assert score_answer(answer(quoted), only_zh, ["zh"])["contains_gold"] == 1


def test_a_refusal_is_wrong() -> None:
    figures = score_answer(answer(REFUSAL), make_reference(GOLD, PASSAGES))
    zero = ("answered", "contains_gold", "f1", "exact_match", "chrf", "citation_recall", "span_f1")
    assert [figures[name] for name in zero] == [0] * len(zero)
    assert figures["citations"] is None
    assert figures["length_ratio"] is None


def test_several_things_are_all_wanted() -> None:
    gold = GoldAnswer(
        ("1998", "nine"), {"en": ("1998", "nine")}, True, None, ("en",), all_of=(("1998",), ("nine", "9"))
    )
    reference = make_reference(gold, {"en": PASSAGES["en"]})
    assert score_answer(answer(RIGHT), reference)["contains_gold"] == 0
    assert score_answer(answer(RIGHT, WRONG), reference)["contains_gold"] == 1
    # One of them alone is no exact match, and half of the words that are wanted.
    one = score_answer(answer(RIGHT) | {"short_answer": "1998"}, reference)
    assert (one["exact_match"], round(one["f1"], 3)) == (0, 0.667)
    assert score_answer(answer(RIGHT, WRONG) | {"short_answer": "1998 nine"}, reference)["exact_match"] == 1


def test_answers_without_a_language_count_for_the_evidence() -> None:
    gold = GoldAnswer(("1998年",), {"en": ("1998年",)}, True, None, ("zh",))
    assert make_reference(gold, {"zh": PASSAGES["zh"]}).gold == {"zh": ("1998年",)}


def outcome(name: str, given: dict[str, Any], kind: str = "answerable", score: float = 30.0) -> Outcome:
    given = {**given, "confidence": score}
    figures = score_answer(given, make_reference(GOLD, PASSAGES)) if kind == "answerable" else {}
    return Outcome(Query(name, name), kind, given["language"], name, given, figures)


def test_summary() -> None:
    generated = ("generated", "In 1998.", span("en", "It opened in 1998."))
    members = [
        outcome("q1", answer(RIGHT)),
        outcome("q2", answer(RIGHT, WRONG)),
        outcome("q3", answer(REFUSAL)),
        outcome("q4", answer(generated)),
    ]
    found = summarise(members, Bootstrap(0, 100))
    assert found["questions"] == 4
    assert found["contains_gold"] == 0.75
    assert found["citations"] == 4
    assert found["citation_precision"] == 3 / 4  # of q2's two spans one is right
    assert found["length_ratio"] == 1  # the median of 8/18, 1 and 37/18
    assert found["intervals"]["contains_gold"][0] < 0.75 < found["intervals"]["contains_gold"][1]
    alone = summarise(members, Bootstrap(0, 100), "generated.")
    assert (alone["questions"], alone["contains_gold"], alone["citation_precision"]) == (1, 1, 1)
    assert sentence_shares(members) == {"count": 4, "generated": 0.25, "replaced": 0, "quoted": 0.75}
    replaced = [outcome("q5", answer(RIGHT, spoke=True))]
    assert sentence_shares(replaced)["replaced"] == 1


def test_abstention_by_hand() -> None:
    members = [
        outcome("q1", answer(RIGHT), score=9),
        outcome("q2", answer(WRONG), score=8),
        outcome("q3", answer(REFUSAL), score=1),
        outcome("q4", answer(REFUSAL), "far", score=0),
        outcome("q5", answer(RIGHT), "near", score=7),
        outcome("q6", answer(REFUSAL), "near", score=2),
    ]
    found = abstention_figures(members, Bootstrap(0, 100))
    assert (found["far"], found["near"], found["false_refusal"]) == (1, 1 / 2, 1 / 3)
    assert found["precision"] == found["recall"] == 2 / 3
    # Right, wrong, then an answer where there is none.
    assert risk_coverage(members) == [(1 / 6, 0), (2 / 6, 1 / 2), (3 / 6, 2 / 3)]
    assert found["risk_coverage"]["area"] == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)
    assert [row["right"] for row in reliability(members)] == [0, 0, 1]
    tied = [outcome("q1", answer(RIGHT), score=5), outcome("q2", answer(WRONG), score=5)]
    assert risk_coverage(tied) == [(1, 1 / 2)]
    # Two answers at risk 1/2, then one at 2/3: every question counts as much.
    assert area_under([(2 / 6, 1 / 2), (3 / 6, 2 / 3)]) == pytest.approx((1 / 2 + 1 / 2 + 2 / 3) / 3)
    assert area_under([]) == 0


def test_planted_errors_change_the_fact() -> None:
    planted = plant("It was opened in 1998 by the mayor.", "en", ["1998"], ["the bishop"])
    assert planted["number"] == "It was opened in 2001 by the mayor."
    assert planted["negation"] == "It was not opened in 1998 by the mayor."
    assert planted["answer"] == "It was opened in the bishop by the mayor."
    assert plant("六号线是绿色的。", "zh", [], []) == {"negation": "六号线不是绿色的。"}
