"""Training questions: SQuAD-style JSON files, one language each; parallel files share question ids."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from corpus.language import detect_language
from corpus.sentences import split_sentences

_HELD_OUT = 10
"""The last one of so many articles of a file is held out."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A training paragraph. article: shared by parallel paragraphs; spans: sentences as (start, end)."""

    name: str
    article: str
    text: str
    language: str
    spans: tuple[tuple[int, int], ...]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a paragraph that answers it (its place in the list), and the answer's place in that."""

    question_id: str
    question: str
    paragraph: int
    start: int
    end: int
    held_out: bool


def read_examples(folder: Path) -> tuple[list[Paragraph], list[Example]]:
    """Every question with every paragraph that answers it, in whatever language."""
    paragraphs: list[Paragraph] = []
    asked: dict[str, list[tuple[str, int, int, int, bool]]] = {}
    for file in sorted(folder.glob("*.json")):
        articles = json.loads(file.read_text(encoding="utf-8"))["data"]
        for number, article in enumerate(articles):
            held_out = number >= len(articles) - max(1, len(articles) // _HELD_OUT)
            for paragraph in article["paragraphs"]:
                text = paragraph["context"]
                language = detect_language(text)[0]
                paragraphs.append(
                    Paragraph(
                        f"{file.stem}-{len(paragraphs)}",
                        f"{file.stem.split('.')[0]}-{number}",
                        text,
                        language,
                        tuple(split_sentences(text, language)),
                        held_out,
                    )
                )
                for question in paragraph["qas"]:
                    answer, start = question["answers"][0]["text"], question["answers"][0]["answer_start"]
                    if text[start : start + len(answer)] != answer:
                        start = text.find(answer)
                    if start >= 0:
                        place = (len(paragraphs) - 1, start, start + len(answer), held_out)
                        asked.setdefault(question["id"], []).append(
                            (question["question"].strip(" -"), *place)
                        )
    examples = [
        Example(question_id, question, paragraph, start, end, held_out)
        for question_id, parallel in asked.items()
        for question, *_ in parallel
        for _, paragraph, start, end, held_out in parallel
    ]
    return paragraphs, examples
