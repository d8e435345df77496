"""Take the screenshots of the chat page in docs/screenshots, over the sample corpus, with Debian's Chromium.

    python benchmarks/screenshots.py [--out docs/screenshots] [--generator none] [NAME ...]

It also says how long the page took from being asked for until a question could be typed (cold browser).
Needs the test extra (playwright) and Chromium on the PATH. Look at every picture before committing it.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DESKTOP, PHONE = (1280, 860), (390, 844)

QUESTIONS = {
    "en": "How hot does the olive-stone kiln at the pottery museum get?",
    "ar": "ما المرض الذي يكشفه شريط RN-40؟",
    "zh-Hans": "白麓医药园的青年公寓每个月租金是多少？",
    "zh-Hant": "望汐圖書館搬書當晚總共傳了幾本書？",
    "none": "كيف أضبط أوتار العود؟",
}
"""What is asked in each language (the English answer is in an Arabic article), and what nothing answers."""


@dataclass(frozen=True)
class Picture:
    """One picture. question: the key of what is asked, "" for nothing. then: a step done at the end."""

    name: str
    locale: str
    question: str = ""
    then: str = ""
    scheme: str = "light"
    size: tuple[int, int] = DESKTOP


PICTURES = [
    Picture("start-en", "en-US"),
    Picture("start-ar", "ar"),
    Picture("start-zh-Hans-dark", "zh-CN", scheme="dark"),
    Picture("start-zh-Hant", "zh-TW"),
    Picture("answer-en", "en-US", "en"),
    Picture("answer-en-dark", "en-US", "en", scheme="dark"),
    Picture("answer-ar", "ar", "ar"),
    Picture("answer-ar-dark", "ar", "ar", scheme="dark"),
    Picture("answer-zh-Hans", "zh-CN", "zh-Hans"),
    Picture("answer-zh-Hant-dark", "zh-TW", "zh-Hant", scheme="dark"),
    Picture("document-en", "en-US", "en", "document"),
    Picture("document-ar", "ar", "ar", "document"),
    Picture("document-zh-Hant", "zh-TW", "zh-Hant", "document"),
    Picture("abstention-ar", "ar", "none"),
    Picture("documents-zh-Hans", "zh-CN", "", "documents"),
    Picture("phone-en", "en-US", "en", size=PHONE),
    Picture("phone-ar-dark", "ar", "ar", scheme="dark", size=PHONE),
    Picture("phone-zh-Hans", "zh-CN", "zh-Hans", size=PHONE),
    Picture("phone-document-ar", "ar", "ar", "document", size=PHONE),
]


def _open_document(page: Any) -> None:
    page.locator(".turn .marker").first.click()
    page.locator(".panel .book mark").wait_for()


def _open_documents(page: Any) -> None:
    page.locator("#library").click()
    page.locator("#documents .document").first.wait_for()


_STEPS: dict[str, Callable[[Any], None]] = {"document": _open_document, "documents": _open_documents}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", help="pictures to take [default: all]")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--generator", default="embedded")
    arguments = parser.parse_args()
    wanted = [each for each in PICTURES if not arguments.names or each.name in arguments.names]
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        _served(Path(folder), arguments.generator) as address,
    ):
        take(address, wanted, arguments.out)


def take(address: str, pictures: list[Picture], out: Path) -> None:
    """Take the pictures of the page at an address."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for picture in pictures:
            width, height = picture.size
            context = browser.new_context(
                locale=picture.locale,
                color_scheme=picture.scheme,
                viewport={"width": width, "height": height},
                reduced_motion="reduce",
            )
            page = context.new_page()
            started = time.perf_counter()
            page.goto(address)
            page.locator("#question").wait_for()
            usable = time.perf_counter() - started
            if picture.question:
                page.locator("#question").fill(QUESTIONS[picture.question])
                page.locator("#question").press("Enter")
                page.locator(".turn .foot > *").first.wait_for(timeout=120_000)
            if picture.then:
                _STEPS[picture.then](page)
            page.evaluate("document.fonts.ready.then(() => true)")
            page.wait_for_timeout(300)
            page.screenshot(path=out / f"{picture.name}.png")
            print(f"{picture.name}: usable after {usable:.2f} s")
            context.close()
        browser.close()


@contextmanager
def _served(folder: Path, generator: str) -> Iterator[str]:
    """The web app over a fresh index of the sample corpus: its address."""
    import asyncio

    import uvicorn

    from app import create_app
    from eval.datasets import sample_questions
    from index import update_index
    from qa.settings import load_settings

    settings = load_settings(
        index=folder / "index", feedback=folder / "feedback.jsonl", generator=generator, upload=True
    )
    update_index(
        settings.index, [ROOT / "corpus" / "sample"], settings.load_embedder(), splitter=settings.splitter()
    )
    pipeline = settings.load_pipeline()
    examples = sample_questions({document.source for document in pipeline.index.documents()})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ready = threading.Event()
        servers: list[uvicorn.Server] = []

        async def serve() -> None:
            app = create_app(pipeline, settings, examples=examples)
            servers.append(uvicorn.Server(uvicorn.Config(app, log_level="warning")))
            ready.set()
            await servers[0].serve(sockets=[listener])

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        ready.wait(120)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        servers[0].should_exit = True
        thread.join(10)
    pipeline.close()


if __name__ == "__main__":
    main()
