"""Citation markers in generated text: "... in 2019 [1][2]." -> a sentence and its numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.sentences import split_sentences

_MARKER = re.compile(r"\s*[\[［【](\d{1,2}(?:\s*[,，、]\s*\d{1,2})*)[\]］】]")
_ANY_MARKER = re.compile(r"[\[［【〔]\s*(\d[\d\s,，、;؛–-]*)[\]］】〕]")
_LEADING = re.compile(rf"(?:{_MARKER.pattern})+")


@dataclass(frozen=True, slots=True)
class MarkedSentence:
    """A sentence without its markers, the markers' numbers in order, and where it ended in the text."""

    text: str
    markers: list[int]
    end: int


def split_markers(text: str) -> list[MarkedSentence]:
    """The sentences of a generated text. Markers may stand before or after the closing mark."""
    found: list[MarkedSentence] = []
    for start, end in split_sentences(text):
        piece = text[start:end]
        leading = _LEADING.match(piece)
        if leading and found:  # markers after the full stop belong to the sentence before
            last = found.pop()
            found.append(
                MarkedSentence(last.text, last.markers + _numbers(leading[0]), start + leading.end())
            )
            piece = piece[leading.end() :]
        plain = _MARKER.sub("", piece).strip()
        if plain:
            found.append(MarkedSentence(plain, _numbers(piece), end))
        elif found:
            last = found.pop()
            found.append(MarkedSentence(last.text, last.markers + _numbers(piece), end))
    return found


def _numbers(text: str) -> list[int]:
    return [int(number) for group in _MARKER.findall(text) for number in re.findall(r"\d+", group)]


def without_markers(text: str) -> str:
    """A document's text in which nothing reads as a marker of ours: [2] becomes (2)."""
    return _ANY_MARKER.sub(r"(\1)", text)
