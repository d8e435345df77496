"""The examples of docs/api.md, run as they stand; those of docs/widget.md, read by what would run them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import chromium, served
from scripted import EXAMPLES, ScriptedPipeline

from app import create_app
from qa.settings import load_settings

DOCS = Path(__file__).resolve().parents[1] / "docs"


def blocks(name: str) -> list[tuple[str, str]]:
    """(language, code) of every fenced block of a page."""
    return re.findall(
        r"^```(\w+)\n(.*?)^```$", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def of(language: str) -> list[str]:
    return [code for found, code in blocks("api.md") if found == language]


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("docs") / "feedback.jsonl"


@pytest.fixture(scope="module")
def address(feedback: Path) -> Iterator[str]:
    settings = load_settings(feedback=feedback, allowed_origins=["http://127.0.0.1:1"])
    with served(lambda: create_app(ScriptedPipeline(), settings, examples=EXAMPLES)) as found:  # type: ignore[arg-type]
        yield found.rstrip("/")


def ran(command: list[str], address: str, code: str) -> str:
    code = code.replace("http://127.0.0.1:7860", address)
    done = subprocess.run([*command, code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, '"answer":"The harbour clinic opened on 4 May 2021. [1]'),
        (1, '"abstained":true'),
        (2, '"document_id":"en-1"'),
        (3, "event: sentence"),
        (4, '{"stored":true}'),
    ],
)
def test_the_examples_for_curl(address: str, number: int, expected: str) -> None:
    found = of("sh")
    assert len(found) == 5
    assert expected in ran(["bash", "-c"], address, found[number])


def test_the_examples_for_python(address: str) -> None:
    found = of("python")
    expected = [
        "[1] عيادة على الماء",
        "海港诊所于2021年5月4日开业。",
        "The harbour clinic opened on 4 May 2021",
        "[1]",
        "4 May 2021",
    ]
    assert len(found) == len(expected)
    # One process for all: most of its time goes into importing the clients.
    printed = ran([sys.executable, "-c"], address, "\nprint('-----')\n".join(found))
    for said, part in zip(printed.split("-----"), expected, strict=True):
        assert part in said


@pytest.mark.browser
def test_the_examples_for_javascript(address: str) -> None:
    found = of("js")
    expected = ["It has twelve beds, by the water of the old harbour.\n", "5 A clinic by the water\n"]
    assert len(found) == len(expected)
    if node := shutil.which("node"):
        for code, part in zip(found, expected, strict=True):
            assert part in ran([node, "--input-type=module", "-e"], address, code)
        return
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{address}/healthz")
        for code, part in zip(found, expected, strict=True):
            said: list[str] = []
            page.on("console", lambda message, said=said: said.append(message.text + "\n"))  # type: ignore[misc]
            page.evaluate(f"async () => {{ {code.replace('http://127.0.0.1:7860', address)} }}")
            assert part in said


def test_what_the_feedback_example_sends_is_kept(address: str, feedback: Path) -> None:
    sent = of("sh")[-1]
    ran(["bash", "-c"], address, sent)
    assert "wrong year" in feedback.read_text(encoding="utf-8")


def test_the_widgets_page_names_every_attribute_that_the_script_reads() -> None:
    script = (DOCS.parent / "web" / "widget.js").read_text(encoding="utf-8")
    page = (DOCS / "widget.md").read_text(encoding="utf-8")
    read = set(re.findall(r"options\.(\w+)", script))
    assert read == {"language", "position", "title", "accent", "token"}
    assert all(f"| `data-{name}` |" in page for name in read)
    assert {language for language, _ in blocks("widget.md")} == {"sh", "html", "js", "php", "jsx"}


def test_settings_that_the_pages_name_exist() -> None:
    text = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("api.md", "widget.md"))
    names = {name.lower() for name in re.findall(r"TRICITE_(\w+)", text)}
    assert names
    assert names <= set(load_settings().model_dump())
