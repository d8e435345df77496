"""Readings that a web page injected after its Chinese characters, as in "頁(yè)": find and drop them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_BRACKET = re.compile(
    f"(?P<character>[{HAN}])"
    "(?P<bracket>[(（](?P<reading>[a-zü\u00e0-\u01dc\u0251\u0261\u1e3f]{1,7})[ \u3000]*[)）])"
)
# A reading of a whole word, with a tone mark in it somewhere: 馆长(guǎnzhǎng).
_LETTERS = "a-zA-Zü\u00c0-\u01dc\u0251\u0261"
_WORD_BRACKET = re.compile(
    f"(?P<word>[{HAN}]{{2,8}})(?P<bracket>[(（](?P<reading>[{_LETTERS}][{_LETTERS} '’-]{{1,40}})[)）])"
)
_FEWEST_WORDS = 3
# A writer glosses a character now and then; a page that injects readings does it all along.
INJECTED_SHARE = 0.005


def strip_readings(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Drop injected readings; returns the text and, for every line touched, (1-based line, what went).

    Only a bracket that holds a valid reading, with or without tone mark, of the character before it is
    ever dropped: "人工智能(AI)" and "課程(VET)" stay. And only where the text shows that readings were
    injected by machine: they are frequent, or the same character has its reading twice, or a stray space
    stands inside the bracket. A lone bracket without a tone mark, "啊(a)", is never taken for one. Readings
    of whole words, "馆长(guǎnzhǎng)", go when they have tone marks, are frequent and three or more.
    """
    removed: dict[int, list[str]] = {}
    while found := _injected(text) or _injected_words(text):
        pieces, end, line = [], 0, 1
        for match in found:
            pieces.append(text[end : match.start("bracket")])
            line += text.count("\n", end, match.start())
            end = match.end("bracket")
            removed.setdefault(line, []).append(match["bracket"])
        text = "".join([*pieces, text[end:]])
    return text, [(line, " ".join(brackets)) for line, brackets in sorted(removed.items())]


def _injected(text: str) -> list[re.Match[str]]:
    found = [match for match in _BRACKET.finditer(text) if is_reading(match["character"], match["reading"])]
    if not found or (len(found) == 1 and found[0]["reading"].isascii() and " " not in found[0]["bracket"]):
        return []
    frequent = len(found) >= INJECTED_SHARE * len(_HAN_CHARACTER.findall(text))
    repeated = max(Counter((match["character"], match["reading"]) for match in found).values()) > 1
    spaced = any(match["bracket"][-2].isspace() for match in found)
    return found if frequent or repeated or spaced else []


def _injected_words(text: str) -> list[re.Match[str]]:
    found = [match for match in _WORD_BRACKET.finditer(text) if spells(match["word"], match["reading"])]
    frequent = len(found) >= INJECTED_SHARE * len(_HAN_CHARACTER.findall(text))
    return found if frequent and len(found) >= _FEWEST_WORDS else []


def spells(word: str, reading: str) -> bool:
    """Whether the letters, with a tone mark among them, are the readings of the word's last characters."""
    letters = _plain(re.sub("[ '’-]", "", reading).lower())
    if reading.isascii() or not letters:
        return False
    # Which beginnings of the letters are left to be read, from the last character backwards.
    ends = {len(letters)}
    for count, character in enumerate(reversed(word), start=1):
        ends = {
            end - len(one)
            for end in ends
            for one in _readings(character)
            if one and letters.endswith(one, 0, end)
        }
        if count > 1 and 0 in ends:
            return True
    return False


def is_reading(character: str, reading: str) -> bool:
    """Whether the letters are a pinyin reading of the character, tones aside."""
    return _plain(reading) in _readings(character)


@cache
def _readings(character: str) -> frozenset[str]:
    """All readings of a character and of its Simplified and Traditional variants."""
    from pypinyin import Style, pinyin

    variants = {character} | {_converter(name).convert(character) for name in ("t2s", "s2t")}
    return frozenset(
        _plain(reading)
        for variant in variants
        for readings in pinyin(variant, style=Style.TONE, heteronym=True)
        for reading in readings
        if reading != variant
    )


@cache
def _converter(name: str):  # type: ignore[no-untyped-def]
    from opencc import OpenCC

    return OpenCC(name)


def _plain(reading: str) -> str:
    """Without tone marks; ü as v, and the script letters that some annotators write as a and g."""
    letters = unicodedata.normalize("NFD", reading.replace("\u0251", "a").replace("\u0261", "g"))
    letters = letters.replace("u\u0308", "v")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
