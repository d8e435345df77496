"""Language and script of questions and passages, and the languages' names."""

from __future__ import annotations

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.language import detect_language, language_name, script_of

SHORT = [
    ("hi", "en", "Latn"),
    ("Hello world", "en", "Latn"),
    ("Warsaw population", "en", "Latn"),
    ("What is DH400?", "en", "Latn"),
    ("Who leads the DH400 working group?", "en", "Latn"),
    ("How are ergänzungsschulen funded?", "en", "Latn"),
    ("مرحبا", "ar", "Arab"),
    ("من هو؟", "ar", "Arab"),
    ("ما هي عاصمة فرنسا؟", "ar", "Arab"),
    ("你好", "zh", "Hans"),
    ("谁", "zh", "Hans"),
    ("人口多少", "zh", "Hans"),
    ("誰", "zh", "Hant"),
    ("", "und", "Zyyy"),
    (" \n", "und", "Zyyy"),
    ("2019-05-01, 6.5%", "und", "Zyyy"),
    ("٢٠١٩", "und", "Zyyy"),
    ("🙂?!", "und", "Zyyy"),
]

MIXED = [
    # Names in Latin letters do not make a question English.
    ("DH400工作组由谁担任组长?", "zh", "Hans"),
    ("DH400 是什么", "zh", "Hans"),
    ("iPhone 15 Pro Max 和 Samsung Galaxy S24 Ultra 哪个好", "zh", "Hans"),
    ("什么是 deep learning?", "zh", "Hans"),
    ("谁写了 The Lord of the Rings?", "zh", "Hans"),
    ("https://example.com/a/long/path?of=words 是什么", "zh", "Hans"),
    ("someone@example.com 是谁的", "zh", "Hans"),
    ("من يرأس فريق DH400 Digital Health Working Group؟", "ar", "Arab"),
    ("ما هو machine learning", "ar", "Arab"),
    ("كيف أستخدم Google Drive؟", "ar", "Arab"),
    # Nor do quoted words make an English question Chinese or Arabic.
    ("What does 你好世界 mean?", "en", "Latn"),
    ("who wrote 红楼梦?", "en", "Latn"),
    ("What does مرحبا mean?", "en", "Latn"),
    ("The capital (Arabic: العاصمة) is a large city in the north of the country.", "en", "Latn"),
    ("北京（Beijing）是中国的首都，مرحبا", "zh", "Hans"),
]

CHINESE = [
    ("这个国家的首都在哪里？", "Hans"),
    ("這個國家的首都在哪裡？", "Hant"),
    ("里長是誰", "Hant"),  # 里 is written in both
    ("乾隆皇帝的儿子", "Hans"),  # 乾 too
    ("著名的历史学家", "Hans"),
    ("皇后住在臺北", "Hant"),
    ("他说「發」字的简体是“发”，这是常识", "Hans"),
    ("他說「发」字的繁體是『發』，這是常識", "Hant"),
]

OTHERS = [
    ("Combien de personnes habitent à Paris aujourd'hui?", "fr", "Latn"),
    ("¿Cuántas personas viven en Madrid hoy en día?", "es", "Latn"),
    ("Wie viele Menschen leben in Berlin?", "de", "Latn"),
    ("این یک جمله فارسی است که باید تشخیص داده شود", "fa", "Arab"),
    ("یہ ایک اردو جملہ ہے اور اسے پہچاننا چاہیے", "ur", "Arab"),
    ("Сколько людей живет в Москве сегодня?", "ru", "Cyrl"),
    ("Скільки людей живе у Києві зараз?", "uk", "Cyrl"),
    ("भारत की राजधानी क्या है और वह कहाँ है?", "hi", "Deva"),
    ("東京の人口はどのくらいですか", "ja", "Jpan"),
    ("カタカナ", "ja", "Jpan"),
    ("한국의 수도는 어디입니까?", "ko", "Hang"),
    ("Ποια είναι η πρωτεύουσα;", "el", "Grek"),
    ("מהי בירת ישראל?", "he", "Hebr"),
    ("เมืองหลวงคืออะไร", "th", "Thai"),
]


@pytest.mark.parametrize(("text", "language", "script"), SHORT + MIXED + OTHERS)
def test_detect_language(text: str, language: str, script: str) -> None:
    assert detect_language(text) == (language, script)


@pytest.mark.parametrize(("text", "script"), CHINESE)
def test_simplified_and_traditional(text: str, script: str) -> None:
    assert detect_language(text) == ("zh", script)


def test_a_chinese_page_that_quotes_a_japanese_name_is_chinese() -> None:
    text = (
        "他最喜欢的作品是《となりのトトロ》，这部电影在全世界都很受欢迎，票房也非常高，" + "值得一看。" * 20
    )
    assert detect_language(text) == ("zh", "Hans")


def test_the_detector_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from corpus.language import _detector

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    _detector.cache_clear()
    assert detect_language("Combien de personnes habitent à Paris aujourd'hui?")[0] == "fr"


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    language, script = detect_language(text)
    assert 2 <= len(language) <= 3
    assert len(script) == 4
    assert (language == "und") == (script == "Zyyy")


@pytest.mark.parametrize(
    ("code", "in_language", "name"),
    [
        ("zh", "en", "Chinese"),
        ("zh", "ar", "الصينية"),
        ("zh", "zh", "中文"),
        ("zh", "zh-Hant", "中文"),
        ("ar", "fr", "Arabic"),
        ("xx", "en", "xx"),
        ("und", "ar", "und"),
    ],
)
def test_language_name(code: str, in_language: str, name: str) -> None:
    assert language_name(code, in_language) == name


def test_script_of() -> None:
    assert [script_of(code) for code in ("en", "ar", "zh", "ja", "ru", "xx")] == [
        "Latn",
        "Arab",
        "Hans",
        "Jpan",
        "Cyrl",
        "Zyyy",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The committee met in the large hall of the old town house and decided to begin. " * 12,
        "اجتمعت اللجنة في القاعة الكبرى في مبنى البلدية القديم وقررت أن تبدأ الأعمال. " * 12,
        "委员会在旧市政厅的大厅里开会，决定工程应在年底之前开始，没有人反对。" * 25,
        "@" * 1000,
        "a" * 1000,
        "1a" * 500 + "@://",
    ],
)
def test_time_for_a_passage(text: str) -> None:
    detect_language(text)
    started = time.process_time()
    for _ in range(100):
        detect_language(text)
    assert time.process_time() - started < 0.5  # measured: 0.02
