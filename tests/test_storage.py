"""The index folder in hard places: read-only, on a full disk, with another writer, under a reader's hands."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

import index.connection as connection
import index.indexing as indexing
import index.reader as reader
import index.writer as writer
from corpus.errors import IndexDamaged, IndexLocked, IndexMissing, IndexProblem, InvalidRequest
from corpus.sources import document_id
from corpus.splitting import Splitter
from index import HybridRetriever, Index, IndexReport, Query, remove_documents, update_index
from index.embedder import HashEmbedder

ROOT = Path(__file__).resolve().parents[1]
SPLITTER = Splitter()


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"Pier {number} opens at {number + 6}.", encoding="utf-8")
    return folder


def build(folder: Path, *paths: Path) -> IndexReport:
    return update_index(folder, paths, HashEmbedder(), splitter=SPLITTER)


def sources(folder: Path) -> list[str]:
    """What is indexed, once the whole index was found sound."""
    index = Index(folder, HashEmbedder(), SPLITTER)
    try:
        assert index.problems() == []
        return [document.source for document in index.documents()]
    finally:
        index.close()


# Even the superuser may not write where nobody may, without its capabilities.
ORDINARY_USER = """
import ctypes, os, sys
from pathlib import Path
from corpus.errors import TriciteError
from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, update_index
from index.embedder import HashEmbedder
if sys.platform == "linux":
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0
folder, documents = map(Path, sys.argv[1:])
assert not os.access(folder, os.W_OK)
index = Index(folder, HashEmbedder(), Splitter())
hits = HybridRetriever(index).search(Query("When does pier 2 open?", "en"), 1)
print(hits[0].chunk.text, index.is_current(), index.problems())
try:
    update_index(folder, [documents], HashEmbedder(), splitter=Splitter())
except TriciteError as error:
    print(error)
"""


def test_an_ordinary_user_asks_a_read_only_index(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    before = sorted(path.name for path in folder.iterdir())
    folder.chmod(0o555)
    (folder / "write.lock").chmod(0o444)
    try:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", ORDINARY_USER, folder, documents],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
        )
    finally:
        folder.chmod(0o755)
    found, refused = done.stdout.splitlines()
    assert found == "Pier 2 opens at 8. True []", done.stderr
    assert "cannot be written" in refused and done.returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_full_disk_leaves_the_index_as_it_was(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    (documents / "new.txt").write_text("Pier 9 is new.", encoding="utf-8")
    generations = sorted((folder / "generations").iterdir())

    def half(path: Path, *arguments: object) -> None:
        path.mkdir()
        (path / "vectors.faiss").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(writer, "write_generation", half)
        with pytest.raises(IndexProblem, match=r"No space left.*it is as it was; free some space"):
            build(folder, documents)
    assert sorted((folder / "generations").iterdir()) == generations
    assert len(sources(folder)) == 4
    assert len(build(folder, documents).added) == 1
    assert "new.txt" in sources(folder)


def test_a_database_that_may_not_grow_leaves_the_index_as_it_was(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    (documents / "long.txt").write_text("Pier 9 is long. " * 20_000, encoding="utf-8")
    connect = connection._connect

    def small(path: Path, options: str) -> sqlite3.Connection:
        found = connect(path, options)
        found.execute("PRAGMA max_page_count = 20")
        return found

    with monkeypatch.context() as full:
        full.setattr(connection, "_connect", small)
        with pytest.raises(IndexProblem, match="full"):
            build(folder, documents)
    assert len(sources(folder)) == 4


def test_a_database_whose_first_writer_was_killed_is_empty(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "documents.sqlite").write_bytes(b"")
    with pytest.raises(IndexMissing, match="is empty: add documents"):
        Index(folder, HashEmbedder(), SPLITTER)
    assert len(build(folder, documents).added) == 4
    assert len(sources(folder)) == 4


def test_one_writer_at_a_time(documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    monkeypatch.setattr(indexing, "_LOCK_SECONDS", 0.05)
    with FileLock(folder / "write.lock"):
        with pytest.raises(IndexLocked, match="wait"):
            build(folder, documents)
        assert len(sources(folder)) == 4
    assert build(folder, documents).unchanged == 4


def test_a_reader_whose_files_are_taken_away_opens_newer_ones(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two commits between a reader's look at the database and at the files: the files are gone by then."""
    folder = tmp_path / "index"
    build(folder, documents)
    opened: list[str] = []

    def slowly(path: Path, *arguments: object) -> object:
        if not opened:
            for number in range(2):
                remove_documents(folder, [document_id(f"{number}.txt")], HashEmbedder(), splitter=SPLITTER)
        opened.append(path.name)
        return open_generation(path, *arguments)  # type: ignore[arg-type]

    open_generation = reader.open_generation
    monkeypatch.setattr(reader, "open_generation", slowly)
    assert sources(folder) == ["2.txt", "3.txt"]
    assert len(opened) == 2
    (folder / "generations" / opened[-1] / "manifest.json").unlink()
    with pytest.raises(IndexDamaged, match="tricite repair"):
        Index(folder, HashEmbedder(), SPLITTER)


def test_documents_are_removed_while_a_question_is_answered(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    index = Index(folder, HashEmbedder(), SPLITTER)
    retriever = HybridRetriever(index)
    ids = [document_id(f"{number}.txt") for number in range(3)]
    for one in ids:
        remove_documents(folder, [one], HashEmbedder(), splitter=SPLITTER)
    hits = retriever.search(Query("When does pier 1 open?", "en"), 1)
    assert index.document(hits[0].chunk.document_id).text == hits[0].chunk.text == "Pier 1 opens at 7."
    assert not index.is_current()
    index.close()
    assert sources(folder) == ["3.txt"]


def test_a_thousand_bad_lines_are_told_in_short(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    good = json.dumps({"id": "a", "text": "Pier 1 opens at 7."})
    file.write_text("not JSON\n" * 999 + good + "\n", encoding="utf-8")
    report = build(tmp_path / "index", file)
    assert report.added == ["a"]
    assert len(report.unreadable) == 21
    assert report.unreadable[-1][1].startswith("979 more like these, the last: line 999 ")


def test_one_id_in_two_files_belongs_to_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    for name, others in (("one", ["x"]), ("two", ["y"])):
        rows = [{"id": key, "text": f"{name} tells of {key}."} for key in ["same", *others]]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    report = build(folder, tmp_path / "one.jsonl", tmp_path / "two.jsonl")
    assert report.added == ["same", "x", "y"]
    assert report.unreadable == [
        ("two.jsonl#same", "its id 'same' belongs to a document of one.jsonl: give it another id")
    ]
    assert sources(folder) == ["one.jsonl#same", "one.jsonl#x", "two.jsonl#y"]


def test_a_file_that_vanishes_is_reported_and_the_rest_is_indexed(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, moment in (("before", "sha256"), ("between", "load_documents")):
        (documents / "1.txt").write_text("Pier 1 opens at 7.", encoding="utf-8")
        original = getattr(writer, moment)

        def vanish(taken: object, original: object = original) -> object:
            (documents / "1.txt").unlink(missing_ok=True)
            return original(taken)  # type: ignore[operator]

        with monkeypatch.context() as patched:
            patched.setattr(writer, moment, vanish)
            report = build(tmp_path / name, documents)
        assert [source for source, _ in report.unreadable] == ["1.txt"]
        assert "cannot be opened" in report.unreadable[0][1]
        assert sources(tmp_path / name) == ["0.txt", "2.txt", "3.txt"]


def test_nothing_that_could_be_read_is_an_error_to_be_told(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    (tmp_path / "empty.txt").write_bytes(b"")
    report = build(folder, tmp_path / "empty.txt")
    with pytest.raises(InvalidRequest, match=r"empty\.txt: is empty"):
        report.require_read()
    assert len(sources(folder)) == 4
    build(folder, documents, tmp_path / "empty.txt").require_read()
