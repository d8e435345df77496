"""Indexing and reading back: updates, removal, prune, damage, crashes. No model: HashEmbedder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from corpus.errors import IndexDamaged, IndexMismatch, IndexMissing, IndexProblem, InvalidRequest
from corpus.sources import document_id
from corpus.splitting import Splitter
from index import (
    HybridRetriever,
    Index,
    IndexReport,
    Query,
    rebuild_index,
    remove_documents,
    stored_document,
    update_index,
)
from index.embedder import Embedding, HashEmbedder

SPLITTER = Splitter()
TEXTS = {
    "bakery.txt": "The bakery on Mill Street opens at six. Anna Berg bakes forty loaves of rye bread a day.",
    "trams.txt": "Tram line nine carries 12,000 passengers a day between the harbour and the airport.",
    "مخبز.txt": "يفتح المخبز أبوابه عند السادسة صباحا. تخبز آنا أربعين رغيفا كل يوم في شارع الطاحونة.",
    "图书馆.txt": "市立图书馆每天上午九点开门，藏书三十万册。馆长王芳说，明年将增设儿童阅览室。",
}


class CountingEmbedder(HashEmbedder):
    """A HashEmbedder that remembers which passages it embedded."""

    def __init__(self, dim: int = 64) -> None:
        super().__init__(dim)
        self.passages: list[str] = []

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Embedding]:
        self.passages += texts
        return super().embed_passages(texts, contexts)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(
    folder: Path, *paths: Path, embedder: HashEmbedder | None = None, prune: bool = False
) -> IndexReport:
    return update_index(folder, paths, embedder or HashEmbedder(), splitter=SPLITTER, prune=prune)


def sources(folder: Path) -> list[str]:
    index = Index(folder, HashEmbedder(), SPLITTER)
    try:
        return [document.source for document in index.documents()]
    finally:
        index.close()


def best(folder: Path, question: str, language: str = "en") -> str:
    index = Index(folder, HashEmbedder(), SPLITTER)
    try:
        hits = HybridRetriever(index).search(Query(question, language), 3)
        return index.document(hits[0].chunk.document_id).source
    finally:
        index.close()


def test_index_and_search(documents: Path, tmp_path: Path) -> None:
    report = build(tmp_path / "index", documents)
    assert len(report.added) == 4 and report.documents == 4 and report.chunks == 4
    assert sources(tmp_path / "index") == sorted(TEXTS)
    assert best(tmp_path / "index", "How many passengers does tram line nine carry?") == "trams.txt"
    assert best(tmp_path / "index", "متى يفتح المخبز؟", "ar") == "مخبز.txt"
    assert best(tmp_path / "index", "图书馆几点开门？", "zh") == "图书馆.txt"


def test_chunks_are_slices_of_their_documents(documents: Path, tmp_path: Path) -> None:
    build(tmp_path / "index", documents)
    index = Index(tmp_path / "index", HashEmbedder(), SPLITTER)
    rows = [int(row) for part in index.partitions.values() for row in part.rows]
    assert len(rows) == 4
    for row in rows:
        chunk = index.chunk(row)
        assert index.document(chunk.document_id).text[chunk.start : chunk.end] == chunk.text
    assert index.problems() == []
    index.close()


def test_unchanged_files_are_not_embedded_again(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    again = CountingEmbedder()
    assert build(folder, documents, embedder=again).unchanged == 4
    (documents / "trams.txt").touch()
    assert build(folder, documents, embedder=again).unchanged == 4
    assert again.passages == []
    (documents / "trams.txt").write_text("Tram line nine was closed in 2021.", encoding="utf-8")
    report = build(folder, documents, embedder=again)
    assert len(report.updated) == 1 and report.unchanged == 3
    assert again.passages == ["Tram line nine was closed in 2021."]
    assert best(folder, "When was tram line nine closed?") == "trams.txt"
    assert best(folder, "Who bakes rye bread?") == "bakery.txt"  # its vectors came from the old generation


def test_a_moved_folder_is_the_same_folder(documents: Path, tmp_path: Path) -> None:
    build(tmp_path / "index", documents)
    moved = documents.rename(tmp_path / "moved")
    again = CountingEmbedder()
    report = build(tmp_path / "index", moved, embedder=again)
    assert (report.unchanged, again.passages) == (4, [])


def test_same_name_under_two_roots_is_refused_and_reported(documents: Path, tmp_path: Path) -> None:
    build(tmp_path / "index", documents)
    other = tmp_path / "other"
    other.mkdir()
    (other / "trams.txt").write_text("Another text about trams.", encoding="utf-8")
    (other / "ferries.txt").write_text("The ferry sails at noon.", encoding="utf-8")
    report = build(tmp_path / "index", other)
    assert len(report.added) == 1
    assert "same name" in report.unreadable[0][1]
    assert best(tmp_path / "index", "How many passengers does tram line nine carry?") == "trams.txt"


def test_remove(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    ids = {d.source: d.id for d in Index(folder, HashEmbedder(), SPLITTER).documents()}
    with pytest.raises(InvalidRequest, match="nobody"):
        remove_documents(folder, [ids["trams.txt"], "nobody"], HashEmbedder(), splitter=SPLITTER)
    assert len(sources(folder)) == 4
    remove_documents(folder, [ids["trams.txt"]], HashEmbedder(), splitter=SPLITTER)
    assert "trams.txt" not in sources(folder)
    build(folder, documents)  # the file is still there: it is indexed again
    assert "trams.txt" in sources(folder)


def test_remove_the_last_document(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("Only this document.", encoding="utf-8")
    report = build(tmp_path / "index", tmp_path / "one.txt")
    remove_documents(tmp_path / "index", report.added, HashEmbedder(), splitter=SPLITTER)
    index = Index(tmp_path / "index", HashEmbedder(), SPLITTER)
    assert HybridRetriever(index).search(Query("anything", "en"), 5) == []
    index.close()


def test_prune(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    (documents / "trams.txt").unlink()
    assert build(folder, documents).removed == []
    assert len(build(folder, documents, prune=True).removed) == 1
    assert "trams.txt" not in sources(folder)


def test_prune_empties_a_folder_whose_last_file_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text("Anna bakes rye bread.")
    build(tmp_path / "index", tmp_path / "a")
    (tmp_path / "a" / "one.txt").unlink()
    assert len(build(tmp_path / "index", tmp_path / "a", prune=True).removed) == 1
    assert sources(tmp_path / "index") == []


def test_prune_keeps_what_could_not_be_looked_at(documents: Path, tmp_path: Path) -> None:
    (documents / "sub").mkdir()
    (documents / "sub" / "owls.txt").write_text("Owls hunt at night.")
    build(tmp_path / "index", documents)
    (documents / "sub").rename(tmp_path / "elsewhere")
    (documents / "sub").symlink_to(tmp_path / "elsewhere")
    report = build(tmp_path / "index", documents, prune=True)
    assert [Path(name).name for name, _ in report.skipped] == ["sub"]
    assert report.removed == []


def test_prune_removes_nothing_where_nothing_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text("Anna bakes rye bread.")
    build(tmp_path / "index", tmp_path / "a")
    (tmp_path / "a" / "one.txt").unlink()
    (tmp_path / "a" / "two.txt").write_bytes(b"")
    with pytest.raises(InvalidRequest, match="none of the files could be read"):
        build(tmp_path / "index", tmp_path / "a", prune=True)
    assert sources(tmp_path / "index") == ["one.txt"]


@pytest.mark.parametrize("prune", [False, True])
def test_documents_come_along_when_their_file_is_renamed(tmp_path: Path, prune: bool) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "old.jsonl").write_text('{"id": "a", "text": "Anna keeps bees."}\n')
    build(tmp_path / "index", folder)
    (folder / "old.jsonl").rename(folder / "new.jsonl")
    report = build(tmp_path / "index", folder, prune=prune)
    assert (report.unreadable, report.removed, report.documents) == ([], [], 1)
    assert sources(tmp_path / "index") == ["new.jsonl#a"]
    assert build(tmp_path / "index", folder, prune=True).unchanged == 1


def test_a_file_keeps_its_name_from_whatever_folder_it_is_reached(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "n.txt").write_text(f"The hall of {name} has 3 chairs.")
    index = tmp_path / "index"
    build(index, tmp_path / "a" / "sub")
    build(index, tmp_path / "a", tmp_path / "b")
    assert sources(index) == ["b/sub/n.txt", "n.txt"]
    (tmp_path / "a" / "sub" / "n.txt").write_text("The hall of a has 88 chairs.")
    report = build(index, tmp_path / "a", tmp_path / "b", prune=True)
    assert (len(report.updated), report.unchanged, report.removed) == (1, 1, [])
    assert build(index, tmp_path / "b" / "sub").unchanged == 1


def test_a_document_that_was_changed_on_disk_is_found(documents: Path, tmp_path: Path) -> None:
    build(tmp_path / "index", documents)
    database = tmp_path / "index" / "documents.sqlite"
    database.write_bytes(database.read_bytes().replace(b"forty loaves", b"fifty loaves"))
    index = Index(tmp_path / "index", HashEmbedder(), SPLITTER)
    assert [problem[-24:] for problem in index.problems()] == ["is not as it was written"]
    index.close()
    database.write_bytes(database.read_bytes().replace(b'"encoding": "utf-8"', b'"encoding": "utf-8?'))
    with pytest.raises(IndexDamaged, match="index your documents into a new folder"):
        stored_document(tmp_path / "index", document_id("bakery.txt"))


def test_jsonl_documents_keep_their_ids_and_text(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    rows = [
        {
            "_id": "a-1",
            "title": "Ferry",
            "text": "  The ferry (fēi) sails\n\n\n at noon.  ",
            "language": "en",
        },
        {"id": "b/2", "title": "", "text": "博物馆周一闭馆。", "metadata": {"year": 2020}},
    ]
    file.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows) + "{broken\n", "utf-8"
    )
    folder = tmp_path / "index"
    report = build(folder, file)
    assert report.added == ["a-1", "b/2"]
    assert len(report.unreadable) == 1 and "3" in " ".join(report.unreadable[0])
    assert stored_document(folder, "a-1").text == rows[0]["text"]
    assert stored_document(folder, "b/2").source == "corpus.jsonl#b/2"
    assert stored_document(folder, "b/2").metadata["year"] == 2020
    file.write_text(json.dumps(rows[1]) + "\n", "utf-8")
    assert build(folder, file).removed == ["a-1"]


def test_bad_lines_do_not_stop_the_others(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    rows: list[dict[str, object]] = [
        {"id": "a", "text": "The lizard sleeps at noon.", "language": "中文"},
        {"id": "b", "text": "The lizard sleeps at noon.", "language": "../../evil"},
        {"id": "c", "text": "The lizard sleeps at noon.", "metadata": {"pages": 12}},
        {"id": "../../etc", "text": "The newt sleeps at dawn.", "language": "zh-TW"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    report = build(tmp_path / "index", file)
    assert report.added == ["c", "../../etc"]
    assert len(report.unreadable) == 2 and all("language" in message for _, message in report.unreadable)
    assert stored_document(tmp_path / "index", "c").page(3) is None
    assert stored_document(tmp_path / "index", "../../etc").language == "zh"
    with pytest.raises(InvalidRequest):
        stored_document(tmp_path / "index", "\udcff")


def test_only_unreadable_files_make_no_index(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    with pytest.raises(InvalidRequest, match=r"empty\.txt"):
        build(tmp_path / "index", tmp_path)
    with pytest.raises(IndexMissing, match="tricite index"):
        Index(tmp_path / "index", HashEmbedder(), SPLITTER)


def test_one_bad_file_is_reported_and_the_rest_is_indexed(documents: Path, tmp_path: Path) -> None:
    (documents / "empty.txt").write_bytes(b"")
    (documents / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    report = build(tmp_path / "index", documents)
    assert report.documents == 4
    assert sorted(name for name, _ in report.unreadable) == ["binary.txt", "broken.pdf", "empty.txt"]
    assert all("\n" not in message for _, message in report.unreadable)


def test_a_file_that_became_unreadable_keeps_its_last_version(documents: Path, tmp_path: Path) -> None:
    build(tmp_path / "index", documents)
    (documents / "trams.txt").write_bytes(b"")
    report = build(tmp_path / "index", documents, prune=True)
    assert [name for name, _ in report.unreadable] == ["trams.txt"]
    assert "trams.txt" in sources(tmp_path / "index")


def test_nothing_to_index(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidRequest):
        build(tmp_path / "index", tmp_path / "empty")
    with pytest.raises(InvalidRequest):
        build(tmp_path / "index", tmp_path / "nowhere")
    with pytest.raises(IndexMissing):
        Index(tmp_path / "nowhere", HashEmbedder(), SPLITTER)


def test_another_embedder_is_refused_until_repaired(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    with pytest.raises(IndexMismatch, match="tricite repair"):
        Index(folder, HashEmbedder(32), SPLITTER)
    with pytest.raises(IndexMismatch, match="tricite repair"):
        build(folder, documents, embedder=HashEmbedder(32))
    with pytest.raises(IndexMismatch, match="splitter"):
        Index(folder, HashEmbedder(), Splitter(max_tokens=40))
    newer = HashEmbedder()
    newer.fingerprint = "of its next version"
    with pytest.raises(
        IndexMismatch, match=f"another version of the embedder '{newer.name}': run `tricite repair`"
    ):
        Index(folder, newer, SPLITTER)
    rebuild_index(folder, HashEmbedder(32), splitter=SPLITTER)
    index = Index(folder, HashEmbedder(32), SPLITTER)
    assert len(index.documents()) == 4 and index.problems() == []
    index.close()


def test_every_damaged_file_is_found(documents: Path, tmp_path: Path) -> None:
    build(tmp_path / "index", documents)
    generation = next((tmp_path / "index" / "generations").iterdir())
    files = [path for path in sorted(generation.rglob("*")) if path.is_file()]
    assert len(files) > 10
    for path in files:
        original = path.read_bytes()
        path.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
        try:
            problems = Index(tmp_path / "index", HashEmbedder(), SPLITTER).problems()
        except (IndexDamaged, IndexMismatch) as error:
            problems = [str(error)]
        assert problems, f"a flipped bit in {path.name} went unseen"
        path.write_bytes(original)
    assert Index(tmp_path / "index", HashEmbedder(), SPLITTER).problems() == []


def test_lost_derived_files_are_rebuilt(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    shutil.rmtree(folder / "generations")
    with pytest.raises(IndexDamaged, match="tricite repair"):
        Index(folder, HashEmbedder(), SPLITTER)
    rebuild_index(folder, HashEmbedder(), splitter=SPLITTER)
    assert best(folder, "Who bakes rye bread?") == "bakery.txt"


def test_an_open_reader_sees_its_snapshot(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    index = Index(folder, HashEmbedder(), SPLITTER)
    retriever = HybridRetriever(index)
    for number in range(3):
        (documents / "trams.txt").write_text(f"Version {number} of the tram text.", encoding="utf-8")
        build(folder, documents)
    assert not index.is_current()
    hits = retriever.search(Query("How many passengers does tram line nine carry?", "en"), 2)
    assert "12,000 passengers" in hits[0].chunk.text
    index.close()


def test_an_open_reader_sees_that_its_folder_was_replaced(documents: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build(folder, documents)
    index = Index(folder, HashEmbedder(), SPLITTER)
    assert index.is_current()
    assert index.is_current()  # asks nothing of the database the second time
    folder.rename(tmp_path / "old")
    build(folder, documents)
    assert not index.is_current()
    shutil.rmtree(folder)
    with pytest.raises(IndexProblem):
        index.is_current()
    index.close()


WRITER = """
import sys
from pathlib import Path
from corpus.splitting import Splitter
from index import update_index
from index.embedder import HashEmbedder
import index.writer as writer
writer._SECONDS_BETWEEN_COMMITS = 0.02
writer._TIMES_A_COMMIT = 0
folder, documents = map(Path, sys.argv[1:])
print("started", flush=True)
update_index(folder, [documents], HashEmbedder(), splitter=Splitter())
"""


def test_kill_9_leaves_a_sound_index(tmp_path: Path) -> None:
    """A writer is killed at many moments; the index is sound each time and the last run completes it."""
    documents, folder = tmp_path / "documents", tmp_path / "index"
    documents.mkdir()
    for number in range(120):
        text = f"Document {number} tells of harbour {number * 7}. " * 12
        (documents / f"{number:03}.txt").write_text(text, encoding="utf-8")
    seen = 0
    for delay in (0.0, 0.05, 0.1, 0.2, 0.3, 0.5):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), folder, documents],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        try:
            index = Index(folder, HashEmbedder(), SPLITTER)
        except (IndexMissing, IndexDamaged):  # killed before the first commit
            assert seen == 0
            continue
        assert index.problems() == []
        assert len(index.documents()) >= seen
        seen = len(index.documents())
        index.close()
    build(folder, documents)
    assert len(sources(folder)) == 120
