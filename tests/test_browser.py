"""The chat page in a real browser (Debian's Chromium) over the scripted pipeline."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import Pages, answered, ask, chromium, computed, serious_violations, served
from playwright.sync_api import Browser, Page, expect
from scripted import (
    ARABIC,
    BROKEN,
    CHINESE,
    CRASHING,
    ENGLISH,
    EXAMPLES,
    HOSTILE,
    PAYLOAD,
    SLOW,
    TRADITIONAL,
    UNANSWERED,
    ScriptedPipeline,
)

from app import create_app
from corpus.document import Document
from corpus.errors import InvalidRequest
from qa.settings import Settings

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 780}}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def pipeline() -> ScriptedPipeline:
    return ScriptedPipeline()


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feedback") / "feedback.jsonl"


@pytest.fixture(scope="module")
def address(pipeline: ScriptedPipeline, feedback: Path) -> Iterator[str]:
    settings = Settings(feedback=feedback, answers_at_once=1)
    with served(lambda: create_app(pipeline, settings, examples=EXAMPLES)) as address:  # type: ignore[arg-type]
        yield address


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """Ended before the server, which would wait for the connections of its pages."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture
def open_page(pages: Pages, address: str) -> Iterator[Open]:
    """Opens the chat page; at the end no page may have met a console error or asked another host."""
    yield lambda locale="en-US", **options: pages.open(address, locale, **options)
    pages.close()


def open_scripted(open_page: Open, script: str, **own: bool) -> Page:
    """A page that runs a script before its own; own: an option of its own, so that no other test gets it."""
    page = open_page(**own)
    page.add_init_script(script)
    page.reload()
    return page


# ---- Answers and their sources --------------------------------------------------------------------------


def test_sources_are_shown_before_the_first_sentence(open_page: Open, pipeline: ScriptedPipeline) -> None:
    page = open_page()
    pipeline.gate.clear()
    try:
        ask(page, ENGLISH)
        expect(page.locator(".panel .source")).to_have_count(5)
        expect(page.locator(".turn .state")).to_have_text("Writing and checking the answer…")
        expect(page.locator(".turn .sentence")).to_have_count(0)
        expect(page.locator(".panel mark")).to_have_count(0)
    finally:
        pipeline.gate.set()
    expect(page.locator(".turn .sentence")).to_have_count(2)
    expect(page.locator(".turn .state")).to_have_text("")
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator(".turn .check")).to_contain_text("[1] support 97%")
    expect(page.locator(".turn .check")).to_contain_text("[2] word for word")


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
    answered(page, question)
    expect(page.locator(".turn .sentence").first).to_contain_text(sentence)
    expect(page.locator(".turn blockquote")).to_contain_text(quote)
    expect(page.locator(".panel mark")).to_have_count(2)
    for shown, expected in zip(page.locator(".panel mark").all(), marks, strict=True):
        expect(shown).to_contain_text(expected)
    expect(page.locator("html")).to_have_attribute("dir", directions[3])
    selectors = [".turn .asked", ".turn .answer > p", ".turn blockquote"]
    assert tuple(computed(page, each, "direction") for each in selectors) == directions[:3]
    # The first card is the cited one, in the question's own language here.
    assert computed(page, ".panel .excerpt", "direction") == directions[1]
    family = {"ar": "IBM Plex Sans Arabic", "zh-CN": "Noto Sans SC"}.get(locale, "IBM Plex Sans")
    assert family in page.evaluate(
        "[...document.fonts].filter((face) => face.status === 'loaded').map((face) => face.family).join()"
    )


def test_an_arabic_sentence_that_begins_with_a_latin_name_runs_from_the_right(open_page: Open) -> None:
    page = open_page()
    page.locator("#question").fill("Mara Lindqvist هي مديرة عيادة الميناء منذ افتتاحها؟")
    assert computed(page, "#question", "direction") == "rtl"
    page.locator("#question").fill("Who is مارا, and since when?")
    assert computed(page, "#question", "direction") == "ltr"


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_marker_opens_the_document_at_the_highlighted_sentence(open_page: Open, options: dict) -> None:
    page = open_page(**options)
    answered(page, ENGLISH)
    answered(page, ARABIC, turns=2)
    marker = page.locator(".turn .marker").first
    marker.focus()
    marker.press("Enter")
    mark = page.locator(".panel .book mark")
    expect(mark).to_have_text("The harbour clinic opened on 4 May 2021 with twelve beds.")
    expect(mark).to_be_in_viewport()
    expect(mark).to_be_focused()
    expect(page.locator(".panel .about .page")).to_have_text("page 2")
    expect(page.locator(".panel h2")).to_have_text("A clinic by the water")
    expect(page.locator(".panel .book")).to_contain_text("The town had waited for years.")
    mark.press("Escape")
    if options:
        expect(page.locator(".panel")).to_be_hidden()
        expect(marker).to_be_focused()
    else:
        # Back to the sources of the question whose marker it was.
        expect(page.locator(".panel .source mark").first).to_have_text(
            "The harbour clinic opened on 4 May 2021 with twelve beds."
        )
        expect(page.locator(".panel .source.cited")).to_have_count(2)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_header_box_and_sources_stay_in_a_long_conversation(open_page: Open, options: dict) -> None:
    page = open_page(**options)
    for turn in range(1, 5):
        answered(page, ENGLISH, turns=turn)
    expect(page.locator(".turn .asked").last).to_be_in_viewport(ratio=1)
    expect(page.locator(".turn .check").last).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    scrolled = page.evaluate("scrollY")
    page.evaluate("scrollTo(0, document.body.scrollHeight / 3)")
    assert page.evaluate("scrollY") > 0
    expect(page.locator("header")).to_be_in_viewport(ratio=1)
    expect(page.locator(".composer")).to_be_in_viewport(ratio=1)
    if not options:
        expect(page.locator(".panel h2")).to_be_in_viewport(ratio=1)
    page.evaluate(f"scrollTo(0, {scrolled})")
    page.locator(".turn .marker").nth(-3).click()
    expect(page.locator(".panel .book mark")).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == scrolled


def test_an_abstention_is_a_notice_with_the_closest_passage(open_page: Open) -> None:
    page = open_page()
    answered(page, UNANSWERED)
    expect(page.locator(".abstained .answer > .remark")).to_have_text("The documents do not say.")
    expect(page.locator(".turn .closest blockquote")).to_contain_text("Boats moor at its door.")
    expect(page.locator(".turn .marker")).to_have_count(0)
    assert computed(page, ".abstained .remark", "backgroundColor") != "rgba(0, 0, 0, 0)"
    assert computed(page, ".panel mark", "backgroundColor") != "rgba(0, 0, 0, 0)"
    page.locator(".closest .from a").click()
    expect(page.locator(".panel .book mark")).to_have_text("Boats moor at its door.")


def test_payloads_in_question_title_text_and_source_stay_text(open_page: Open) -> None:
    page = open_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    answered(page, HOSTILE)
    expect(page.locator(".turn .asked")).to_have_text(HOSTILE)
    expect(page.locator(".turn .sentence")).to_contain_text(PAYLOAD)
    expect(page.locator(".panel .title").first).to_have_text(PAYLOAD)
    page.locator(".turn .marker").first.click()
    expect(page.locator(".panel .book")).to_contain_text("Tea is sold here.")
    page.locator("#library").click()
    expect(page.locator("#documents .link").last).to_have_text(PAYLOAD)
    page.reload()
    page.locator("#history").click()
    expect(page.locator("#conversations .link bdi")).to_have_text(HOSTILE)
    assert page.evaluate("window.hacked === undefined")
    assert page.locator("#tricite :is(img, script, iframe, strong, a:not([href^='#']))").count() == 0


def test_problems_are_one_line_and_the_sources_stay(open_page: Open) -> None:
    page = open_page()
    for question, message in [
        (BROKEN, "The language model did not answer. Please ask again; the passages found are still shown."),
        (CRASHING, "Something went wrong. Please ask again; the server's log has the details."),
    ]:
        ask(page, question)
        expect(page.locator(".turn .asked").last).to_have_text(question)
        expect(page.locator(".turn .problem").last).to_have_text(message)
        expect(page.locator(".panel .source")).to_have_count(5)
    assert "secret" not in page.content()
    # In other languages the page says it in its own words.
    page.locator("#language").select_option("zh-Hant")
    expect(page.locator(".turn .problem").first).to_have_text(
        "語言模型沒有回應，請重新提問；找到的段落仍會顯示。"
    )
    expect(page.locator(".turn .problem").last).to_have_text("出了點問題，請重新提問；詳情見伺服器記錄。")
    # A question without a word is not called too long, nor the other way round.
    for question, said in [("？" * 2001, "問題中沒有可以檢索的詞"), ("茶" * 2001, "不超過 4000 個字元")]:
        ask(page, question)
        expect(page.locator(".turn .problem").last).to_contain_text(said)


def test_a_document_that_is_gone_is_said_to_be_gone(
    open_page: Open, pipeline: ScriptedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(document_id: str) -> Document:
        raise InvalidRequest(f"no document {document_id!r} in the index: `tricite status` lists their ids")

    page = open_page()
    answered(page, ENGLISH)
    monkeypatch.setattr(pipeline.index, "document", gone)
    page.locator(".turn .marker").first.click()
    expect(page.locator(".panel .problem")).to_have_text("This document is no longer there.")


def test_a_server_that_cannot_be_reached_is_said_so_and_nothing_counts_as_done(
    open_page: Open, pages: Pages, feedback: Path
) -> None:
    unreachable = "تعذّر الوصول إلى الخادم. تحقق من الاتصال ثم حاول مرة أخرى."
    page = open_page("ar", offline=False)
    answered(page, ARABIC)
    kept = feedback.read_text(encoding="utf-8") if feedback.exists() else ""
    page.context.set_offline(True)
    page.locator(".actions button:has(.icon-good)").click()
    expect(page.locator(".thanks")).to_have_text(unreachable)
    expect(page.locator(".actions [aria-pressed=true]")).to_have_count(0)
    assert (feedback.read_text(encoding="utf-8") if feedback.exists() else "") == kept
    page.locator("#library").click()
    expect(page.locator("#documents .problem")).to_have_text(unreachable)
    page.keyboard.press("Escape")
    ask(page, CHINESE)
    expect(page.locator(".turn .problem")).to_have_text(unreachable, timeout=5_000)
    page.wait_for_timeout(500)
    expect(page.locator(".toast-wrap")).to_be_hidden()
    page.close()
    pages.problems.clear()  # the browser notes every request that failed


# ---- Asking: stop, retry, the line, follow-ups ----------------------------------------------------------


@pytest.mark.parametrize("leave", [False, True], ids=["stop", "leave"])
def test_stopping_or_leaving_cancels_the_answer(
    open_page: Open, pipeline: ScriptedPipeline, leave: bool
) -> None:
    pipeline.cancelled.clear()
    page = open_page()
    ask(page, SLOW)
    expect(page.locator(".turn .state")).to_have_text("Writing and checking the answer…")
    if leave:
        page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")  # what a closed tab is told last
    else:
        page.locator(".stop").click()
        expect(page.locator(".turn .state")).to_have_text("Stopped.")
        expect(page.locator(".send")).to_be_visible()
        expect(page.locator("#question")).to_be_focused()
    assert pipeline.cancelled.wait(2)
    if leave:
        page.close()


def test_a_question_that_is_stopped_before_it_began_does_not_hold_the_line(open_page: Open) -> None:
    page = open_page()
    page.locator("#question").fill(SLOW)
    page.evaluate(
        "document.querySelector('.composer').requestSubmit(); document.querySelector('.stop').click()"
    )
    expect(page.locator(".turn .state")).to_have_text("Stopped.")
    answered(page, ENGLISH)  # there is one place, and the slow answer takes 40 seconds


def test_a_question_waits_in_line_behind_another_and_is_then_answered(open_page: Open) -> None:
    first, second = open_page(), open_page()
    ask(first, SLOW)
    expect(first.locator(".panel .source")).to_have_count(5)
    ask(second, ENGLISH)
    expect(second.locator(".turn .state")).to_contain_text("Your place in the line: 1")
    expect(second.locator(".panel .source")).to_have_count(5)
    first.locator(".stop").click()
    expect(second.locator(".turn[data-state=done] .sentence")).to_have_count(2)


def test_follow_ups_carry_the_conversation_and_again_replaces_the_last(
    open_page: Open, pipeline: ScriptedPipeline
) -> None:
    page = open_page()
    answered(page, ENGLISH)
    assert pipeline.history == []
    expect(page.locator("#question")).to_have_attribute("placeholder", "Ask a follow-up question…")
    answered(page, CHINESE, turns=2)
    (exchange,) = pipeline.history
    assert exchange.question == ENGLISH
    assert exchange.answer.startswith("The harbour clinic opened on 4 May 2021. It has twelve beds")
    # What is half written stays there.
    page.locator("#question").fill("And its director")
    page.get_by_role("button", name="Ask again").last.click()
    expect(page.locator(".turn[data-state=done]")).to_have_count(2)
    assert [each.question for each in pipeline.history] == [ENGLISH]
    expect(page.locator("#question")).to_have_value("And its director")
    page.locator("#new").click()
    expect(page.locator(".turn")).to_have_count(0)
    page.locator(".example").first.click()
    expect(page.locator(".turn[data-state=done]")).to_have_count(1)
    expect(page.locator("#question")).to_have_value("And its director")
    page.locator("#question").fill("")


def test_a_question_that_is_too_long_stays_in_the_box_and_says_so(open_page: Open) -> None:
    page = open_page()
    box, said = page.locator("#question"), page.locator(".composer .problem")
    long = "𠮷" * 4001
    box.fill(long)
    expect(said).to_contain_text("at most 4,000 characters")
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(0)
    expect(box).to_have_value(long)
    box.fill(long[1:])
    expect(said).to_be_hidden()
    box.fill("")


def test_enter_sends_but_not_while_a_word_is_composed_and_shift_makes_a_line(open_page: Open) -> None:
    page = open_page()
    box = page.locator("#question")
    box.fill("海港")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    box.press("Shift+Enter")
    expect(page.locator(".turn")).to_have_count(0)
    assert box.input_value().endswith("\n")
    box.press("Enter")
    expect(page.locator(".turn .asked")).to_have_text("海港")


# ---- What can be done with an answer --------------------------------------------------------------------


def test_an_answer_is_copied_alone_with_sources_and_as_markdown(open_page: Open) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    answered(page, ENGLISH)
    copied = []
    for name in ("The answer alone", "With its sources", "With its sources, as Markdown"):
        page.locator(".menu summary").click()
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(".menu summary")).to_have_text("Copied")
        copied.append(page.evaluate("navigator.clipboard.readText()"))
    alone, plain, markdown = copied
    assert alone.startswith("The harbour clinic opened on 4 May 2021. It has")
    assert "[1]" not in alone
    assert plain.startswith("The harbour clinic opened on 4 May 2021. [1] It has")
    assert "[1] A clinic by the water, articles/clinic.pdf, page 2: “The harbour clinic opened on" in plain
    assert markdown.startswith(f"> {ENGLISH}\n\nThe harbour clinic opened on 4 May 2021.[^1] It has")
    assert "\n\n[^2]: عيادة على الماء, articles/clinic-ar.md: “وتديرها" in markdown


def test_thumbs_are_stored(open_page: Open, feedback: Path) -> None:
    page = open_page("zh-TW")
    answered(page, CHINESE)
    page.get_by_role("button", name="回答得好", exact=True).click()
    expect(page.locator(".thanks")).to_have_text("謝謝，已記錄。")
    expect(page.locator(".actions [aria-pressed=true]")).to_be_focused()
    record = json.loads(feedback.read_text(encoding="utf-8").splitlines()[-1])
    assert record["question"] == CHINESE
    assert record["rating"] == "good"
    assert "海港诊所于2021年5月4日开业。 [1]" in record["answer"]


def test_conversations_are_kept_in_the_browser_and_can_be_deleted(open_page: Open) -> None:
    page = open_page()
    answered(page, ARABIC)
    page.reload()
    expect(page.locator(".example").first).to_be_visible()
    page.locator("#history").click()
    page.locator("#conversations .link").click()
    expect(page.locator(".turn .marker")).to_have_count(2)
    expect(page.locator(".panel mark")).to_have_count(2)
    page.locator(".turn .marker").last.click()
    expect(page.locator(".panel .book mark")).to_contain_text("院长是马拉·林德奎斯特")
    page.locator("#history").click()
    page.get_by_role("button", name=f"Delete: {ARABIC}").click()
    expect(page.locator("#conversations li")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(0)


def test_a_conversation_that_is_left_or_deleted_while_a_question_runs(
    open_page: Open, pages: Pages, pipeline: ScriptedPipeline
) -> None:
    page = open_page()
    rows = page.locator("#conversations .link")

    def ask_slowly() -> None:
        pipeline.cancelled.clear()
        ask(page, SLOW)
        expect(page.locator(".turn[data-state=writing]")).to_have_count(1)

    # Deleted: the page is as new.
    ask_slowly()
    page.locator("#history").click()
    page.get_by_role("button", name=f"Delete: {SLOW}").click()
    assert pipeline.cancelled.wait(2)
    expect(rows).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".turn")).to_have_count(0)
    answered(page, ENGLISH)

    # Opened again: the question is there, stopped.
    ask_slowly()
    page.locator("#history").click()
    rows.click()
    assert pipeline.cancelled.wait(2)
    expect(page.locator(".turn[data-state=stopped] .asked")).to_have_text(SLOW)
    expect(page.locator(".turn[data-state=done] .asked")).to_have_text(ENGLISH)
    expect(page.locator(".send")).to_be_visible()

    # The page is loaded anew: the question is kept, to be asked again.
    page.locator("#new").click()
    ask_slowly()
    assert pages.problems == []
    page.reload()
    pages.problems.clear()  # Gradio tells of the stream that it gave up
    page.locator("#history").click()
    expect(rows).to_have_count(2)
    rows.first.click()
    expect(page.locator(".turn .state")).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()


def test_a_conversation_that_is_open_twice_keeps_the_questions_of_both(open_page: Open) -> None:
    first, second = open_page(), open_page()
    answered(first, ENGLISH)
    second.locator("#history").click()
    second.locator("#conversations .link").click()
    answered(second, CHINESE, turns=2)
    answered(first, ARABIC, turns=2)
    first.get_by_role("button", name="Ask again").last.click()
    expect(first.locator(".turn[data-state=done]")).to_have_count(2)
    expect(first.locator(".send")).to_be_visible()
    second.locator("#history").click()
    second.locator("#conversations .link").click()
    expect(second.locator(".turn[data-state=done] .asked")).to_have_text([ENGLISH, CHINESE, ARABIC])


def test_a_browser_that_keeps_nothing_still_works(open_page: Open) -> None:
    page = open_scripted(
        open_page,
        "Object.defineProperty(window, 'localStorage',"
        " { get() { throw new DOMException('', 'SecurityError'); } })",
        java_script_enabled=True,
    )
    answered(page, ENGLISH)
    page.locator("#history").click()
    expect(page.locator("#conversations")).to_contain_text("This browser lets the page keep nothing")
    expect(page.locator("#conversations .link")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("#language").select_option("ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")


# ---- The page itself ------------------------------------------------------------------------------------


def test_a_page_that_is_only_read_draws_nothing(open_page: Open) -> None:
    page = open_scripted(
        open_page,
        "window.frames_drawn = 0; const frame = window.requestAnimationFrame;"
        "window.requestAnimationFrame = (draw) => { frames_drawn += 1; return frame.call(window, draw); }",
        has_touch=False,
    )
    answered(page, ENGLISH)
    drawn = [0, page.evaluate("window.frames_drawn")]
    while drawn[-1] > drawn[-2] and len(drawn) < 40:  # Gradio's last animation ends after some seconds
        page.wait_for_timeout(500)
        drawn.append(page.evaluate("window.frames_drawn"))
    assert drawn[1] > 0
    assert drawn[-1] == drawn[-2]


@pytest.mark.parametrize(
    ("locale", "placeholder", "heading", "first"),
    [
        ("en-US", "Ask in English, Arabic or Chinese…", "Sources", ENGLISH),
        ("ar", "اسأل بالعربية أو الصينية أو الإنجليزية…", "المصادر", ARABIC),
        ("zh-CN", "请用中文、阿拉伯语或英语提问……", "来源", CHINESE),
        ("zh-TW", "請用中文、阿拉伯語或英語提問……", "來源", TRADITIONAL),
    ],
)
def test_the_interface_speaks_the_browsers_language_and_offers_its_examples(
    open_page: Open, locale: str, placeholder: str, heading: str, first: str
) -> None:
    page = open_page(locale)
    expect(page.locator("#question")).to_have_attribute("placeholder", placeholder)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if locale.startswith("ar") else "ltr")
    expect(page.locator(".example").first).to_have_text(first)
    page.locator(".example").first.click()
    expect(page.locator(".turn[data-state=done] .asked")).to_have_text(first)
    expect(page.locator(".panel h2")).to_have_text(heading)
    expect(page.locator(".welcome")).to_be_hidden()


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_the_box_of_a_phone_is_a_line_high_at_first(browser: Browser, address: str, locale: str) -> None:
    context = browser.new_context(locale=locale, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#question")).to_be_visible()
    page.evaluate("document.fonts.ready")
    expect(page.locator("#question")).to_have_css("height", re.compile(r"^[34]\d(\.\d+)?px$"))
    context.close()


def test_the_page_can_be_used_soon_after_the_server_is_ready(browser: Browser) -> None:
    """Three seconds are for a machine that does nothing else: benchmarks/page_load.py."""
    with served(lambda: create_app(ScriptedPipeline(), Settings(), examples=EXAMPLES)) as fresh:  # type: ignore[arg-type]
        seconds: list[float] = []
        while len(seconds) < 5 and min(seconds, default=9.0) >= 4:
            context = browser.new_context()
            page = context.new_page()
            started = time.perf_counter()
            page.goto(fresh, wait_until="commit")
            page.locator("#question").press_sequentially("?")
            seconds.append(time.perf_counter() - started)
            context.close()
    assert min(seconds) < 4, seconds


def test_the_language_can_be_switched_in_the_middle_and_is_remembered(open_page: Open) -> None:
    page = open_page()
    answered(page, ENGLISH)
    page.locator(".turn .marker").first.click()
    expect(page.locator(".panel .about .page")).to_have_text("page 2")
    page.locator("#language").select_option("ar")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.locator(".panel .about .page")).to_have_text("صفحة 2")
    expect(page.locator(".turn .check")).to_contain_text("دُقّقت على المصادر")
    chat, panel = (page.locator(each).bounding_box() for each in (".talk", ".panel"))
    assert chat is not None and panel is not None
    assert panel["x"] < chat["x"]
    page.reload()
    expect(page.locator(".tagline")).to_have_text("إجابات من وثائقك أنت، مع المصدر الدقيق لكل جملة.")


def test_every_string_is_there_in_every_language() -> None:
    strings = json.loads(Path("web/strings.json").read_text(encoding="utf-8"))
    assert list(strings) == ["en", "ar", "zh-Hans", "zh-Hant"]
    for language, said in strings.items():
        assert list(said) == list(strings["en"]), language
        for name, text in said.items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", strings["en"][name])), name


@pytest.mark.parametrize(("locale", "width"), [("en-US", 1280), ("ar", 1280), ("ar", 360), ("zh-TW", 360)])
def test_nothing_is_cut_off_and_dark_follows_the_system(open_page: Open, locale: str, width: int) -> None:
    page = open_page(locale, viewport={"width": width, "height": 800}, media={"color_scheme": "dark"})
    answered(page, HOSTILE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator("header :is(button, select), .composer button").all():
        box = button.bounding_box()
        if box:
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
    if width == 360:
        page.locator(".found button").click()
        expect(page.locator(".panel .source").first).to_be_in_viewport()
        page.locator(".panel .close").click()
    else:
        chat, panel = (page.locator(each).bounding_box() for each in (".talk", ".panel"))
        assert chat is not None and panel is not None
        assert (panel["x"] > chat["x"]) is (locale != "ar")
    red, green, blue = map(int, re.findall(r"\d+", computed(page, "body", "backgroundColor"))[:3])
    assert max(red, green, blue) < 60
    page.locator("#theme").select_option("light")
    assert min(map(int, re.findall(r"\d+", computed(page, "body", "backgroundColor"))[:3])) > 200


def test_the_documents_are_listed_searched_and_opened(open_page: Open) -> None:
    page = open_page()
    page.locator("#library").click()
    expect(page.locator("#documents .document")).to_have_count(5)
    expect(page.locator("#documents .total")).to_contain_text("Indexed: 5")
    expect(page.locator("#documents .total")).to_contain_text("العربية 1")
    # Nothing can be added or removed unless the server allows it.
    expect(page.locator("#documents .drop")).to_have_count(0)
    expect(page.locator("#documents .document button:has(.icon-trash)")).to_have_count(0)
    grey = computed(page, "#documents .total", "color")
    search = page.locator("#documents .search")
    assert search.evaluate("element => getComputedStyle(element, '::placeholder').color") == grey
    search.fill("渡輪")
    expect(page.locator("#documents .document")).to_have_count(1)
    page.locator("#documents .link").click()
    expect(page.locator("#documents")).to_be_hidden()
    expect(page.locator(".panel .book")).to_contain_text("最後一班於晚上十點離開。")
    page.locator(".panel .close").click()
    expect(page.locator(".panel")).to_be_hidden()


@pytest.mark.parametrize(("locale", "scheme"), [("ar", "dark"), ("zh-CN", "light")])
def test_axe_finds_no_serious_violation(open_page: Open, locale: str, scheme: str) -> None:
    page = open_page(locale, media={"color_scheme": scheme, "reduced_motion": "reduce"})
    found = []

    def check(state: str) -> None:
        found.extend(f"{state}: {violation}" for violation in serious_violations(page))

    check("at first")
    answered(page, ENGLISH)
    check("answered")
    page.locator(".turn .marker").first.click()
    expect(page.locator(".panel .book mark")).to_be_visible()
    answered(page, UNANSWERED, turns=2)
    check("a document and an abstention")
    page.locator("#library").click()
    expect(page.locator("#documents .document")).to_have_count(5)
    check("documents")
    page.keyboard.press("Escape")
    page.locator("#history").click()
    check("conversations")
    assert found == []
