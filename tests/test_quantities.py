"""Quantities: the same number, date, share or unit in three languages and several scripts."""

from __future__ import annotations

import pytest

from qa.plain_text import plain
from qa.quantities import disagreement, quantities


def values(text: str) -> list[tuple[str, float, str]]:
    return [(found.kind, float(found.value), found.unit) for found in quantities(plain(text))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42.3 billion", 42.3e9),
        ("423亿", 42.3e9),
        ("٤٢٫٣ مليار", 42.3e9),
        ("forty-two thousand three hundred", 42300),
        ("نصف مليون", 5e5),
        ("خمسة وأربعين ألف", 45000),
        ("ثلاثمئة", 300),
        ("三千五百", 3500),
        ("兩千一百", 2100),
        ("一九〇三", 1903),
        ("１２６４", 1264),
        ("1,264", 1264),
        ("مئة وخمسة وعشرون", 125),
        ("أحد عشر", 11),
        ("الثانية عشرة", 12),
        ("ثمانية آلاف", 8000),
        ("مليون ونصف المليون", 1.5e6),
        ("a dozen", 12),
        ("two hundred and five", 205),
        ("£30m", 30e6),
        ("the nineteenth", 19),
        ("第四", 4),
        ("World War II", 2),
    ],
)
def test_number(text: str, value: float) -> None:
    assert [found[1] for found in values(text)] == [value]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("a quarter", 0.25),
        ("四分之三", 0.75),
        ("ثلاثة أرباع", 0.75),
        ("three quarters", 0.75),
        ("二成三", 0.23),
        ("八成", 0.8),
        ("百分之八点五", 0.085),
        ("8.5 percent", 0.085),
        ("٨٫٥ في المئة", 0.085),
        ("ثلثاها", 2 / 3),
        ("نصفهم", 0.5),
        ("two thirds", 2 / 3),
        ("一半", 0.5),
    ],
)
def test_share(text: str, share: float) -> None:
    ((kind, value, unit),) = values(text)
    assert (kind, unit) == ("share", "")
    assert value == pytest.approx(share)


@pytest.mark.parametrize(
    "text",
    [
        "12 May 1987",
        "May 12, 1987",
        "12th of May 1987",
        "1987年5月12日",
        "一九八七年五月十二日",
        "١٢ مايو ١٩٨٧",
        "12 أيار 1987",
        "12 أيار/مايو 1987",
        "1987-05-12",
    ],
)
def test_date(text: str) -> None:
    found = {kind: value for kind, value, _ in values(text)}
    assert found == {"day": 12, "month": 5, "number": 1987}


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("شباط 2011", "فبراير 2011"),
        ("تشرين الثاني", "November"),
        ("كانون الأول", "12月"),
        ("on Tuesday", "星期二"),
        ("يوم الإثنين", "周一"),
        ("at 16:00", "下午4点"),
        ("at 4 p.m.", "الساعة 4 مساء"),
        ("5:30", "half past five, or 05:30"),
        ("14 days", "two weeks"),
        ("a fortnight of 14 days", "14天"),
        ("1.5 kilometres", "1500米"),
        ("two metres", "متران"),
        ("أسبوعين", "two weeks"),
        ("4 and a half years", "4岁半"),
        ("ثلاثة دنانير ونصف", "3.5 dinars"),
        ("dinar and a half: دينارًا ونصف الدينار", "1.5第纳尔"),
        ("from 29 to 17 percent", "从29%降到17%"),
        ("1623–1625", "1623–25"),
        ("about 87,000", "87,300"),
        ("in the 1970s", "二十世纪七十年代"),
        ("السبعينيات", "the 1970s"),
        ("300 tons a month", "每月三百吨"),
        ("MPEG-2", "MPEG-2"),
        ("the model HG-5", "a card"),
    ],
)
def test_agree(sentence: str, source: str) -> None:
    assert disagreement(plain(sentence), plain(source)) is None


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("42.3 billion", "423 million"),
        ("٤٢٫٣ مليار", "42.3亿"),
        ("12 March 1987", "1987年5月12日"),
        ("تشرين الأول 1938", "تشرين الثاني 1938"),
        ("on Thursday", "星期二"),
        ("1.4 centimetres", "1.4 metres"),
        ("18 euros", "18 دولارًا"),
        ("more than 48 hours", "less than 48 hours"),
        ("أعلى من 25 درجة", "below 25 degrees"),
        ("a third", "四分之一"),
        ("300 tons a day", "300 طن كل شهر"),
        ("18:00", "4 p.m."),
        ("三十六座", "46 libraries"),
        ("fifteen dogs", "five dogs"),
        ("a million", "half a million"),
    ],
)
def test_disagree(sentence: str, source: str) -> None:
    assert disagreement(plain(sentence), plain(source)) is not None


@pytest.mark.parametrize(
    "text", ["十分漂亮", "the HG-5 card", "一些人", "四川", "May I come in?", "千万别去", "COVID-19"]
)
def test_no_quantity(text: str) -> None:
    assert values(text) == []


def test_offsets_are_those_of_the_plain_text() -> None:
    text = plain("共有３６座，佔１２％。")
    assert [text[found.start : found.end] for found in quantities(text)] == ["36", "12%"]
