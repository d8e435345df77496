"""Answer measures: hand-worked cases of the published rules."""

from __future__ import annotations

import pytest

from eval.answer_measures import (
    best_over_gold,
    chrf,
    cmrc_exact_match,
    cmrc_f1,
    contains,
    contains_gold,
    exact_match,
    f1,
)


@pytest.mark.parametrize(
    ("prediction", "gold", "exact", "overlap"),
    [
        # SQuAD: lower case, no punctuation, no articles.
        ("The Panthers!", "panthers", 1, 1),
        ("an apple a day", "apple day", 1, 1),
        ("theatre", "atre", 0, 0),  # an article is a word, not letters
        ("24 men", "24", 0, 2 * (1 / 2) * 1 / (1 / 2 + 1)),
        # "a" goes: 3 tokens of 4 are common with 3 of 5.
        ("in a big red barn", "the old red barn in Ohio", 0, 2 * 3 / (4 + 5)),
        # As bags: the second "to" counts only if the gold has two.
        ("to to be", "to be", 0, 2 * 2 / (3 + 2)),
        ("51.6%", "516", 1, 1),
        ("", "", 1, 1),  # SQuAD v2.0: no answer where there is none
        ("", "something", 0, 0),
        ("the", "", 1, 1),  # nothing is left of it
    ],
)
def test_squad_rules(prediction: str, gold: str, exact: float, overlap: float) -> None:
    assert exact_match(prediction, gold, "en") == exact
    assert f1(prediction, gold, "en") == pytest.approx(overlap, abs=1e-9)


@pytest.mark.parametrize(
    ("prediction", "gold", "exact", "overlap"),
    [
        ("《战国无双》。", "战国无双", 1, 1),
        ("光荣公司", "光荣", 0, 2 * 2 / (4 + 2)),
        ("1998 年", "１９９８年", 1, 1),  # full width is the same character
        ("北京", "南京", 0, 2 * 1 / (2 + 2)),
    ],
)
def test_chinese_by_character(prediction: str, gold: str, exact: float, overlap: float) -> None:
    assert exact_match(prediction, gold, "zh") == exact
    assert f1(prediction, gold, "zh") == pytest.approx(overlap)


@pytest.mark.parametrize(
    ("prediction", "gold", "exact", "overlap"),
    [
        ("光荣和ω-force", "光荣和ω-force", 1, 1),
        ("光荣、ω-force。", "光荣ωforce", 1, 1),  # the listed punctuation goes
        # Longest common run is 2 (光荣) of 4 and 2.
        ("光荣公司", "光荣", 0, 2 * 2 / (4 + 2)),
        # One run only: 甲乙 or 丙丁, never both.
        ("甲乙戊丙丁", "甲乙丙丁", 0, 2 * 2 / (5 + 4)),
        # A Latin word is one token.
        ("由Nexon开发", "Nexon", 0, 2 * 1 / (4 + 1)),
        ("无", "有", 0, 0),
    ],
)
def test_cmrc_rules(prediction: str, gold: str, exact: float, overlap: float) -> None:
    assert cmrc_exact_match(prediction, gold) == exact
    assert cmrc_f1(prediction, gold) == pytest.approx(overlap)


@pytest.mark.parametrize(
    ("prediction", "gold", "exact", "overlap"),
    [
        ("الإِنْجِيل،", "انجيل", 1, 1),  # vowel signs, hamza, the article, punctuation
        ("١٢٠٠ كتاب", "1,200 كتاب", 1, 1),
        ("مدرسة", "مدرسه", 1, 1),
        ("جريدة الوطن السعودية", "صحيفة الوطن", 0, 2 * 1 / (3 + 2)),
        ("ال", "ال", 1, 1),
    ],
)
def test_arabic_normalised(prediction: str, gold: str, exact: float, overlap: float) -> None:
    assert exact_match(prediction, gold, "ar") == exact
    assert f1(prediction, gold, "ar") == pytest.approx(overlap)


@pytest.mark.parametrize(
    ("text", "gold", "language", "states"),
    [
        ("It opened in 1998, on a Monday.", "1998", "en", True),
        ("It opened in 1998.", "199", "en", False),
        ("In the 1980s it closed.", "1980", "en", True),
        ("He took the bus.", "US", "en", False),
        ("He came from the US.", "the US", "en", True),
        ("这条线于１９９８年开通。", "1998年", "zh", True),
        ("这条线于1998年开通。", "98年", "zh", False),
        ("سُرقت ليلة ٢ أغسطس", "2 اغسطس", "ar", True),
        ("anything", "—", "en", False),
        ("", "x", "en", False),
    ],
)
def test_contains(text: str, gold: str, language: str, states: bool) -> None:
    assert contains(text, gold, language) is states


def test_best_over_gold_uses_the_rules_of_each_language() -> None:
    gold = {"en": ["the red barn"], "zh": ["红色谷仓"]}
    assert best_over_gold(exact_match, "red barn", gold) == 1
    assert best_over_gold(f1, "红谷仓", gold) == pytest.approx(2 * 3 / (3 + 4))
    assert best_over_gold(f1, "anything", {}) == 0
    assert contains_gold("在红色谷仓里", gold)


@pytest.mark.parametrize(
    ("prediction", "gold", "score"),
    [  # sacrebleu 2.5.1's CHRF().sentence_score(...).score / 100
        ("The tram opened in 1998.", "Line 6 opened in 1998", 0.6338047225228527),
        ("六号线于1998年开通。", "1998年", 0.6664387437517684),
        ("a", "abc", 0.3846153846153846),
        ("افتتح الخط السادس عام 1998", "عام 1998", 0.5918133851479221),
        ("cat", "dog", 0.0),
        ("", "dog", 0.0),
        ("the cat", "the cat", 1.0),
    ],
)
def test_chrf(prediction: str, gold: str, score: float) -> None:
    assert chrf(prediction, gold) == pytest.approx(score, abs=1e-9)
