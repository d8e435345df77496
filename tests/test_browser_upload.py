"""Adding and removing documents on the chat page, over a real index with a small embedder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import Pages, ask, chromium, served
from playwright.sync_api import Page, expect

from app import create_app
from corpus.splitting import Splitter
from index import Index, update_index
from index.embedder import HashEmbedder
from qa.asking import AnswerSettings
from qa.generators.scripted import ScriptedGenerator
from qa.pipeline import Pipeline
from qa.settings import Settings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def open_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Page]]:
    folder = tmp_path_factory.mktemp("upload")
    (folder / "documents").mkdir()
    (folder / "documents" / "ferry.txt").write_text("The ferry sails at noon.\n", encoding="utf-8")
    embedder, splitter = HashEmbedder(), Splitter()
    update_index(folder / "index", [folder / "documents"], embedder, splitter=splitter)
    pipeline = Pipeline(
        Index(folder / "index", embedder, splitter),
        ScriptedGenerator([], "completion"),
        AnswerSettings(threshold=-100.0),
    )
    settings = Settings(feedback=folder / "feedback.jsonl", upload=True)
    with served(lambda: create_app(pipeline, settings)) as address, chromium() as browser:
        pages = Pages(browser)
        yield lambda locale: pages.open(address, locale)
        pages.close()
    pipeline.close()


def test_files_are_added_reported_asked_about_and_removed(
    open_page: Callable[[str], Page], tmp_path: Path
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
    expect(report.last).to_contain_text("is empty: nothing to index")
    expect(page.locator("#documents .document")).to_have_count(2)

    # The same file again is an update; a file of another kind is refused, and says so.
    good.write_text("تفتح المكتبة البلدية أبوابها عند الساعة العاشرة صباحا.\n", encoding="utf-8")
    page.locator("#files").set_input_files([good])
    expect(report).to_have_count(1)
    expect(report).to_contain_text("updated")
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG")
    page.locator("#files").set_input_files([picture])
    expect(report).to_contain_text("has an unsupported format")

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
    row.locator("button:has(.icon-trash)").click()
    row.locator(".danger").click()
    expect(page.locator("#documents .document")).to_have_count(1)


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
