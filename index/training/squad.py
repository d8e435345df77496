"""Training questions: SQuAD-style JSON files (2.0 too); parallel ones, one a language, share question ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.language import detect_language
from corpus.sentences import split_sentences

_HELD_OUT = 10
"""The last one of so many articles of a file is held out."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A training paragraph. article: shared by parallel paragraphs; spans: sentences as (start, end)."""

    name: str
    article: str
    title: str
    text: str
    language: str
    spans: tuple[tuple[int, int], ...]
    held_out: bool

    @property
    def source(self) -> str:
        """The file it is from; parallel ones, one a language, share it."""
        return self.article.rpartition("-")[0].rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a paragraph that answers it (its place in the list), and the answer's place in that.

    A question that its paragraph does not answer, though it is about it, has an empty place: start is end.
    """

    question_id: str
    question: str
    paragraph: int
    start: int
    end: int
    held_out: bool

    @property
    def answerable(self) -> bool:
        """Whether its paragraph answers it."""
        return self.start < self.end


def read_examples(*folders: Path) -> tuple[list[Paragraph], list[Example]]:
    """Every question with every paragraph that answers it, in whatever language; and those without answer."""
    paragraphs: list[Paragraph] = []
    asked: dict[str, list[tuple[str, int, int, int, bool]]] = {}
    for file in [file for folder in folders for file in sorted(folder.glob("*.json"))]:
        articles = json.loads(file.read_text(encoding="utf-8"))["data"]
        for number, article in enumerate(articles):
            held_out = number >= len(articles) - max(1, len(articles) // _HELD_OUT)
            for paragraph in article["paragraphs"]:
                text = paragraph["context"]
                language = detect_language(text)[0]
                paragraphs.append(
                    Paragraph(
                        f"{file.stem}-{len(paragraphs)}",
                        f"{file.parent.name}/{file.stem.split('.')[0]}-{number}",
                        article.get("title", "").replace("_", " "),
                        text,
                        language,
                        tuple(split_sentences(text, language)),
                        held_out,
                    )
                )
                for question in paragraph["qas"]:
                    span = _span(text, question["answers"])
                    if span is not None:
                        asked.setdefault(question["id"], []).append(
                            (question["question"].strip(" -"), len(paragraphs) - 1, *span, held_out)
                        )
    examples = [
        Example(question_id, question, paragraph, start, end, held_out)
        for question_id, parallel in asked.items()
        for question, *_ in parallel
        for _, paragraph, start, end, held_out in parallel
    ]
    return paragraphs, examples


def _span(text: str, answers: Sequence[Mapping[str, Any]]) -> tuple[int, int] | None:
    """The place of the first answer; an empty one where there is none, None where it is not in the text."""
    if not answers:
        return 0, 0
    answer, start = answers[0]["text"], answers[0]["answer_start"]
    if text[start : start + len(answer)] != answer:
        start = text.find(answer)
    return (start, start + len(answer)) if start >= 0 else None
