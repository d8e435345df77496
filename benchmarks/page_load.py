"""How long the chat page takes until it can be used, from the moment that `tricite serve` is ready.

    python benchmarks/page_load.py --index .tricite/index

Starts the command on a free port, waits for /healthz, and at once opens the page in Chromium, several times
with nothing in the browser's cache; usable: the question can be typed. Prints one JSON object; the first
load is the one right after the start.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

STARTING = 180.0
"""Seconds after which a server that does not answer is given up."""


@contextlib.contextmanager
def serving(index: Path) -> Iterator[tuple[str, float]]:
    """A running `tricite serve`: its address, and the seconds until it was ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address, started = f"http://127.0.0.1:{port}", time.perf_counter()
    command = [sys.executable, "-m", "cli", "serve", "--index", str(index), "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - started < STARTING and server.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=5):
                yield address, time.perf_counter() - started
                return
            time.sleep(0.02)
        raise SystemExit("the server did not start: run `tricite serve` to see why")
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path(".tricite/index"))
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    seconds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serving(arguments.index) as (address, ready):
            for _ in range(arguments.times):
                page = browser.new_context().new_page()
                started = time.perf_counter()
                page.goto(address, wait_until="commit")
                page.locator("#question").wait_for()
                page.locator("#question").press_sequentially("?")
                seconds.append(round(time.perf_counter() - started, 2))
                page.context.close()
        browser.close()
    print(json.dumps({"ready_s": round(ready, 1), "first_s": seconds[0], "usable_s": sorted(seconds)}))


if __name__ == "__main__":
    main()
