"""Lines of JSON -> Extracted, one document a line, verbatim."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from corpus.encoding import decode
from corpus.errors import UnreadableSource
from corpus.readers.extracted import Extracted

MAX_LINE_BYTES = 100 * 1024 * 1024
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")


def read_jsonl(path: Path) -> Iterator[Extracted | UnreadableSource]:
    """Read {"id" or "_id", "title", "text", "language"?, "metadata"?} from every line, one at a time.

    A line that is no such object, has no id or no text, or repeats an id comes out as UnreadableSource
    with its number; the lines after it are read all the same. Blank lines are passed over.
    """
    seen: set[str] = set()
    with _opened(path) as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                if len(line) > MAX_LINE_BYTES:
                    _pass_over_line(file)
                    raise UnreadableSource(f"is longer than {MAX_LINE_BYTES >> 20} MB: split the document")
                extracted = _read_line(line)
                if extracted.given_id in seen:
                    raise UnreadableSource(f"repeats the id {extracted.given_id!r}: give every line its own")
            except UnreadableSource as error:
                yield UnreadableSource(f"line {number} {error}")
            else:
                seen.add(extracted.given_id or "")
                yield extracted


def _opened(path: Path) -> BinaryIO:
    """The file's lines in UTF-8, whatever encoding a first line that is no JSON in UTF-8 shows."""
    file = path.open("rb")
    first = file.readline(MAX_LINE_BYTES)
    file.seek(0)
    try:
        json.loads(first.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        if _looks_encoded(first) and path.stat().st_size <= MAX_LINE_BYTES:
            with file:
                return io.BytesIO(decode(file.read()).text.encode("utf-8", "replace"))
    return file


def _looks_encoded(line: bytes) -> bool:
    """Is this text in another encoding than UTF-8?"""
    try:
        return "\0" in line.decode("utf-8")
    except UnicodeDecodeError:
        return True


def _pass_over_line(file: Any) -> None:
    while (piece := file.readline(MAX_LINE_BYTES)) and not piece.endswith(b"\n"):
        pass


def _read_line(line: bytes) -> Extracted:
    try:
        record = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
        # A lone surrogate escape is valid JSON but no text, 1e999 no number: nothing could store them.
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise UnreadableSource("is not valid JSON in UTF-8: write one object a line") from error
    if not isinstance(record, dict):
        raise UnreadableSource('is no JSON object: wanted {"id", "title", "text"}')
    given_id = record.get("id", record.get("_id"))
    if isinstance(given_id, int) and not isinstance(given_id, bool):
        given_id = str(given_id)
    if not isinstance(given_id, str) or not given_id.strip():
        raise UnreadableSource('has no id: give every line an "id"')
    text = record.get("text")
    if not isinstance(text, str) or not text.strip():
        raise UnreadableSource('has no text: give every line a "text"')
    title, language, metadata = (record.get(name) for name in ("title", "language", "metadata"))
    for name, value, kind in (
        ("title", title, str),
        ("language", language, str),
        ("metadata", metadata, dict),
    ):
        if value is not None and not isinstance(value, kind):
            raise UnreadableSource(f'has a "{name}" that is no {"object" if kind is dict else "string"}')
    if language and not _LANGUAGE_TAG.fullmatch(language.strip()):
        raise UnreadableSource(f'has the "language" {language[:20]!r}: wanted a code such as "ar" or "zh-TW"')
    return Extracted(
        text, title or "", metadata or {}, given_id=given_id, given_language=language or None, verbatim=True
    )


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")
