"""Questions from a file, one JSON object a line, and an answer to each, in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import InvalidRequest, TriciteError


def read_batch(path: Path) -> list[tuple[Any, str | None]]:
    """(id, question) of every line; (id, None) where a line holds no question."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the batch file {path} cannot be read as UTF-8 text: {error}") from error
    return [_read_line(line) for line in lines if line.strip()]


def _read_line(line: str) -> tuple[Any, str | None]:
    try:
        row = json.loads(line)
        json.dumps(row, allow_nan=False)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(row, dict):
        return None, None
    question = row.get("question")
    return row.get("id"), question if isinstance(question, str) else None


def answer_batch(
    questions: Sequence[tuple[Any, str | None]], answer: Callable[[Any, str], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The answer to each question; {"id", "error"} for one that has none."""
    for number, (question_id, text) in enumerate(questions, start=1):
        if text is None:
            error = (
                f'question {number} is not a JSON object on one line: wanted {{"id": ..., "question": "..."}}'
            )
            yield {"id": question_id, "error": error}
            continue
        try:
            yield answer(question_id, text)
        except TriciteError as problem:
            yield {"id": question_id, "error": str(problem)}
