"""The checker against sentence-span pairs that were written and labelled for it (support_pairs.jsonl).

Rules and constants were chosen on the dev half and on training data; the test half was written before the
checker, and only its totals were looked at.

    python benchmarks/checker.py [--split dev|test] [--failures] [--without numbers|negation|names|roles]
    python benchmarks/checker.py --pairs benchmarks/support_pairs_fresh.jsonl

The fresh pairs are harder, and were written when the checker had been built, before it was changed again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from pathlib import Path

PAIRS = Path(__file__).with_name("support_pairs.jsonl")
PARTS = {
    "numbers": ("disagreement",),
    "negation": ("denies", "opposed", "contrary"),
    "names": ("_names_another",),
    "roles": (
        "joined", "lifted", "crossed", "swapped", "names_swapped", "substituted", "reversed_change",
        "other_subject",
    ),
}  # fmt: skip
"""The functions of qa.checking that find one kind of contradiction, each true where it finds one."""


def main() -> None:
    """Print the accuracy on both halves, by kind of pair, and the time a check takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "test"))
    parser.add_argument("--pairs", type=Path, default=PAIRS, help="labelled pairs to judge")
    parser.add_argument("--failures", action="store_true", help="show every pair judged wrongly")
    parser.add_argument("--without", choices=PARTS, help="leave out one part of the checker")
    arguments = parser.parse_args()

    import qa.checking
    from index.embedder import SentenceTransformerEmbedder
    from qa.checking import SUPPORTED, SupportChecker, support

    for name in PARTS.get(arguments.without, ()):
        setattr(qa.checking, name, lambda *_: None)
    checker = SupportChecker(SentenceTransformerEmbedder("embedded"))
    checker.support("A warm-up.", "تسخين.", "", "")
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    seconds = []
    for line in arguments.pairs.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        if arguments.split not in (None, pair["split"]):
            continue
        texts = pair["sentence"], pair["span"], pair["heading"], pair["question"]
        started = time.perf_counter()
        score = checker.support(*texts)
        seconds.append(time.perf_counter() - started)
        is_right = (score >= SUPPORTED) == pair["supported"]
        across = "across languages" if pair["language"] != pair["span_language"] else "in one language"
        words_only = (support(*texts) >= SUPPORTED) == pair["supported"]
        for group, counted in (
            ("all", is_right), (across, is_right),
            ("supported" if pair["supported"] else "unsupported", is_right),
            (f"  {pair['kind']}", is_right), ("words alone, no encoder", words_only),
        ):  # fmt: skip
            total[pair["split"], group] += 1
            right[pair["split"], group] += counted
        if arguments.failures and not is_right:
            told = "REJECTED" if pair["supported"] else "MISSED"
            print(f"{told} {pair['id']} {pair['kind']} {score:.2f}\n  {pair['sentence']}\n  {pair['span']}")
    for split, group in sorted(total):
        share = right[split, group] / total[split, group]
        print(f"{split} {group}: {right[split, group]}/{total[split, group]} = {share:.1%}")
    print(f"one check: median {statistics.median(seconds) * 1000:.0f} ms, most {max(seconds) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
