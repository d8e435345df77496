"""Terms of Arabic, Chinese, English and mixed texts."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import analyzers
from index.analyzers import ANALYZERS_VERSION, LONGEST_WORD, shared_terms, terms


def overlap(first: str, second: str, language: str) -> set[str]:
    return set(terms(first, language)) & set(terms(second, language))


def test_version_is_text_for_the_manifest() -> None:
    assert isinstance(ANALYZERS_VERSION, str)
    assert ANALYZERS_VERSION


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1,500", ["1500"]),
        ("1,234,567.5", ["1234567.5"]),
        ("6.5", ["6.5"]),
        ("42.3%", ["42.3", "42.3%"]),
        ("٤٢٫٣٪", ["42.3", "42.3%"]),
        ("١٬٥٠٠", ["1500"]),
        ("۱۹۹۸", ["1998"]),
        ("１９９８", ["1998"]),
        ("१९९८", ["1998"]),
        ("2001-09-11", ["2001", "09", "11"]),
        ("1914–1918", ["1914", "1918"]),
        ("1980s", ["1980s", "1980"]),
        ("19th", ["19th", "19"]),
        ("1980's", ["1980"]),
        # The half neither makes 61 of 6 nor is lost.
        ("6½", ["6", "1", "2"]),
        # A Chinese comma separates numbers; only an ASCII one groups thousands.
        ("2010，500", ["2010", "500"]),
        ("10，500", ["10", "500"]),
    ],
)
@pytest.mark.parametrize("language", ["ar", "zh", "en"])
def test_numbers(written: str, expected: list[str], language: str) -> None:
    assert terms(written, language) == expected
    assert shared_terms(written, language) == set(expected)


def test_english_stems_without_possessive_and_stop_words() -> None:
    assert terms("The builder's BRIDGES were rebuilt", "en") == ["builder", "bridg", "rebuilt"]
    assert terms("The builder’s bridge", "en") == ["builder", "bridg"]
    assert terms("It isn't what they'll do", "en") == []


def test_hyphenated_words_whole_and_in_parts() -> None:
    assert terms("X-ray", "en") == ["xray", "ray"]
    assert terms("DH-400", "en") == ["dh400", "dh", "400"]
    assert "email" in overlap("e-mail", "email", "en")
    assert "wellknown" in overlap("well‑known", "wellknown", "en")


@pytest.mark.parametrize("language", ["ar", "zh", "en"])
def test_codes_stay_whole(language: str) -> None:
    assert terms("DH400", language) == ["dh400"]
    assert terms("5G", language) == ["5g"]
    assert terms("IT+BT", language) == ["it+bt", "it", "bt"]
    assert terms("C++", language) == ["c++"]
    assert terms("U.S.A.", language) == ["usa"]
    assert terms("ＤＨ４００", language) == ["dh400"]


def test_accents_do_not_matter_in_english() -> None:
    assert terms("Beyoncé", "en") == terms("Beyonce", "en")


def test_other_latin_language_has_its_own_stemmer_and_the_surface() -> None:
    assert terms("maisons", "fr") == ["maisons", "maison"]
    assert terms("kerrostalo", "xx") == ["kerrostalo"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("المُدَرِّسَةُ", "المدرسة"),
        ("كتـــــاب", "كتاب"),
        ("أحمد", "احمد"),
        ("إسلام", "اسلام"),
        ("آثار", "اثار"),
        ("مستشفى", "مستشفي"),
        ("مكتبة", "مكتبه"),
        ("مسؤول", "مسوول"),
        ("ﻛﺘﺎﺏ", "كتاب"),
        ("ایران", "ايران"),
        ("م\u200dن\u200fزل", "منزل"),
    ],
)
def test_arabic_spellings_meet(first: str, second: str) -> None:
    assert terms(first, "ar") == terms(second, "ar") != []


@pytest.mark.parametrize(
    "written", ["والطلاب", "بالطلاب", "كالطلاب", "فالطلاب", "للطلاب", "وللطلاب", "وطلاب"]
)
def test_arabic_prefixes_come_off(written: str) -> None:
    found = terms(written, "ar")
    assert found == [written, *terms("طلاب", "ar")]


def test_arabic_and_comes_off_a_name() -> None:
    assert terms("وأحمد", "ar") == ["واحمد", "احمد"]


def test_arabic_keeps_short_words_and_drops_stop_words() -> None:
    assert terms("الله", "ar")[0] == "الله"
    assert "له" not in terms("الله", "ar")
    assert terms("من هو الذي كان في إلى", "ar") == []


def test_chinese_words_and_bigrams() -> None:
    found = terms("信息检索", "zh")
    assert {"信息", "检索", "信息检索", "息检"} <= set(found)
    assert found.count("信息") == 2


def test_chinese_variants_meet() -> None:
    assert terms("臺灣的圖書館", "zh") == terms("台湾的图书馆", "zh")


def test_single_han_character_is_a_unigram() -> None:
    assert terms("水", "zh") == ["水"]
    assert terms("A 水 B", "zh").count("水") == 1


def test_chinese_stop_words() -> None:
    assert terms("的，了，是，什么", "zh") == []


def test_every_script_run_has_its_own_rules() -> None:
    assert "bridg" in terms("他们建造bridges和طلاب", "zh")
    assert set(terms("طلاب", "ar")) <= set(terms("他们建造bridges和طلاب", "zh"))
    assert "信息" in terms("the word 信息 in English", "en")


def test_language_does_not_change_other_scripts() -> None:
    mixed = "信息 والطلاب bridges 1,500"
    assert terms(mixed, "zh") == terms(mixed, "ar") == terms(mixed, "en") == terms(mixed, "und")


def test_footnote_mark_does_not_join_its_word() -> None:
    assert terms("river²", "en") == ["river", "2"]


def test_unspaced_and_indic_scripts_have_terms() -> None:
    assert terms("カメラ", "ja") == ["カメ", "メラ"]
    assert terms("किताब", "xx") == ["किताब"]
    assert terms("книги", "ru") == ["книги", "книг"]


def test_shared_terms_of_english_are_names_codes_and_numbers() -> None:
    found = shared_terms("The Panthers bought 12 cameras, model DH400, from NASA in 1998.", "en")
    assert found == {"panther", "12", "dh400", "nasa", "1998"}


def test_shared_terms_of_other_scripts_hold_latin_words_in_any_case() -> None:
    assert shared_terms("nasa在1998年买了dh400", "zh") == {"nasa", "1998", "dh400"}
    assert shared_terms("كتاب Panthers ٥G", "ar") == {"panther", "5g"}


def test_capitalised_stop_word_is_an_acronym_only_in_capitals() -> None:
    assert shared_terms("WHO reports", "en") == {"who"}
    assert shared_terms("Who reports", "en") == set()


def test_long_blob_is_cut() -> None:
    assert terms("a" * 100_000, "en") == ["a" * LONGEST_WORD]
    assert len(terms("9" * 100_000, "en")[0]) == LONGEST_WORD
    assert len(terms("ب" * 100_000, "ar")[0]) == LONGEST_WORD


@pytest.mark.parametrize(
    "text", ["", " \n", "，。！", "\ud800", "\x00", "\u0301", "\u064b", "%", "+-'", "’s"]
)
def test_texts_without_words(text: str) -> None:
    for language in ("ar", "zh", "en", "und", ""):
        assert [term for term in terms(text, language) if term != "s"] == []


def test_half_a_surrogate_does_no_harm() -> None:
    assert terms("信息\ud800bridge", "zh") == terms("信息 bridge", "zh")


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from("аabXé'’-+.,%15６٣½²بالوةىّ信息检索カ"))),
    st.sampled_from(["ar", "zh", "en", "fr", "fa", "und"]),
)
def test_any_text_gives_clean_terms(text: str, language: str) -> None:
    found = terms(text, language)
    assert found == terms(text, language)
    assert all(term and term.split() == [term] for term in found)
    assert shared_terms(text, language) <= set(found)


def test_threads_agree() -> None:
    texts = [f"والكاتبون{chr(0x628 + i % 9)} bridges{i} running{chr(97 + i % 26)}ing" for i in range(200)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda text: terms(text, "ar"), texts))
    finally:
        sys.setswitchinterval(interval)
    analyzers._arabic_terms.cache_clear()
    analyzers._latin_terms.cache_clear()
    assert together == [terms(text, "ar") for text in texts]
