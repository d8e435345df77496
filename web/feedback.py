"""Readers' judgements of answers, a JSON object a line, written so that no acknowledged one is lost."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corpus.errors import InvalidRequest

LONGEST_RECORD = 200_000
"""Bytes of a line: the longest question, answer and comment, six for each Arabic or Chinese letter."""

_lock = threading.Lock()


def append_feedback(path: Path, record: Mapping[str, Any]) -> None:
    """Append a record, with the time (UTC) under "at", and return once it is on the disk.

    record: JSON values. The line goes out in one write to a file opened for appending, so that servers
    sharing it do not mix their lines. Raises InvalidRequest when the record is too long or no JSON, and
    when the file cannot be written.
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        line = json.dumps({"at": at, **record}, ensure_ascii=True, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"the feedback is not JSON ({error}): send an object of JSON values") from error
    if len(line) > LONGEST_RECORD:
        raise InvalidRequest(
            f"the feedback has {len(line):,} bytes, at most {LONGEST_RECORD:,} are kept: shorten it"
        )
    try:
        with _lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            _append(path, line)
    except OSError as error:
        raise InvalidRequest(f"the feedback file {path} cannot be written: {error.strerror}") from error


def _append(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # a crash cut the last line short: it must not spoil this one
        if os.write(descriptor, line) != len(line):
            raise OSError(None, "the disk is full")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
