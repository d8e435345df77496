"""JSON files of one object, or of one object a line, with the place of what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from corpus.errors import DatasetProblem
from eval.lines import read_text, refuse

_DECODER = json.JSONDecoder()


def read_json(path: Path) -> Any:
    """The value of a JSON file in UTF-8, or the list of its lines' values where each line is one.

    Raises DatasetProblem with the line.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and error.lineno > 1:
            return _read_lines(path, text)
        mend = "mend the JSON there, or save the file again from where it came"
        raise DatasetProblem(f"{path}, line {error.lineno}: this is no JSON ({error.msg}): {mend}") from error
    except RecursionError as error:
        raise DatasetProblem(f"{path} is nested too deeply: it is no evaluation set") from error


def _read_lines(path: Path, text: str) -> list[Any]:
    found = []
    for line, one in enumerate(text.split("\n"), start=1):
        if one.strip():
            try:
                found.append(json.loads(one))
            except (ValueError, RecursionError) as error:
                problem = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be parsed"
                raise DatasetProblem(
                    f"{path}, line {line}: this is no JSON ({problem}): write one JSON object a line"
                ) from error
    return found


class Place:
    """A value inside a JSON file, which knows where it stands: for messages that can be followed.

    steps: the keys and numbers that lead to it from the whole.
    """

    def __init__(self, path: Path, value: Any, steps: tuple[str | int, ...] = ()) -> None:
        self.path, self.value, self.steps = path, value, steps

    def refuse(self, what: str, mend: str) -> NoReturn:
        """Raise DatasetProblem for this value, with its line and the way to it."""
        way = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        place = f"{way.removeprefix('.')}: " if way else ""
        refuse(self.path, line_of(read_text(self.path), self.steps), place + what, mend)

    def get(self, *names: str) -> Place:
        """The value under the first of these names that an object has; null where it has none."""
        if not isinstance(self.value, dict):
            self.refuse(f"a JSON {type(self.value).__name__} came", f'write an object with "{names[0]}"')
        name = next((name for name in names if name in self.value), names[0])
        return Place(self.path, self.value.get(name), (*self.steps, name))

    def each(self) -> list[Place]:
        """The values of a list."""
        if not isinstance(self.value, list):
            self.refuse(f"no list but {json.dumps(self.value)[:40]}", "write a list [...]")
        return [Place(self.path, one, (*self.steps, n)) for n, one in enumerate(self.value)]

    def text(self, *, empty: bool = False) -> str:
        """A text; a number becomes one. Refuses an empty one unless it may be."""
        value = self.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not (value.strip() or empty):
            what = "it is missing" if value is None else f"no text but {json.dumps(value)[:40]}"
            self.refuse(what, "write a text that is not empty")
        return value.encode("utf-8", "backslashreplace").decode("utf-8")


def line_of(text: str, steps: Sequence[str | int]) -> int:
    """The 1-based line on which a value of a JSON text begins, or where it is missing, what should hold it.

    A text of one value a line is a list of them, as read_json has it.
    """
    at = _behind_space(text, 0)
    try:
        _, end = _DECODER.raw_decode(text, at)
        if text[end:].strip() and steps:  # one value a line
            number = int(steps[0])
            starts = [found.start() for found in re.finditer(r"^.*\S.*$", text, re.MULTILINE)]
            at, steps = _behind_space(text, starts[number]), steps[1:]
        for step in steps:
            inner = _member(text, at, step)
            if inner is None:
                break
            at = inner
    except (ValueError, IndexError):
        pass  # the file has changed meanwhile: the line so far
    return text.count("\n", 0, at) + 1


def _member(text: str, at: int, step: str | int) -> int | None:
    """Where the value under a key or number begins, in the object or list that begins at a place."""
    at = _behind_space(text, at + 1)
    number = 0
    while text[at] not in "}]":
        key: str | int = number
        if isinstance(step, str):
            key, at = _DECODER.raw_decode(text, at)
            at = _behind_space(text, _behind_space(text, at) + 1)  # the colon
        if key == step:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at = _behind_space(text, at)
        at = _behind_space(text, at + 1) if text[at] == "," else at
        number += 1
    return None


def _behind_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
