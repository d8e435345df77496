"""Adding and removing documents on the chat page, over a real index with a small embedder."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from browsing import Pages, ask, chromium, served
from filelock import FileLock
from playwright.sync_api import Page, expect

from app import create_app
from corpus.splitting import Splitter
from index import Index, update_index
from index.embedder import Embedding, HashEmbedder
from qa.asking import AnswerSettings
from qa.generators.scripted import ScriptedGenerator
from qa.pipeline import Pipeline
from qa.settings import Settings

pytestmark = pytest.mark.browser


class GatedEmbedder(HashEmbedder):
    """Waits with every passage while its gate is clear."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Embedding]:
        assert self.gate.wait(20)
        return super().embed_passages(texts, contexts)


@pytest.fixture(scope="module")
def embedder() -> GatedEmbedder:
    return GatedEmbedder()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("upload")


@pytest.fixture(scope="module")
def address(folder: Path, embedder: GatedEmbedder) -> Iterator[str]:
    (folder / "documents").mkdir()
    (folder / "documents" / "ferry.txt").write_text("The ferry sails at noon.\n", encoding="utf-8")
    splitter = Splitter()
    update_index(folder / "index", [folder / "documents"], embedder, splitter=splitter)
    pipeline = Pipeline(
        Index(folder / "index", embedder, splitter),
        ScriptedGenerator([], "completion"),
        AnswerSettings(threshold=-100.0),
    )
    settings = Settings(feedback=folder / "feedback.jsonl", upload=True)
    with served(lambda: create_app(pipeline, settings)) as address:
        yield address
    pipeline.close()


@pytest.fixture(scope="module")
def pages(address: str) -> Iterator[Pages]:
    """Ended before the server, which would wait for their connections."""
    with chromium() as browser:
        yield Pages(browser)


@pytest.fixture
def open_page(pages: Pages, address: str) -> Iterator[Callable[[str], Page]]:
    yield lambda locale: pages.open(address, locale)
    pages.close()


def test_files_are_added_reported_asked_about_and_removed(
    open_page: Callable[[str], Page],
    pages: Pages,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good, empty = tmp_path / "مكتبة.txt", tmp_path / "empty.md"
    good.write_text("تفتح المكتبة البلدية أبوابها عند الساعة التاسعة صباحا.\n", encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    page = open_page("en-US")
    # Without questions of its own the page asks about a document that is there.
    expect(page.locator(".example")).to_have_text(
        "What do the documents say about “The ferry sails at noon.”?"
    )
    page.locator("#library").click()
    expect(page.locator("#documents .document")).to_have_count(1)
    page.locator("#files").set_input_files([good, empty])
    report = page.locator("#documents .results li")
    expect(report).to_have_count(2)
    expect(report.first).to_contain_text("مكتبة.txt")
    expect(report.first).to_contain_text("added")
    expect(report.last).to_contain_text("empty.md")
    expect(report.last).to_contain_text("could not be read")
    expect(report.last).to_contain_text("It is empty.")
    expect(page.locator("#documents .document")).to_have_count(2)

    # The same file again is an update; a file of another kind is refused, and says so.
    good.write_text("تفتح المكتبة البلدية أبوابها عند الساعة العاشرة صباحا.\n", encoding="utf-8")
    page.locator("#files").set_input_files([good])
    expect(report).to_have_count(1)
    expect(report).to_contain_text("updated")
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG")
    page.locator("#files").set_input_files([picture])
    expect(report).to_contain_text("Files of this kind are not read.")

    page.keyboard.press("Escape")
    ask(page, "متى تفتح المكتبة البلدية أبوابها؟")
    expect(page.locator(".panel .excerpt").first).to_contain_text("الساعة العاشرة")
    expect(page.locator(".panel .path").first).to_have_text("uploads/مكتبة.txt")

    page.locator("#library").click()
    row = page.locator("#documents .document", has_text="uploads/")
    row.locator("button:has(.icon-trash)").click()
    expect(row.locator(".confirm")).to_contain_text("Remove “")
    row.get_by_role("button", name="Cancel").click()
    expect(page.locator("#documents .document")).to_have_count(2)
    # Nothing is removed while the index is being written, nor without the server.
    monkeypatch.setattr("index.indexing._LOCK_SECONDS", 0.1)
    row.locator("button:has(.icon-trash)").click()
    with FileLock(folder / "index" / "write.lock"):
        row.locator(".danger").click()
        expect(row.locator(".problem")).to_have_text(
            "The index is being changed right now. Please try again in a moment."
        )
    page.route("**/component_server/", lambda route: route.abort())
    row.locator("button:has(.icon-trash)").click()
    row.locator(".danger").click()
    expect(row.locator(".problem")).to_contain_text("The server cannot be reached.")
    page.unroute_all()
    pages.problems.clear()  # the browser notes the request that failed
    row.locator("button:has(.icon-trash)").click()
    row.locator(".danger").click()
    expect(page.locator("#documents .document")).to_have_count(1)


def test_a_file_given_twice_counts_once_and_another_of_its_name_is_refused(
    open_page: Callable[[str], Page], tmp_path: Path
) -> None:
    file, empty, other = tmp_path / "note.txt", tmp_path / "empty.md", tmp_path / "other" / "note.txt"
    other.parent.mkdir()
    file.write_text("The lighthouse is lit at dusk.\n", encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    other.write_text("The lighthouse is green.\n", encoding="utf-8")
    page = open_page("en-US")
    page.locator("#library").click()
    page.locator("#files").set_input_files([file, file, other, empty, empty])
    report = page.locator("#documents .results li")
    expect(report).to_have_count(5)
    expect(report.locator("b")).to_have_text(
        ["added", "unchanged", "not added", "could not be read", "could not be read"]
    )
    expect(report.nth(2)).to_contain_text("Another file added with it has the same name: rename one of them.")


def test_an_upload_that_runs_is_shown_until_its_end_and_equal_files_of_others_wait_for_it(
    open_page: Callable[[str], Page], tmp_path: Path, embedder: GatedEmbedder
) -> None:
    first, *others = pages = [open_page("en-US") for _ in range(3)]
    running, equal = tmp_path / "tide.txt", tmp_path / "equal.txt"
    running.write_text("The tide turns at six.\n", encoding="utf-8")
    equal.write_text("The market opens at ten.\n", encoding="utf-8")
    for page in pages:
        page.locator("#library").click()
    embedder.gate.clear()
    try:
        first.locator("#files").set_input_files([running])
        expect(first.locator("#documents .report")).to_contain_text("Indexing tide.txt")
        for page in others:
            with page.expect_response("**/queue/join*"):
                page.locator("#files").set_input_files([equal])
        expect(first.locator("#documents .drop")).to_have_text(
            "Files are being added. You can add more when that is done."
        )
        expect(first.locator("#files")).to_have_count(0)
        first.keyboard.press("Escape")
        first.locator("#library").click()
        expect(first.locator("#documents progress")).to_be_visible()
    finally:
        embedder.gate.set()
    expect(first.locator("#documents .results li")).to_contain_text("added")
    expect(first.locator("#files")).to_have_count(1)
    for page in others:
        expect(page.locator("#documents .results li")).to_contain_text(re.compile("added|unchanged"))


def test_a_report_says_why_in_the_pages_language(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    files = {
        "empty.md": (b"", "الملف فارغ."),
        "broken.pdf": (b"%PDF-1.7 nothing", "الملف تالف: احفظه أو صدّره من جديد."),
        "lines.jsonl": (b'{"id": "a", "text": "A lamp."}\n{"id": "b"}\n', "تعذّرت قراءة السطر 2."),
        "picture.png": (b"\x89PNG", "هذا النوع من الملفات غير مدعوم."),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    page = open_page("ar")
    page.locator("#library").click()
    page.locator("#files").set_input_files([tmp_path / name for name in files])
    rows = page.locator("#documents .results li")
    expect(rows).to_have_count(4)
    for row, (name, (_, why)) in zip(rows.all(), files.items(), strict=True):
        expect(row).to_contain_text(name)
        expect(row.locator(".quiet")).to_have_text(why)
    # The good line of a file is in the index all the same, and the report says so.
    expect(rows.nth(2).locator("b")).to_have_text("أُضيف")
    page.locator("#files").set_input_files([tmp_path / "empty.md"] * 21)
    expect(page.locator("#documents .problem")).to_have_text(
        "يمكن إضافة 20 ملفًا على الأكثر في المرة الواحدة."
    )


def test_an_upload_in_arabic_and_chinese_pages_is_reported_in_them(
    open_page: Callable[[str], Page], tmp_path: Path
) -> None:
    file = tmp_path / "book.txt"
    for locale, said in [("ar", "أُضيف"), ("zh-TW", "已更新")]:
        file.write_text(f"A book for readers of {locale}.\n", encoding="utf-8")
        page = open_page(locale)
        page.locator("#library").click()
        page.locator("#files").set_input_files([file])
        expect(page.locator("#documents .results li")).to_contain_text(said)
