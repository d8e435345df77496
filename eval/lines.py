"""Lines of data files, checked: what is wrong is said with the file, the line and the mend."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn

from corpus.errors import DatasetProblem


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """1-based numbers and objects of the lines of a JSON Lines file. Raises DatasetProblem."""
    for line, text in read_lines(path):
        try:
            row = json.loads(text)
            # Half a surrogate pair, as an escape, is valid JSON but no text that could be written again.
            json.dumps(row, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError) as error:
            problem = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be parsed"
            refuse(path, line, f"this is no JSON ({problem})", "write one JSON object a line")
        if not isinstance(row, dict):
            refuse(path, line, f"a JSON {type(row).__name__} came", "write one JSON object a line")
        yield line, row


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """1-based numbers and texts of the lines that are not blank."""
    try:
        with path.open("rb") as stream:
            for line, raw in enumerate(stream, start=1):
                try:
                    text = raw.decode("utf-8-sig" if line == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    refuse(path, line, "this is not UTF-8", "save the file as UTF-8")
                if text.strip():
                    yield line, text
    except OSError as error:
        raise DatasetProblem(f"{path} cannot be read ({error.strerror}): give a file that can") from error


def read_text(path: Path, mend: str = "save the file as UTF-8") -> str:
    """A file in UTF-8, with a byte order mark or without, whole. mend: what to do when it is in another."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetProblem(f"{path} cannot be read ({error.strerror}): give a file that can") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(path, raw.count(b"\n", 0, error.start) + 1, "this is not UTF-8", mend)


def new_id(row: dict[str, Any], known: Collection[str], path: Path, line: int) -> str:
    """The "id" or "_id" of a row, which none before may have."""
    given = row.get("id", row.get("_id"))
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)  # as the reader of corpus.jsonl has it
    if not isinstance(given, str) or not given.strip():
        refuse(path, line, "there is no id", 'write a text, not empty, in "_id"')
    if given in known:
        refuse(path, line, f'the id "{given}" came before', "give every line an id of its own")
    return given


def text_of(row: dict[str, Any], key: str, path: Path, line: int) -> str:
    """A text of a row, "" where there is none."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        refuse(path, line, f'"{key}" is no text but {json.dumps(value)[:40]}', "write a text in quotes")
    return value


def strings_of(value: Any, key: str, path: Path, line: int) -> tuple[str, ...]:
    """A list of texts, none of them empty."""
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry.strip() for entry in value):
        refuse(path, line, f'"{key}" is no list of texts that are not empty', 'write ["..."]')
    return tuple(value)


def refuse(path: Path, line: int, what: str, mend: str) -> NoReturn:
    """Raise DatasetProblem for a line of a file."""
    raise DatasetProblem(f"{path}, line {line}: {what}: {mend}")
