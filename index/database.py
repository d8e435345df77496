"""The truth on disk: documents, chunks and sources in SQLite (WAL, synchronous=FULL).

The name of the generation folder that was derived from them is kept in the same database, so the
transaction that changes the documents is the one that switches the derived files: a crash leaves the
old state or the new one, never a mixture.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus.document import Chunk, Document, Removed
from index.connection import (
    FILE_NAME,
    GENERATION,
    connect_to_read,
    connect_to_write,
    damaged,
    name_of,
    problem,
    problems_named,
)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What is remembered of an indexed file, to know an unchanged one without reading it."""

    name: str
    path: str
    root: str
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ChunkRecord:
    """A chunk without its text. row: the integer id that vector stores know it by."""

    row: int
    id: str
    document_id: str
    language: str
    script: str
    start: int
    end: int
    heading: str


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document without its text. characters: length of the cleaned text."""

    id: str
    source: str
    title: str
    language: str
    script: str
    characters: int
    chunks: int


class Database:
    """One connection. A reader's stays on the snapshot it opened with; a writer's sees its own changes."""

    def __init__(self, folder: Path, *, write: bool) -> None:
        path = folder / FILE_NAME
        self._lock = threading.RLock()
        if write:
            folder.mkdir(parents=True, exist_ok=True)
        with problems_named(folder):
            self._connection = connect_to_write(path) if write else connect_to_read(path)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: committed when the block ends, rolled back when it raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # SQLite itself ends one when the disk is full
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # -- meta ---------------------------------------------------------------------------------------
    def generation(self) -> str:
        """The name of the generation folder that belongs to these documents; "" before the first."""
        return name_of(self._fetch(GENERATION))

    def set_generation(self, name: str) -> None:
        self._execute("INSERT OR REPLACE INTO meta VALUES ('generation', ?)", (name,))

    # -- sources ------------------------------------------------------------------------------------
    def sources(self) -> dict[str, SourceRecord]:
        return {row[0]: SourceRecord(*row) for row in self._fetch("SELECT * FROM sources")}

    def put_source(self, record: SourceRecord) -> None:
        self._execute(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)", tuple(asdict(record).values())
        )

    def delete_source(self, name: str) -> None:
        self._execute("DELETE FROM sources WHERE name = ?", (name,))

    # -- documents ----------------------------------------------------------------------------------
    def content_hashes(self) -> dict[str, tuple[str, str]]:
        """Document id -> (source name, content hash)."""
        rows = self._fetch("SELECT id, source_name, content_hash FROM documents")
        return {row[0]: (row[1], row[2]) for row in rows}

    def put_document(self, document: Document, source_name: str, content_hash: str) -> None:
        self._execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                source_name,
                document.source,
                document.title,
                document.language,
                document.script,
                document.text,
                json.dumps(dict(document.metadata), ensure_ascii=False),
                json.dumps([asdict(piece) for piece in document.removed], ensure_ascii=False),
                json.dumps(document.pages),
                content_hash,
            ),
        )

    def delete_document(self, document_id: str) -> None:
        self._execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
        self._execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def document(self, document_id: str) -> Document | None:
        rows = self._fetch(
            "SELECT id, text, language, title, source, metadata, script, removed, pages "
            "FROM documents WHERE id = ?",
            (document_id,),
        )
        if not rows:
            return None
        key, text, language, title, source, metadata, script, removed, pages = rows[0]
        try:
            return Document(
                id=key,
                text=text,
                language=language,
                title=title,
                source=source,
                metadata=json.loads(metadata),
                script=script,
                removed=tuple(Removed(**piece) for piece in json.loads(removed)),
                pages=tuple(json.loads(pages)),
            )
        except (ValueError, TypeError) as error:
            raise damaged(f"the index's database, document {key!r},") from error

    def metadata(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Document id -> its source and metadata."""
        rows = self._fetch("SELECT id, source, metadata FROM documents")
        try:
            return {key: (source, json.loads(metadata)) for key, source, metadata in rows}
        except ValueError as error:
            raise damaged("the index's database") from error

    def summaries(self) -> list[DocumentSummary]:
        """Every document, in the order of their sources."""
        rows = self._fetch(
            "SELECT id, source, title, language, script, length(text), "
            "(SELECT count(*) FROM chunks WHERE document_id = documents.id) "
            "FROM documents ORDER BY source, id"
        )
        return [DocumentSummary(*row) for row in rows]

    # -- chunks -------------------------------------------------------------------------------------
    def add_chunk(self, chunk: Chunk, terms: Sequence[str], names: Sequence[str]) -> int:
        """Insert a chunk with its index terms (which hold no white space); returns its row."""
        with self._lock:
            cursor = self._connection.execute(
                "INSERT INTO chunks (id, document_id, language, script, start, end, heading, terms, names) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    chunk.id,
                    chunk.document_id,
                    chunk.language,
                    chunk.script,
                    chunk.start,
                    chunk.end,
                    chunk.heading,
                    " ".join(terms),
                    " ".join(names),
                ),
            )
        return int(cursor.lastrowid or 0)

    def delete_chunks(self) -> None:
        self._execute("DELETE FROM chunks")

    def chunk_records(self) -> list[ChunkRecord]:
        """Every chunk, by ascending row."""
        columns = "row, id, document_id, language, script, start, end, heading"
        return [ChunkRecord(*row) for row in self._fetch(f"SELECT {columns} FROM chunks ORDER BY row")]

    def terms(self, row: int) -> tuple[list[str], list[str]]:
        """The index terms of a chunk: of its own language, and of names across scripts."""
        found = self._fetch("SELECT terms, names FROM chunks WHERE row = ?", (row,))
        return str(found[0][0]).split(), str(found[0][1]).split()

    def problems(self) -> list[str]:
        """What SQLite's own check finds wrong; empty when all is well."""
        return [row[0] for row in self._fetch("PRAGMA integrity_check") if row[0] != "ok"]

    def _fetch(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except UnicodeEncodeError:  # a key that is no text is the key of nothing
                return []
            except sqlite3.DatabaseError as error:
                raise problem(error, "the index's database") from error

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> None:
        with self._lock:
            self._connection.execute(statement, values)


def content_hash(document: Document) -> str:
    """SHA-256 of everything of a document that is indexed or shown."""
    content = json.dumps(
        [
            document.title,
            document.text,
            document.language,
            document.source,
            dict(document.metadata),
            document.pages,
        ],
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
