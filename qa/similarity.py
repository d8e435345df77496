"""How near the words of a sentence are to its source, by an encoder's token vectors.

Late interaction: the best cosine between the tokens of a word and those of the source. How high it usually
is depends on the pair of languages, and what all tokens of a language share says nothing; both are fitted
(qa/training/fit_checking.py), and so is the direction in which names lie. With an embedder that nobody
fitted no word is found this way.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.embedder import Embedder, Embedding
from index.vectors import Vectors
from qa.wording import Word

NAME = 0.7
"""Above it the vectors take a word for a name (Matches.name); English names are known by their capitals."""

CONSTANTS = Path(__file__).with_name("checking.json")


@cache
def _fitted() -> dict[str, Any]:
    """Embedder fingerprint -> its constants: means, credit and name."""
    fitted: dict[str, Any] = json.loads(CONSTANTS.read_text(encoding="utf-8"))
    return fitted


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What the vectors say of some words, float32 [words] each.

    credit: 0 to 1, that the source says the word, on one scale for all pairs of languages. place: offset of
    the best token in the source. name: above 0, the word is rather a name.
    """

    credit: Vectors
    place: Vectors
    name: Vectors


class Similarity(Protocol):
    """How near every word of a sentence is to its source."""

    def __call__(
        self, sentence: str, sentence_words: Sequence[Word], source: str, pair: tuple[str, str]
    ) -> Matches:
        """The matches of the words; pair: languages of sentence and source."""

    def with_names(self, text: str, text_words: Sequence[Word], language: str) -> list[Word]:
        """The words, with those marked as names that the vectors take for such."""


_KEPT = 64
"""Texts whose vectors are kept."""


class TokenSimilarity:
    """Similarity by an embedder's token vectors; each text is embedded once while it stays in use."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._fitted: dict[str, Any] | None = _fitted().get(embedder.fingerprint)
        self._known: OrderedDict[str, Embedding] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(
        self, sentence: str, sentence_words: Sequence[Word], source: str, pair: tuple[str, str]
    ) -> Matches:
        """See Similarity."""
        nothing = np.zeros(len(sentence_words), dtype=np.float32)
        if self._fitted is None or not set(pair) <= set(self._fitted["means"]):
            return Matches(nothing, nothing, nothing)
        stated, given = self._embedded(sentence, source)
        if not len(stated.tokens) or not len(given.tokens):
            return Matches(nothing, nothing, nothing)
        own, other = (
            _centred(text.tokens, self._fitted["means"][language])
            for text, language in zip((stated, given), pair, strict=True)
        )
        cosines = own @ other.T
        slope, middle = self._fitted["credit"]["-".join(pair)]
        *direction, offset = self._fitted["name"]
        credit, place, name = nothing.copy(), nothing.copy(), nothing.copy()
        for number, word in enumerate(sentence_words):
            rows = (stated.offsets[:, 0] < word.end) & (stated.offsets[:, 1] > word.start)
            if rows.any():
                best = cosines[rows].max(axis=1).mean()
                credit[number] = 1 / (1 + np.exp(-slope * (best - middle)))
                place[number] = given.offsets[cosines[rows].mean(axis=0).argmax(), 0]
                name[number] = own[rows].mean(axis=0) @ direction + offset
        return Matches(credit, place, name)

    def with_names(self, text: str, text_words: Sequence[Word], language: str) -> list[Word]:
        """See Similarity."""
        matches = self(text, text_words, text, (language, language))
        return [
            replace(word, is_name=word.is_name or score > NAME)
            for word, score in zip(text_words, matches.name, strict=True)
        ]

    def _embedded(self, *texts: str) -> list[Embedding]:
        """The vectors of texts; those not known yet in one pass, which takes two thirds of one for each."""
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        missing = sorted(set(texts) - found.keys())
        found |= zip(missing, self._embedder.embed_passages(missing), strict=True) if missing else ()
        with self._lock:
            for text in texts:
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return [found[text] for text in texts]


def _centred(tokens: Vectors, mean: Sequence[float]) -> Vectors:
    """Token vectors about their language's mean, unit rows."""
    about = tokens - np.array(mean, dtype=np.float32)
    norms = np.linalg.norm(about, axis=1, keepdims=True)
    return np.asarray(about / np.maximum(norms, 1e-9), dtype=np.float32)
