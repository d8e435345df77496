"""The chat page in a real browser (Debian's Chromium) over the scripted pipeline."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from test_app import (
    ARABIC,
    BROKEN,
    CHINESE,
    CRASHING,
    ENGLISH,
    HOSTILE,
    PAYLOAD,
    SLOW,
    UNANSWERED,
    ScriptedPipeline,
    build_app,
)

pytestmark = pytest.mark.browser

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def pipeline() -> ScriptedPipeline:
    return ScriptedPipeline()


@pytest.fixture(scope="module")
def address(pipeline: ScriptedPipeline) -> Iterator[str]:
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        config = uvicorn.Config(await build_app(pipeline), port=0, log_level="error", ws="none")
        servers.append(uvicorn.Server(config))
        await servers[0].serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not (servers and servers[0].started):
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{servers[0].servers[0].sockets[0].getsockname()[1]}/"
    servers[0].should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield launched
        launched.close()


Open = Callable[..., Page]


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A browser context for some options, used again so that its cache holds the page's files."""
    made: dict[str, BrowserContext] = {}

    def context(**options: Any) -> BrowserContext:
        key = repr(sorted(options.items()))
        if key not in made:
            made[key] = browser.new_context(**options)
        return made[key]

    yield context
    for each in made.values():
        each.close()


@pytest.fixture
def open_page(contexts: Callable[..., BrowserContext], address: str) -> Iterator[Open]:
    """Opens the chat page; at the end no page may have met a console error or asked another host."""
    pages: list[Page] = []
    problems: list[str] = []

    def note_request(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            problems.append(f"request to {url}")

    def open_one(locale: str, **options: Any) -> Page:
        page = contexts(locale=locale, **options).new_page()
        pages.append(page)
        page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: note_request(request.url))
        page.goto(address)
        expect(page.locator("#question textarea")).to_be_visible()
        return page

    yield open_one
    for page in pages:
        page.close()
    assert problems == []


def ask(page: Page, question: str) -> None:
    box = page.locator("#question textarea")
    box.fill(question)
    box.press("Enter")


def computed(page: Page, selector: str, name: str) -> str:
    return str(page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{name}"))


def test_sources_are_shown_before_the_first_sentence(open_page: Open, pipeline: ScriptedPipeline) -> None:
    page = open_page("en-US")
    pipeline.gate.clear()
    try:
        ask(page, ENGLISH)
        expect(page.locator("#found .source")).to_have_count(5)
        expect(page.locator("#current .state.writing")).to_have_text("Writing and checking the answer…")
        expect(page.locator("#current .sentence")).to_have_count(0)
        expect(page.locator("#found mark")).to_have_count(0)
    finally:
        pipeline.gate.set()
    expect(page.locator("#current .sentence")).to_have_count(2)
    expect(page.locator("#current .state")).to_have_count(0)
    expect(page.locator("#question textarea")).to_have_value("")


@pytest.mark.parametrize(
    ("locale", "question", "sentence", "quote", "marks", "directions"),
    [
        (
            "en-US",
            ENGLISH,
            "The harbour clinic opened on 4 May 2021.",
            "وتديرها الطبيبة",
            ["The harbour clinic opened on 4 May 2021 with twelve beds.", "وتديرها الطبيبة"],
            ("ltr", "ltr", "rtl", "ltr"),
        ),
        (
            "ar",
            ARABIC,
            "افتُتحت عيادة الميناء في 4 مايو 2021، وفيها 12 سريرًا.",
            "院长是马拉·林德奎斯特",
            ["افتُتحت عيادة الميناء", "院长是马拉·林德奎斯特"],
            ("rtl", "rtl", "ltr", "rtl"),
        ),
        (
            "zh-CN",
            CHINESE,
            "海港诊所于2021年5月4日开业。",
            "Its director is Mara Lindqvist",
            ["海港诊所于2021年5月4日开业，设有十二张病床。", "Its director is Mara Lindqvist"],
            ("ltr", "ltr", "ltr", "ltr"),
        ),
    ],
)
def test_an_answer_with_its_sources_in_each_language(
    open_page: Open,
    locale: str,
    question: str,
    sentence: str,
    quote: str,
    marks: list[str],
    directions: tuple[str, str, str, str],
) -> None:
    page = open_page(locale)
    ask(page, question)
    expect(page.locator("#current .sentence").first).to_contain_text(sentence)
    expect(page.locator("#current blockquote")).to_contain_text(quote)
    expect(page.locator("#found mark")).to_have_count(2)
    for shown, expected in zip(page.locator("#found mark").all(), marks, strict=True):
        expect(shown).to_contain_text(expected)
    expect(page.locator("html")).to_have_attribute("dir", directions[3])
    selectors = ["#current .question", "#current .answer > p", "#current blockquote > p"]
    assert tuple(computed(page, each, "direction") for each in selectors) == directions[:3]
    # The first card is the cited one, in the question's own language here.
    assert computed(page, "#found .passage", "direction") == directions[1]


def test_a_marker_leads_to_the_highlighted_sentence_of_its_own_question(open_page: Open) -> None:
    page = open_page("en-US", viewport={"width": 390, "height": 700})
    ask(page, ENGLISH)
    expect(page.locator("#current blockquote")).to_have_count(1)
    ask(page, ARABIC)
    expect(page.locator("#past .turn")).to_have_count(1)
    expect(page.locator("#current blockquote")).to_have_count(1)
    target = page.locator("#source-1-1")
    expect(target).to_be_hidden()
    page.locator("#past a.marker").first.click()
    expect(target).to_be_in_viewport()
    expect(target).to_be_focused()
    expect(target).to_have_text("The harbour clinic opened on 4 May 2021 with twelve beds.")


def test_an_abstention_is_a_notice_with_the_closest_passage(open_page: Open) -> None:
    page = open_page("en-US")
    ask(page, UNANSWERED)
    expect(page.locator("#current .notice")).to_have_text("The documents do not say.")
    expect(page.locator("#current .closest blockquote")).to_contain_text("Boats moor at its door.")
    expect(page.locator("#current a.marker")).to_have_count(0)
    assert computed(page, "#current .notice", "backgroundColor") != "rgba(0, 0, 0, 0)"
    assert computed(page, "#found mark", "backgroundColor") != computed(page, "body", "backgroundColor")


def test_payloads_in_question_title_text_and_source_stay_text(open_page: Open) -> None:
    page = open_page("en-US")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    ask(page, HOSTILE)
    expect(page.locator("#current .question")).to_have_text(HOSTILE)
    expect(page.locator("#current .sentence")).to_contain_text(PAYLOAD)
    expect(page.locator("#found .title").first).to_have_text(PAYLOAD)
    ask(page, ENGLISH)
    expect(page.locator("#past .question")).to_have_text(HOSTILE)
    assert page.evaluate("window.hacked === undefined")
    assert page.locator("#page :is(img, script, iframe, strong, a:not([href^='#source-']))").count() == 0


def test_problems_are_one_line_and_the_sources_stay(open_page: Open) -> None:
    page = open_page("en-US")
    for question, message in [
        (BROKEN, "the generator did not answer in 30 s: ask again"),
        (CRASHING, "Something went wrong. Please ask again; the server's log has the details."),
    ]:
        ask(page, question)
        expect(page.locator("#current .question")).to_have_text(question)
        expect(page.locator("#current .problem")).to_have_text(message)
        expect(page.locator(".found[open] .source")).to_have_count(5)
    assert "secret" not in page.content()


@pytest.mark.parametrize("leave", [False, True])
def test_stopping_or_leaving_cancels_the_answer(
    open_page: Open, pipeline: ScriptedPipeline, leave: bool
) -> None:
    pipeline.cancelled.clear()
    page = open_page("en-US")
    ask(page, SLOW)
    expect(page.locator("#found .source")).to_have_count(5)
    if leave:
        page.close()
    else:
        page.locator("#question .stop-button").click()
        expect(page.locator("#current .state.stopped")).to_have_text("Stopped.")
        expect(page.locator("#question .submit-button")).to_be_visible()
    assert pipeline.cancelled.wait(10)


@pytest.mark.parametrize(
    ("locale", "placeholder", "heading", "first"),
    [
        ("en-US", "Ask in English, Arabic or Chinese…", "Sources", ENGLISH),
        ("ar-EG", "اسأل بالعربية أو الصينية أو الإنجليزية…", "المصادر", ARABIC),
        ("zh-CN", "请用中文、阿拉伯语或英语提问……", "来源", CHINESE),
        ("zh-TW", "請用中文、阿拉伯語或英語提問……", "來源", CHINESE),
    ],
)
def test_the_interface_speaks_the_browsers_language_and_offers_its_examples(
    open_page: Open, locale: str, placeholder: str, heading: str, first: str
) -> None:
    page = open_page(locale)
    expect(page.locator("#question textarea")).to_have_attribute("placeholder", placeholder)
    expect(page.locator("#sources-heading")).to_have_text(heading)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if locale.startswith("ar") else "ltr")
    tops = {each.inner_text(): each.bounding_box() for each in page.locator("button.example").all()}
    assert min(tops, key=lambda text: (tops[text] or {"y": 1e9})["y"]) == first
    page.get_by_text(first, exact=True).click()
    expect(page.locator("#current .question")).to_have_text(first)
    expect(page.locator("#current blockquote")).to_have_count(1)
    expect(page.locator("#examples")).to_be_hidden()


@pytest.mark.parametrize("locale", ["en-US", "ar"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_is_cut_off_and_dark_follows_the_system(open_page: Open, locale: str, width: int) -> None:
    page = open_page(locale, viewport={"width": width, "height": 800}, color_scheme="dark")
    ask(page, HOSTILE)
    expect(page.locator("#current blockquote")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    chat, sources = (page.locator(each).bounding_box() for each in ("#chat", "#sources"))
    assert chat is not None
    assert sources is not None
    if width == 360:
        assert sources["y"] >= chat["y"] + chat["height"]
    else:
        assert (sources["x"] > chat["x"]) is (locale == "en-US")
    red, green, blue = map(int, re.findall(r"\d+", computed(page, "body", "backgroundColor"))[:3])
    assert max(red, green, blue) < 60
