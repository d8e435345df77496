"""People asking at once: the times that a running server gives each of them, over HTTP.

    tricite serve --generator none &
    python benchmarks/concurrency.py --people 16

Two ways, one after the other: without a pause, in which everybody asks the next question as soon as the
last is answered; and in bursts, in which all ask in the same moment and then read for a while. No question
is asked twice in a way: the sample's, or those of --questions (JSON Lines with "text", as BEIR's
queries.jsonl), are dealt out. Prints one JSON object for each.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

QUESTIONS = Path(__file__).resolve().parents[1] / "eval" / "sample" / "queries.jsonl"
READING = 2.0
"""Seconds between two bursts."""


def ask_all(
    address: str,
    path: str,
    questions: list[str],
    seconds: list[float],
    errors: list[str],
    together: threading.Barrier | None,
) -> None:
    """Ask one person's questions over one connection; note the time of each, and what failed.

    together: where all meet before each question; without one nobody waits.
    """
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
    for question in questions:
        if together:
            time.sleep(READING)
            together.wait()
        started = time.perf_counter()
        body = json.dumps({"question": question})
        try:
            connection.request("POST", path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            errors.append(repr(error))
            connection.close()
            continue
        seconds.append(time.perf_counter() - started)
        if response.status != 200 or "question" not in answer:
            errors.append(f"{response.status}: {answer}")
    connection.close()


def cpu_seconds(address: str) -> float:
    """The processor time that the server has used so far."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return next(float(line.split()[1]) for line in lines if line.startswith("process_cpu_seconds_total "))


def measure(address: str, path: str, shares: list[list[str]], *, bursts: bool) -> dict[str, object]:
    """Milliseconds of all requests of all people, at the middle, at 95 of 100 and at worst; errors."""
    seconds: list[float] = []
    errors: list[str] = []
    together = threading.Barrier(len(shares)) if bursts else None
    worked_before = cpu_seconds(address)
    started = time.perf_counter()
    threads = [
        threading.Thread(target=ask_all, args=(address, path, share, seconds, errors, together))
        for share in shares
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - started
    worked = cpu_seconds(address) - worked_before
    asked = sum(map(len, shares))
    cuts = statistics.quantiles(seconds, n=100)
    return {
        "path": path,
        "people": len(shares),
        "asking": "in bursts" if bursts else "without a pause",
        "requests": asked,
        "errors": len(errors),
        "first_error": errors[0] if errors else None,
        "p50_ms": round(cuts[49] * 1000, 1),
        "p95_ms": round(cuts[94] * 1000, 1),
        "max_ms": round(max(seconds) * 1000, 1),
        "server_cpu_ms_each": round(worked / asked * 1000, 1),
        "requests_per_second": None if bursts else round(len(seconds) / wall, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:7860")
    parser.add_argument("--path", default="/api/search", choices=["/api/search", "/api/ask"])
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    arguments = parser.parse_args()
    lines = arguments.questions.read_text(encoding="utf-8").splitlines()
    questions = list(dict.fromkeys(json.loads(line)["text"] for line in lines if line.strip()))
    each = len(questions) // arguments.people
    if not each:
        parser.error(f"{len(questions)} questions are too few for {arguments.people} people")
    shares = [questions[person * each : (person + 1) * each] for person in range(arguments.people)]
    for bursts in (False, True):
        print(json.dumps(measure(arguments.address, arguments.path, shares, bursts=bursts)), flush=True)


if __name__ == "__main__":
    main()
