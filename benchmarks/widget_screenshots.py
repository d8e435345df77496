"""Pictures of the widget for docs/widget.md, from a running server over the sample.

tricite index corpus/sample && tricite serve &
python benchmarks/widget_screenshots.py --out docs/images
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).resolve().parents[1] / "eval" / "sample" / "queries.jsonl"
SIZE = {"width": 460, "height": 720}
VIEWS: list[dict[str, Any]] = [
    {"name": "widget-en", "language": "en", "asks": "en"},
    {"name": "widget-ar", "language": "ar", "asks": "ar"},
    {"name": "widget-zh-dark", "language": "zh-Hans", "asks": "zh", "color_scheme": "dark"},
    {"name": "widget-phone", "language": "ar", "asks": "ar", "document": True, "phone": True},
]


def take(address: str, out: Path, chromium: str) -> None:
    """One picture for each view: a question of the sample, answered, or its document opened."""
    from playwright.sync_api import sync_playwright

    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for view in VIEWS:
            size = {"width": 375, "height": 667} if view.get("phone") else SIZE
            page = browser.new_page(viewport=size, color_scheme=view.get("color_scheme", "light"))
            page.goto(f"{address}/demo?language={view['language']}")
            frame = page.frame_locator("#tricite-widget iframe")
            for row in (row for row in asked if row["language"] == view["asks"]):
                page.evaluate("question => Tricite.ask(question)", row["text"])
                frame.locator(".turn").last.locator(".tools, .problem").wait_for(timeout=120_000)
                if frame.locator(".turn").last.locator(".marker").count():
                    break
            frame.locator(".turn").last.evaluate("turn => turn.scrollIntoView({block: 'start'})")
            if view.get("document"):
                frame.locator(".turn").last.locator(".marker").first.click()
                frame.locator("#reader mark").wait_for()
            page.wait_for_timeout(500)  # fonts
            page.screenshot(path=out / f"{view['name']}.png")
            page.close()
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:7860")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    take(arguments.address, arguments.out, arguments.chromium)


if __name__ == "__main__":
    main()
