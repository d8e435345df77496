"""Windows for training the span reader: with the answer, and hard ones without."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from corpus.language import detect_language
from index import terms
from index.bm25 import Bm25Index
from index.training.squad import Example, Paragraph
from qa.evidence import WINDOW_CHARACTERS, heading_before
from qa.span_model import Pair, PairTokenizer

_NEGATIVES = 0.6
"""Windows without an answer, for each with one."""

_SHARES = {
    ("arcd", "ar->ar"): 3.0,
    ("xquad", "ar->ar"): 3.0,
    ("xquad", "en->en"): 2.0,
    ("xquad", "zh->zh"): 2.0,
    ("cmrc", "zh->zh"): 0.5,
    ("drcd", "zh->zh"): 0.5,
}
"""How often a question of a file and pair of languages is seen in an epoch, where that is not once: two of
the sets are Chinese alone, and others are small."""

Target = tuple[Pair, int, int]
"""A pair with the places of the answer's first and last token; both 0 where it holds none."""


def window(paragraph: Paragraph, start: int, end: int, chance: random.Random) -> tuple[int, int]:
    """Whole sentences around a span, grown to either side by chance up to the window's size."""
    spans = paragraph.spans
    low = max(i for i, span in enumerate(spans) if span[0] <= start or i == 0)
    high = min(i for i, span in enumerate(spans) if span[1] >= end or i == len(spans) - 1)
    limit = WINDOW_CHARACTERS.get(paragraph.language, 500)
    while True:
        grown = [(low - 1, high)] if low > 0 else []
        grown += [(low, high + 1)] if high + 1 < len(spans) else []
        grown = [(a, b) for a, b in grown if spans[b][1] - spans[a][0] <= limit]
        if not grown:
            return min(spans[low][0], start), max(spans[high][1], end)
        low, high = chance.choice(grown)


class Material:
    """Windows for training: with the answer, and hard ones without."""

    def __init__(self, paragraphs: Sequence[Paragraph], tokenizer: PairTokenizer) -> None:
        self.paragraphs = paragraphs
        self._tokenizer = tokenizer
        self._places = {
            language: [i for i, one in enumerate(paragraphs) if one.language == language]
            for language in ("ar", "en", "zh")
        }
        self._bm25 = {
            language: Bm25Index.build([terms(paragraphs[i].text, language) for i in places])
            for language, places in self._places.items()
        }
        self._articles: dict[tuple[str, str], list[int]] = {}
        """Places of an article's paragraphs in a language; parallel articles have them in the same order."""
        for i, one in enumerate(paragraphs):
            self._articles.setdefault((one.article, one.language), []).append(i)

    def positive(self, example: Example, chance: random.Random) -> Target | None:
        """A pair with the places of the answer's first and last token."""
        paragraph = self.paragraphs[example.paragraph]
        low, high = window(paragraph, example.start, example.end, chance)
        head = self._heading(paragraph, chance)
        (pair,) = self._tokenizer.pairs(example.question, [head + paragraph.text[low:high]])
        starts, ends = (pair.offsets + low - len(head)).T
        inside = np.flatnonzero((ends > example.start) & (starts < example.end))
        if not len(inside):
            return None
        return pair, pair.first + int(inside[0]), pair.first + int(inside[-1])

    def negative(self, example: Example, chance: random.Random) -> Target | None:
        """A pair without the answer: from its paragraph, its article, or where the question's words are.

        Of a question without any it is from its own paragraph or article.
        """
        home = self.paragraphs[example.paragraph]
        answer = home.text[example.start : example.end]
        kind = chance.random() * (1 if example.answerable else 0.5)
        if kind < 0.3:
            paragraph = home
        elif kind < 0.55:
            paragraph = self.paragraphs[chance.choice(self._articles[home.article, home.language])]
        else:
            paragraph = self._similar(example, chance)
        start, end = chance.choice(paragraph.spans)
        low, high = window(paragraph, start, end, chance)
        text = paragraph.text[low:high]
        if example.answerable and (
            answer in text or (paragraph is home and low < example.end and high > example.start)
        ):
            return None
        (pair,) = self._tokenizer.pairs(example.question, [self._heading(paragraph, chance) + text])
        return pair, 0, 0

    @staticmethod
    def _heading(paragraph: Paragraph, chance: random.Random) -> str:
        """The title before one window in two, as a passage's heading stands before its windows."""
        return heading_before(paragraph.title) if chance.random() < 0.5 else ""

    def _similar(self, example: Example, chance: random.Random) -> Paragraph:
        """A paragraph in the home's language that shares terms with the question, be it in translation."""
        home, language = self.paragraphs[example.paragraph], detect_language(example.question)[0]
        if language not in self._bm25:
            return self.paragraphs[chance.choice(self._places[home.language])]
        scores = self._bm25[language].scores(terms(example.question, language))
        found: list[Paragraph] = []
        for best in np.argsort(-scores, kind="stable"):
            place = self._places[language][int(best)]
            paragraph = self.paragraphs[place]
            number = self._articles[paragraph.article, language].index(place)
            translations = self._articles.get((paragraph.article, home.language), [])
            if number < len(translations):
                found.append(self.paragraphs[translations[number]])
            if len(found) == 8:
                break
        # An article that is not parallel has nothing in another language.
        return chance.choice(found or [home])


def epoch(material: Material, examples: Sequence[Example], seed: int, tokens: int) -> list[list[Target]]:
    """One epoch in batches of similar length, of so many tokens at most with their padding."""
    chance = random.Random(seed)
    made = []
    for example in examples:
        paragraph = material.paragraphs[example.paragraph]
        pair = f"{detect_language(example.question)[0]}->{paragraph.language}"
        share = _SHARES.get((paragraph.source, pair), 1.0)
        for _ in range(int(share) + (chance.random() < share % 1)):
            if example.answerable:
                made.append(material.positive(example, chance))
            if not example.answerable or chance.random() < _NEGATIVES:
                made.append(material.negative(example, chance))
    items = [item for item in made if item is not None]
    chance.shuffle(items)
    groups = []
    for at in range(0, len(items), 1000):  # similar lengths together, yet mixed over the epoch
        group: list[Target] = []
        for item in sorted(items[at : at + 1000], key=lambda item: len(item[0].ids)):
            if group and (len(group) + 1) * len(item[0].ids) > tokens:
                groups.append(group)
                group = []
            group.append(item)
        groups.append(group)
    chance.shuffle(groups)
    return groups
