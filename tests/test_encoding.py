"""Encodings are found in short and long texts, and binary files are refused."""

from __future__ import annotations

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.encoding import decode, normalise
from corpus.errors import UnreadableSource

SIMPLIFIED = "图书馆星期一到星期五开放，读者可以免费借书。"
TRADITIONAL = "圖書館星期一到星期五開放，讀者可以免費借書。"
ARABIC = "تفتح المكتبة أبوابها كل يوم، ويمكن للقراء استعارة الكتب مجانًا."
ENGLISH = "The café’s owner said: “We’re open – every day.”"
SAMPLES = [
    ("gb18030", "gb18030", ("你好", "简体中文测试", SIMPLIFIED)),
    ("gb18030", "gb18030", (TRADITIONAL,)),
    ("big5", "big5", ("你好嗎", "繁體中文測試", TRADITIONAL)),
    ("big5hkscs", "big5", (TRADITIONAL + "佢哋嘅書喺邊度？",)),
    ("cp1256", "windows-1256", ("مرحبا", "السلام عليكم", ARABIC)),
    ("cp1252", "windows-1252", ("café", "It’s “fine”", ENGLISH)),
    ("utf-8", "utf-8", ("é", "你好", "مرحبا", "hi", ENGLISH, ARABIC, SIMPLIFIED)),
    ("utf-16-le", "utf-16-le", ("简体中文测试", "hello", ARABIC, ENGLISH, TRADITIONAL)),
    ("utf-16-be", "utf-16-be", ("简体中文测试", "hello", ARABIC, ENGLISH, TRADITIONAL)),
    ("utf-8-sig", "utf-8", (ARABIC, "hi")),
    ("utf-16", "utf-16-le", (ARABIC, "hi")),
]


@pytest.mark.parametrize(
    ("codec", "name", "text"), [(codec, name, text) for codec, name, texts in SAMPLES for text in texts]
)
@pytest.mark.parametrize("repeats", [1, 400])
def test_encodings_are_found(codec: str, name: str, text: str, repeats: int) -> None:
    wanted = "\n".join([text] * repeats)
    decoded = decode(wanted.encode(codec))
    assert (decoded.text, decoded.encoding) == (wanted, name)


@pytest.mark.parametrize(
    ("codec", "text"),
    [("gb18030", SIMPLIFIED), ("big5", TRADITIONAL), ("cp1256", ARABIC), ("cp1252", ENGLISH)],
)
def test_a_long_ascii_beginning_hides_nothing(codec: str, text: str) -> None:
    wanted = "plain ascii line\n" * 5000 + text
    assert decode(wanted.encode(codec)).text == wanted


@pytest.mark.parametrize("text", [SIMPLIFIED, ARABIC, ENGLISH])
def test_a_few_broken_bytes_are_shown_many_are_refused(text: str) -> None:
    data = (text * 30).encode()
    few = data[:300] + b"\xff" + data[300:]
    assert decode(few).text.count("\ufffd") in (1, 2, 3)
    pieces = [text.encode() + b"\xff\xfe" for _ in range(30)]
    with pytest.raises(UnreadableSource, match="mis-encoded"):
        decode(b"".join(pieces))


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4\n" + b"a" * 100,
        b"PK\x03\x04" + b"\0" * 50,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        bytes(range(256)) * 20,
        b"abc\0\0\0def" * 50,
        b"\x01\x02\x03\x04 text" * 9,
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableSource) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_one_form_of_unicode() -> None:
    assert normalise("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert normalise("cafe\u0301") == "café"
    assert normalise("\ufeffa\u200bb\u00adc\u2060\u202ed\x07") == "abcd"
    assert normalise("می\u200cخواهم نَصٌّ \u200d") == "می\u200cخواهم نَصٌّ \u200d"
    assert normalise("a\ud800b") == "a\ufffdb"


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    for start in (b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE):
        with contextlib.suppress(UnreadableSource):
            text = decode(start + data).text
            assert text.encode("utf-8").decode("utf-8") == text
            assert normalise(text) == text
