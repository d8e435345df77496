"""JSON files of one object, or of one object a line, with the place of what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from corpus.errors import DatasetProblem


def read_json(path: Path) -> Any:
    """The value of a JSON file in UTF-8, or the list of its lines' values where each line is one.

    Raises DatasetProblem with the line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetProblem(f"{path} cannot be read ({error.strerror}): give a file that can") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DatasetProblem(f"{path}, line {line}: this is not UTF-8: save the file as UTF-8") from error
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
    """A value inside a JSON file, which knows where it stands: for messages that can be followed."""

    def __init__(self, path: Path, value: Any, where: str = "") -> None:
        self.path, self.value, self.where = path, value, where

    def refuse(self, what: str, mend: str) -> NoReturn:
        """Raise DatasetProblem for this value, with the line it is on where its text stands but once."""
        line = _line_of(self.path, self.value)
        raise DatasetProblem(f"{self.path}{line}, {self.where or 'the whole'}: {what}: {mend}")

    def get(self, *names: str) -> Place:
        """The value under the first of these names that an object has; null where it has none."""
        if not isinstance(self.value, dict):
            self.refuse(f"a JSON {type(self.value).__name__} came", f'write an object with "{names[0]}"')
        name = next((name for name in names if name in self.value), names[0])
        return Place(self.path, self.value.get(name), f"{self.where}.{name}" if self.where else name)

    def each(self) -> list[Place]:
        """The values of a list."""
        if not isinstance(self.value, list):
            self.refuse(f"no list but {json.dumps(self.value)[:40]}", "write a list [...]")
        return [Place(self.path, one, f"{self.where}[{n}]") for n, one in enumerate(self.value)]

    def text(self, *, empty: bool = False) -> str:
        """A text; a number becomes one. Refuses an empty one unless it may be."""
        value = self.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not (value.strip() or empty):
            what = "it is missing" if value is None else f"no text but {json.dumps(value)[:40]}"
            self.refuse(what, "write a text that is not empty")
        return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _line_of(path: Path, value: Any) -> str:
    """ ", line N" where a text or an object's id stands in the file, "" where that cannot be told."""
    known = value
    if isinstance(value, dict):
        known = next((value[name] for name in ("id", "query_id", "context_id") if name in value), None)
    if not isinstance(known, str) or not known:
        return ""
    raw = path.read_text(encoding="utf-8-sig", errors="replace")
    forms = [json.dumps(known, ensure_ascii=False), json.dumps(known)]
    at = max(raw.rfind(form) for form in forms)  # of two that are equal the second is the wrong one
    return f", line {raw.count(chr(10), 0, at) + 1}" if at >= 0 else ""
