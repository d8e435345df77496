"""Every reason and every error has a sentence of the page's own, in each of its languages."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import corpus
from corpus.errors import (
    GeneratorFailed,
    IndexDamaged,
    IndexLocked,
    IndexMissing,
    InvalidRequest,
    ModelProblem,
    ServerBusy,
)
from web.problems import kind_of_error, kind_of_reason

CORPUS = Path(corpus.__file__).parent
STRINGS = json.loads((CORPUS.parent / "web" / "strings.json").read_text(encoding="utf-8"))


def _reasons() -> list[str]:
    """What every UnreadableSource in corpus/ says, 7 for each value; but for those of a line of a .jsonl
    file, which are told by the line's number."""
    found = []
    for path in sorted(CORPUS.rglob("*.py")):
        if path.name == "jsonl.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UnreadableSource":
                (message,) = node.args
                parts = message.values if isinstance(message, ast.JoinedStr) else [message]
                found.append("".join(str(getattr(part, "value", 7)) for part in parts))
    return found


def test_every_reason_of_the_readers_has_a_kind() -> None:
    reasons = _reasons()
    assert len(reasons) > 12
    assert [each for each in reasons if not kind_of_reason(each)[0]] == []


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("is empty: nothing to index", ("empty", 0)),
        ("is larger than 64 MB (70 MB): split it", ("large", 0)),
        ("is a scanned PDF without a text layer: run OCR on it, for example ocrmypdf", ("scanned", 0)),
        ("is a web page without text: save the page as a browser shows it", ("textless", 0)),
        ("has an unsupported format: wanted .txt", ("format", 0)),
        ('line 12 has no id: give every line an "id"', ("line", 12)),
        ("cannot be opened: Permission denied", ("", 0)),
    ],
)
def test_reasons_have_kinds_and_the_page_has_words_for_them(message: str, kind: tuple[str, int]) -> None:
    assert kind_of_reason(message) == kind
    assert all(not kind[0] or said[f"why_{kind[0]}"] for said in STRINGS.values())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest("x"), "request"),
        (ServerBusy("x"), "busy"),
        (IndexLocked("x"), "locked"),
        (IndexMissing("x"), "index"),
        (IndexDamaged("x"), "index"),
        (ModelProblem("x"), "model"),
        (GeneratorFailed("x"), "model"),
    ],
)
def test_errors_have_kinds_and_the_page_has_words_for_them(error: Exception, kind: str) -> None:
    assert kind_of_error(error) == kind
    assert all(said[f"problem_{kind}"] for said in STRINGS.values())
    assert kind_of_error(RuntimeError("secret")) == ""
