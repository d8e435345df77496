"""Arabic as PDFs store it -> Arabic as it is written: letters for glyph forms, logical for visual order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_PRESENTATION_FORM = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_WORD = re.compile("[\u0621-\u065f\u0670-\u06d3]+")
_LEFT_TO_RIGHT_RUN = re.compile(r"[^\W\u0600-\u06ff](?:[^\u0600-\u06ff()\[\]{}«»]*[^\W\u0600-\u06ff])?")
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_LATIN_PIECE = r"([^()\u0600-\u06ff\n]*[A-Za-z0-9][^()\u0600-\u06ff\n]*)"
_BRACKETS_ASTRAY = re.compile(rf" ?\){_LATIN_PIECE}\) ?| ?\({_LATIN_PIECE}\( ?")
_FREQUENT = frozenset(
    ("من", "في", "على", "إلى", "عن", "أن", "التي", "الذي", "هذا", "هذه", "كان", "ذلك", "بين")
)
_FREQUENT_REVERSED = frozenset(word[::-1] for word in _FREQUENT)


def fold_presentation_forms(text: str) -> str:
    """NFKC of the Arabic presentation forms alone: letters for positional glyphs and ligatures."""
    return _PRESENTATION_FORM.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def holds_arabic(text: str) -> bool:
    return bool(_WORD.search(text) or _PRESENTATION_FORM.search(text))


def words_by_position(characters: Sequence[tuple[str, float]]) -> str:
    """Put the letters of every Arabic word in reading order by where they stand on the page.

    characters: (character, horizontal centre). A word whose first letter stands left of its last was
    stored as it looks; PDF libraries turn some words of a line and not others.
    """
    text = "".join(character for character, _ in characters)
    pieces, end = [], 0
    for word in _WORD.finditer(text):
        first, last = characters[word.start()][1], characters[word.end() - 1][1]
        # Two letters in one place are a ligature; lam-alef is the one that stands alone as a word.
        reverse = first < last or (first == last and word[0] == "ال")
        pieces += [text[end : word.start()], word[0][::-1] if reverse else word[0]]
        end = word.end()
    # Brackets around Latin text are turned one by one: ")VET)" was "(VET)".
    return _BRACKETS_ASTRAY.sub(
        lambda match: f" ({(match[1] or match[2]).strip()}) ", "".join([*pieces, text[end:]])
    )


def lines_reversed(text: str) -> str:
    """Turn lines that are stored as they look, from left to right; Latin words and numbers keep theirs."""
    return "\n".join(_line_reversed(line) if holds_arabic(line) else line for line in text.split("\n"))


def _line_reversed(line: str) -> str:
    turned = line[::-1].translate(_MIRROR)
    return _LEFT_TO_RIGHT_RUN.sub(lambda match: match[0][::-1], turned)


def most_arabic(candidates: Sequence[str]) -> str:
    """The reading with the most Arabic evidence; the first of equals."""
    return max(candidates, key=_evidence)


def _evidence(text: str) -> int:
    """Words that only make sense forwards less words that only make sense backwards.

    Forwards: the article at the start, ta marbuta at the end, frequent particles; backwards the same
    letters in mirrored places.
    """
    score = 0
    for word in _WORD.findall(text):
        score += word in _FREQUENT
        score -= word in _FREQUENT_REVERSED
        if len(word) > 3:
            score += word.startswith("ال") + word.endswith("ة")
            score -= word.endswith("لا") + word.startswith("ة")
    return score
