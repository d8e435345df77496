"""Build and update an index: files -> documents -> chunks -> vectors and terms -> one transaction.

What has not changed is not read, not split and not embedded again. Work is committed every minute or so:
a killed run keeps what it had committed and the next one goes on from there.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import IndexLocked, IndexProblem, InvalidRequest
from corpus.sources import find_sources
from corpus.splitting import Splitter
from index.connection import require_index
from index.database import Database
from index.embedder import Embedder
from index.report import IndexReport
from index.writer import Writer

_LOCK_SECONDS = 5.0

Progress = Callable[[str, int, int, int], None]
"""Called with a source's name, its number, the number of sources, and the passages embedded so far."""


def update_index(
    folder: Path,
    paths: Sequence[Path],
    embedder: Embedder,
    *,
    splitter: Splitter,
    prune: bool = False,
    token_vectors: bool = True,
    progress: Progress | None = None,
) -> IndexReport:
    """Add or update the documents found at paths; with prune, remove those whose files are gone.

    token_vectors: whether a new index keeps them; one that is there goes on as it was made.
    An unreadable file is reported and the version indexed before it, if any, is kept. Raises
    InvalidRequest when nothing at paths can be read and there is no index yet, IndexLocked, IndexMismatch,
    IndexDamaged, IndexProblem.
    """
    started = time.perf_counter()
    found = find_sources(paths, empty=prune)
    with _writer(folder, embedder, splitter, token_vectors=token_vectors) as writer:
        writer.report.skipped = [(str(item.path), item.reason) for item in found.skipped]
        for number, source in enumerate(found.files, start=1):
            if progress:
                writer.embedded = partial(progress, source.name, number, len(found.files))
                writer.embedded(writer.report.chunks)
            writer.take(source)
        if prune or not writer.hashes:
            writer.report.require_read()
        if prune:
            writer.prune(paths, found)
        writer.commit()
        report = writer.report
    report.seconds = time.perf_counter() - started
    return report


def remove_documents(
    folder: Path, document_ids: Sequence[str], embedder: Embedder, *, splitter: Splitter
) -> IndexReport:
    """Remove documents by id. Raises InvalidRequest, and removes nothing, when one is not there."""
    require_index(folder)
    with _writer(folder, embedder, splitter) as writer:
        unknown = [name for name in document_ids if name not in writer.hashes]
        if unknown:
            raise InvalidRequest(
                f"no document {unknown[0]!r} in the index at {folder}: `tricite status` lists their ids"
            )
        for document_id in dict.fromkeys(document_ids):
            writer.remove(document_id)
        writer.commit()
        return writer.report


def rebuild_index(
    folder: Path, embedder: Embedder, *, splitter: Splitter, token_vectors: bool = True
) -> IndexReport:
    """Make all derived files again, from the stored documents, with these settings."""
    require_index(folder)
    with _writer(folder, embedder, splitter, token_vectors=token_vectors, rebuild=True) as writer:
        for document_id in writer.hashes:
            document = writer.database.document(document_id)
            if document is not None:
                writer.embed(document)
        writer.commit(force=True)
        return writer.report


@contextmanager
def _writer(
    folder: Path,
    embedder: Embedder,
    splitter: Splitter,
    *,
    token_vectors: bool = True,
    rebuild: bool = False,
) -> Iterator[Writer]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "write.lock")
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:
        raise IndexLocked(f"another process is writing the index at {folder}: wait for it to end") from error
    except OSError as error:
        raise InvalidRequest(f"the index folder {folder} cannot be written: {error.strerror}") from error
    try:
        database = Database(folder, write=True)
        try:
            yield Writer(folder, database, embedder, splitter, token_vectors=token_vectors, rebuild=rebuild)
        except (sqlite3.Error, OSError) as error:
            raise IndexProblem(
                f"the index at {folder} cannot be written ({error}): it is as it was; free some space, or "
                "take another folder, and try again"
            ) from error
        finally:
            database.close()
    finally:
        lock.release()
