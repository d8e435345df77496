"""Connections to an index's database, and the errors of SQLite as errors of ours."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import IndexDamaged, IndexLocked, IndexMissing, IndexProblem

FILE_NAME = "documents.sqlite"
GENERATION = "SELECT value FROM meta WHERE key = 'generation'"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (
    name TEXT PRIMARY KEY, path TEXT NOT NULL, root TEXT NOT NULL,
    size INTEGER NOT NULL, modified INTEGER NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, source_name TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL,
    language TEXT NOT NULL, script TEXT NOT NULL, text TEXT NOT NULL, metadata TEXT NOT NULL,
    removed TEXT NOT NULL, pages TEXT NOT NULL, content_hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS documents_by_source ON documents (source_name);
CREATE TABLE IF NOT EXISTS chunks (
    row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, document_id TEXT NOT NULL,
    language TEXT NOT NULL, script TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    heading TEXT NOT NULL, terms TEXT NOT NULL, names TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_by_document ON chunks (document_id);
"""


def require_index(folder: Path) -> None:
    """Raise IndexMissing unless there is an index at folder, IndexProblem where one may not look."""
    try:
        found = (folder / FILE_NAME).is_file()
    except OSError as error:
        raise IndexProblem(f"the index folder {folder} cannot be opened: {error.strerror}") from error
    if not found:
        raise IndexMissing(
            f"there is no index at {folder}: make one with `tricite index PATH --index {folder}`"
        )


def current_generation(folder: Path) -> str:
    """The name of the generation that the index at folder has now; "" before its first."""
    path = folder / FILE_NAME
    with problems_named(folder):
        try:
            connection = _connect(path, "mode=ro")
            rows = connection.execute(GENERATION).fetchall()
        except sqlite3.OperationalError:
            if not _unwritable_at_rest(path):
                raise
            connection = _connect(path, "immutable=1")
            rows = connection.execute(GENERATION).fetchall()
        connection.close()
    return name_of(rows)


class GenerationWatch:
    """Whether an index still has a generation, at next to no cost while nobody writes.

    SQLite tells a connection that stays open when another one has committed. Safe to share between threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._lock = threading.Lock()
        self._name, self._seen = "", -1
        self._file = _file_at(self._path)
        self._connection: sqlite3.Connection | None = None
        with contextlib.suppress(sqlite3.DatabaseError):
            self._connection = _connect(self._path, "mode=ro")

    def still(self, name: str) -> bool:
        """Whether the index is the one there was at first, and its generation has this name."""
        with self._lock:
            found = _file_at(self._path)
            if found and self._file and found != self._file:  # the folder was removed and made again
                return False
            version = self._version() if found else -1
            if version < 0 or version != self._seen:
                self._name, self._seen = current_generation(self._folder), version
            return self._name == name

    def close(self) -> None:
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    def _version(self) -> int:
        """What changes whenever the database does; -1 where that cannot be told."""
        with contextlib.suppress(sqlite3.DatabaseError):
            if self._connection:
                return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        return -1


def _file_at(path: Path) -> tuple[int, int] | None:
    """A file's identity, which no other has while it is open; None where there is none to be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def name_of(rows: Sequence[tuple[Any, ...]]) -> str:
    return str(rows[0][0]) if rows else ""


def _connect(path: Path, options: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def connect_to_write(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "mode=rwc")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_SCHEMA)
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection inside a read transaction: it stays on the documents of this moment."""
    try:
        connection = _connect(path, "mode=ro")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.OperationalError:
        if not _unwritable_at_rest(path):
            raise
        return _copied(path)
    return connection


def _unwritable_at_rest(path: Path) -> bool:
    """Is this a database that SQLite cannot open only because it may not make its own files beside it?"""
    return not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def _copied(path: Path) -> sqlite3.Connection:
    """The database copied to memory: one that another user writes may change under a plain reader."""
    source = _connect(path, "immutable=1")
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    before = path.stat()
    source.backup(copy)
    source.close()
    after = path.stat()
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise IndexLocked(f"the index at {path.parent} is being written: try again")
    return copy


@contextlib.contextmanager
def problems_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise problem(error, f"the index at {folder}") from error


def problem(error: sqlite3.DatabaseError, what: str) -> IndexProblem:
    """What to tell of an error of SQLite: an operational one is no damage, but of the disk or its rights."""
    if "no such table" in str(error):  # its first writer was killed before it made them
        return IndexMissing(f"{what} is empty: add documents with `tricite index PATH`")
    if "decode" in str(error):  # operational to SQLite, and it repeats the text that is no text
        return damaged(what)
    if isinstance(error, sqlite3.OperationalError):
        return IndexProblem(
            f"{what} cannot be opened ({error}): see whether the disk is full and the folder may be written"
        )
    return damaged(what, f" ({error})")


def damaged(what: str, how: str = "") -> IndexDamaged:
    """What to tell of an index whose documents are not as they were written."""
    return IndexDamaged(f"{what} cannot be read{how}: it is damaged; index your documents into a new folder")
