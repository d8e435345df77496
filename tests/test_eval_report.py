"""The report in a browser: nothing is asked of any network, and right-to-left text runs right to left."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from eval.compare import compare_runs
from eval.configuration import Configuration
from eval.datasets import read_dataset
from eval.outputs import write_outputs
from eval.report import write_report
from eval.run import evaluate
from index.embedder import HashEmbedder
from qa.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over a few questions of the sample, every kind among them."""
    folder = tmp_path_factory.mktemp("report")
    dataset = read_dataset("sample")
    kept = [query for query in dataset.queries if query.language in ("ar", "en")][:10]
    names = {query.id for query in kept}
    dataset = replace(
        dataset,
        queries=tuple(kept),
        qrels={name: judged for name, judged in dataset.qrels.items() if name in names},
        answers={name: answer for name, answer in dataset.answers.items() if name in names},
    )
    configuration = Configuration(load_settings()).with_values(
        [
            "generator=none",
            "answer.threshold=-10000",
            "answer.reader=off",
            "eval.planted=0",
            "eval.resamples=20",
        ]
    )
    measured = evaluate(dataset, configuration, embedder=HashEmbedder(), cache=folder / "cache")
    write_outputs(measured, folder / "before")
    changes = compare_runs(folder / "before", folder / "before").changes
    write_report(measured, folder / "report.html", folder / "before", changes)
    return folder / "report.html"


@pytest.mark.browser
def test_report_in_a_browser(page: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            shown = browser.new_page(viewport={"width": 1180, "height": 900})
            asked: list[str] = []
            said: list[str] = []
            shown.on("request", lambda request: asked.append(request.url))
            shown.on("console", lambda message: said.append(message.text))
            shown.goto(page.as_uri())
            assert asked == [page.as_uri()]
            assert said == []
            assert shown.locator("h2").all_inner_texts()[:2] == ["Retrieval", "Answers"]
            direction = "element => getComputedStyle(element).direction"
            arabic = shown.locator(".question h4").filter(has_text="؟").first
            english = shown.locator(".question h4").filter(has_text="?").first
            assert arabic.evaluate(direction) == "rtl"
            assert english.evaluate(direction) == "ltr"
            marked = shown.locator("li p[lang=ar] mark").first
            assert marked.evaluate(direction) == "rtl"
            for width in (1180, 400):
                shown.set_viewport_size({"width": width, "height": 900})
                assert shown.evaluate("document.documentElement.scrollWidth") <= width
            shown.emulate_media(media="print")
            shown.set_viewport_size({"width": 672, "height": 950})  # A4 without its margins
            for table in shown.locator(".scroll").all():
                assert table.evaluate("box => box.scrollWidth <= box.clientWidth"), table.inner_text()[:90]
            sides = shown.locator(".sides p").filter(has_text=re.compile("^[\u0600-\u06ff]")).all()
            assert len(sides) >= 2
            assert {side.evaluate(direction) for side in sides} == {"rtl"}
            assert not shown.locator("nav").is_visible()
            assert shown.locator(".question").first.is_visible()
        finally:
            browser.close()
