"""The checker: what a span supports passes, a changed number, name or negation does not."""

from __future__ import annotations

import pytest

from qa.checking import SUPPORTED, support

SPANS = {
    "en": "The Harbour Clinic treated 4,200 patients in 2021, and its director Anna Berg called it hard.",
    "ar": "عالج مستشفى الميناء ٤٢٠٠ مريض في عام 2021، ووصفت مديرته سلمى حداد ذلك العام بالصعب.",
    "zh": "海港诊所2021年收治了4200名患者，院长王芳称这一年十分艰难。",
}


HEADINGS = {"en": "The Harbour Clinic", "ar": "مستشفى الميناء", "zh": "海港诊所"}


@pytest.mark.parametrize(
    ("language", "question", "sentence"),
    [
        (
            "en",
            "How many patients did the Harbour Clinic treat?",
            "The Harbour Clinic treated 4,200 patients.",
        ),
        ("en", "Who is the director?", "The director is Anna Berg."),
        ("ar", "كم مريضا عالج مستشفى الميناء؟", "عالج مستشفى الميناء 4200 مريض."),
        ("ar", "من هي مديرة المستشفى؟", "مديرة المستشفى سلمى حداد."),
        ("zh", "诊所收治了多少患者？", "诊所收治了4200名患者。"),
        ("zh", "院长是谁？", "院长是王芳。"),
    ],
)
def test_supported(language: str, question: str, sentence: str) -> None:
    assert support(sentence, SPANS[language], HEADINGS[language], question) >= SUPPORTED


@pytest.mark.parametrize(
    ("language", "question", "sentence"),
    [
        ("en", "How many patients did it treat?", "The Harbour Clinic treated 4,300 patients."),
        ("en", "How many patients did it treat?", "The Harbour Clinic did not treat 4,200 patients."),
        ("en", "Who is the director?", "The director is Maria Lindqvist."),
        ("en", "Did it treat patients in 2019?", "It treated 4,200 patients in 2019."),
        ("en", "Where is the archive of the clinic?", "The archive is with Anna Berg."),
        ("zh", "诊所的档案室在哪里？", "档案室在王芳那里。"),
        ("en", "Who is the director of the Harbour Clinic?", "The director of the Harbour Clinic."),
        ("ar", "كم مريضا عالج المستشفى؟", "عالج مستشفى الميناء 4300 مريض."),
        ("ar", "كم مريضا عالج المستشفى؟", "لم يعالج مستشفى الميناء 4200 مريض."),
        ("ar", "من هي مديرة المستشفى؟", "مديرة المستشفى ليلى منصور."),
        ("zh", "诊所收治了多少患者？", "诊所收治了4300名患者。"),
        ("zh", "诊所收治了多少患者？", "诊所没有收治4200名患者。"),
        ("zh", "院长是谁？", "院长是李建国。"),
        ("zh", "院长是谁？", "The director is Wang Fang."),
    ],
)
def test_not_supported(language: str, question: str, sentence: str) -> None:
    assert support(sentence, SPANS[language], HEADINGS[language], question) < SUPPORTED
