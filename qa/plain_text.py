"""The plain form of a text, in which all checks read it."""

from __future__ import annotations

import re
import unicodedata

from index.analyzers import ARABIC_SIGNS, FOREIGN_DIGIT, UNSEEN
from index.chinese import simplified

_LETTERS = str.maketrans("أإآٱةىیکھ", "ااااهييكه")
_SPACED_PERCENT = re.compile(r" (?:percent|per cent)\b| (?:في ال|بال)م(?:ئه|ائه|يه)(?!\w)|(?<=\d) %")
# Chinese sets a space beside a number or not.
_BETWEEN_SCRIPTS = re.compile("(?<=\\d) (?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff]) (?=\\d)")
_AND_HALF_SIGN = re.compile(r"(?<=\d) ?½")


def plain(text: str) -> str:
    """The text as all checks read it: small letters and digits of one form, Simplified, no vowel marks."""
    if not text.isascii():
        text = _AND_HALF_SIGN.sub(".5", UNSEEN.sub("", text))
        text = unicodedata.normalize("NFKC", text)
        text = FOREIGN_DIGIT.sub(
            lambda digit: str(unicodedata.decimal(digit[0])), text.translate(ARABIC_SIGNS)
        )
        text = simplified(text.translate(_LETTERS))
    text = _SPACED_PERCENT.sub("%", text.casefold().replace("’", "'"))
    return _BETWEEN_SCRIPTS.sub("", text)
