"""What the browser tests share: a served app, Debian's Chromium, and pages that must stay quiet."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Frame, Page, ViewportSize, expect, sync_playwright

expect.set_options(timeout=30_000)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def served(make: Callable[[], FastAPI]) -> Iterator[str]:
    """Serve the app that make returns; it is called in the server's loop, as Gradio needs one."""
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        servers.append(
            uvicorn.Server(
                uvicorn.Config(make(), port=0, log_level="error", ws="none", timeout_graceful_shutdown=1)
            )
        )
        await servers[0].serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not (servers and servers[0].started):
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{servers[0].servers[0].sockets[0].getsockname()[1]}/"
    servers[0].should_exit = True
    thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "the browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


_RESET = """(language) => {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    document.getElementById("new").click();
    for (const [id, value] of [["language", language], ["theme", "system"]]) {
        const select = document.getElementById(id);
        select.value = value;
        select.dispatchEvent(new Event("change"));
    }
    try { localStorage.clear(); } catch {}
    scrollTo(0, 0);
}"""


class Pages:
    """Opens chat pages and notes every console error and every request that leaves this machine.

    A page of the same locale is used again, as it was when it was opened, in the wanted size and colours:
    loading it is most of a test.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: dict[str, BrowserContext] = {}
        self._free: dict[str, list[Page]] = {}
        self._used: list[tuple[str, Page, str]] = []
        self.problems: list[str] = []

    def open(
        self,
        address: str,
        locale: str = "en-US",
        viewport: ViewportSize | None = None,
        media: dict[str, Any] | None = None,
        **options: Any,
    ) -> Page:
        key = f"{address} {locale} {sorted(options.items())}"
        page = self._free[key].pop() if self._free.get(key) else self._new(key, address, locale, options)
        page.set_viewport_size(viewport or {"width": 1280, "height": 720})
        page.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference"} | (media or {}))
        self._used.append((key, page, page.locator("#language").input_value()))
        return page

    def close(self) -> None:
        """The end of a test: none of its pages may have met a problem."""
        for key, page, language in self._used:
            if not page.is_closed():
                page.evaluate(_RESET, language)
                self._free.setdefault(key, []).append(page)
        problems, self._used, self.problems = self.problems, [], []
        assert not problems, problems

    def _new(self, key: str, address: str, locale: str, options: dict[str, Any]) -> Page:
        if key not in self._contexts:
            self._contexts[key] = self._browser.new_context(locale=locale, **options)
        page = self._contexts[key].new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda m: self._note(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda request: self._check(request.url))
        page.goto(address)
        expect(page.locator("#question")).to_be_visible()
        return page

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self._note(f"request to {url}")


def ask(page: Page, question: str) -> None:
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")


def answered(page: Page, question: str, turns: int = 1) -> None:
    """Ask, and wait for the end of the answer."""
    ask(page, question)
    expect(page.locator(".turn[data-state=done]")).to_have_count(turns)


def serious_violations(page: Page | Frame) -> list[str]:
    """What axe-core finds wrong that is serious or worse; in a frame only what is inside it."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]  # type: ignore[arg-type]
    return [
        f"{each['id']} {[node['target'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def computed(page: Page, selector: str, name: str) -> str:
    return str(page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{name}"))
