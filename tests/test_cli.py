"""The command's contract: JSON shapes, exit codes, one-line errors."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cli
from eval.datasets import EXAMPLES, read_dataset
from index.embedder import SentenceTransformerEmbedder
from qa.settings import Settings

COMMAND = Path(sys.executable).parent / "tricite"
HITS = {"rank", "chunk_id", "document_id", "source", "language", "score", "start", "end", "text"}
ANSWER = {
    "id",
    "question",
    "language",
    "answer",
    "short_answer",
    "abstained",
    "sentences",
    "citations",
    "closest",
    "hits",
    "timings",
}
CITATION = {"marker", "document_id", "source", "title", "language", "start", "end", "quote", "page"}
TIMINGS = {"retrieve_ms", "first_ms", "generate_ms", "total_ms"}


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


class Command:
    """Runs `tricite` in this process, so that the models are loaded once."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: object, code: int = 0) -> Done:
        self._capture.readouterr()
        exit_code: object = 0
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            exit_code = stopped.code or 0
        printed = self._capture.readouterr()
        assert exit_code == code, printed.out + printed.err
        return Done(printed.out, printed.err)

    def json(self, *arguments: object) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(*arguments, "--json").stdout)
        return found

    def error(self, *arguments: object) -> str:
        """The one line that a failed request leaves on stderr."""
        done = self(*arguments, code=1)
        assert done.stdout == ""
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("tricite: ")
        return lines[0]


@pytest.fixture
def tricite(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    embedder: SentenceTransformerEmbedder,
) -> Command:
    monkeypatch.setattr(Settings, "load_embedder", lambda _: embedder)
    return Command(capsys)


def write_batch(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
    return path


@pytest.mark.model
def test_search_and_show(tricite: Command, sample_index: Path, tmp_path: Path) -> None:
    batch = write_batch(
        tmp_path / "questions.jsonl",
        [
            {"id": "a", "question": "How often does the tram run?"},
            "{not json",
            {"id": 7, "question": "   "},
            {"id": "b", "question": "图书馆几点开门？"},
        ],
    )
    done = tricite("search", "--batch", batch, "--index", sample_index, "--k", 3)
    first, broken, empty, second = map(json.loads, done.stdout.splitlines())
    assert (first["id"], first["language"], second["id"], second["language"]) == ("a", "en", "b", "zh")
    assert broken["id"] is None and empty["id"] == 7
    assert broken["error"] and empty["error"]
    assert [hit["rank"] for hit in first["hits"]] == [1, 2, 3]
    assert all(hit.keys() >= HITS for hit in first["hits"])
    assert first["hits"][0]["source"] == "en/tram-line.md"
    assert len({hit["document_id"] for hit in first["hits"]}) == 3
    shown = tricite.json("show", first["hits"][0]["document_id"], "--index", sample_index)
    assert shown.keys() >= {"id", "title", "source", "language", "text", "metadata", "removed"}
    hit = first["hits"][0]
    assert shown["text"][hit["start"] : hit["end"]] == hit["text"]


@pytest.mark.model
def test_no_line_of_a_batch_stops_the_others(tricite: Command, sample_index: Path, tmp_path: Path) -> None:
    lines = [
        '\ufeff{"id": 1, "question": "tram"}',
        '{"id": 2, "question": "tram \u2028 line"}',
        '{"id": "\\ud800", "question": "lone \\ud800 tram"}',
        "[" * 100_000,
        '{"id": NaN, "question": "tram"}',
        '{"id": 6}',
        '{"id": 7, "question": "tram"}',
    ]
    (tmp_path / "batch.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = tricite("search", "--batch", tmp_path / "batch.jsonl", "--index", sample_index)
    found = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert [one["id"] for one in found] == [1, 2, "\ud800", None, None, 6, 7]
    assert ["error" in one for one in found] == [False, False, False, True, True, True, False]
    assert "question 4" in found[3]["error"]


@pytest.mark.model
def test_ask(tricite: Command, sample_index: Path, tmp_path: Path) -> None:
    batch = write_batch(
        tmp_path / "questions.jsonl",
        [
            {"id": "en", "question": "How often does the tram run?"},
            {"id": "ar", "question": "كم كشكا في السوق الليلي؟"},
            {"id": "zh", "question": "旧图书馆的馆长是谁？"},
            {"id": "bad", "question": ""},
        ],
    )
    *answers, bad = map(
        json.loads, tricite("ask", "--batch", batch, "--index", sample_index).stdout.splitlines()
    )
    assert bad["id"] == "bad" and bad["error"]
    for name, answer in zip(("en", "ar", "zh"), answers, strict=True):
        assert answer.keys() >= ANSWER
        assert (answer["id"], answer["language"]) == (name, name)
        assert answer["timings"].keys() >= TIMINGS
        for citation in answer["citations"] + answer["closest"]:
            assert citation.keys() >= CITATION
            text = tricite.json("show", citation["document_id"], "--index", sample_index)["text"]
            assert text[citation["start"] : citation["end"]] == citation["quote"]
        for sentence in answer["sentences"]:
            assert bool(sentence["markers"]) == (sentence["kind"] != "notice")
    plain = tricite(
        "ask", "How often does the tram run?", "--index", sample_index, "--generator", "none"
    ).stdout
    assert "[1]" in plain and "tram-line.md" in plain


@pytest.mark.model
def test_every_question_that_the_page_offers_is_answered(
    tricite: Command, sample_index: Path, tmp_path: Path
) -> None:
    dataset = read_dataset("sample")
    asked = [{"id": one.id, "question": one.text} for one in dataset.queries if one.id in EXAMPLES]
    assert len(asked) == len(EXAMPLES)
    batch = write_batch(tmp_path / "examples.jsonl", list(asked))
    done = tricite("ask", "--batch", batch, "--index", sample_index, "--generator", "none")
    for answer in map(json.loads, done.stdout.splitlines()):
        assert not answer["abstained"], answer["question"]
        assert answer["citations"][0]["source"] in dataset.qrels[answer["id"]]
        gold = dataset.answers[answer["id"]].answers
        assert any(words in answer["answer"] for words in gold), answer["answer"]


@pytest.mark.model
def test_the_questions_of_the_readme_are_answered(
    tricite: Command, sample_index: Path, tmp_path: Path
) -> None:
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    questions = re.findall(r'tricite ask "([^"]*[?؟？])"', readme)
    assert len(questions) >= 3
    batch = write_batch(tmp_path / "readme.jsonl", [{"id": text, "question": text} for text in questions])
    done = tricite("ask", "--batch", batch, "--index", sample_index, "--generator", "none")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {answer["question"]: answer["abstained"] for answer in answers} == dict.fromkeys(questions, False)


@pytest.mark.model
def test_index_status_remove_verify_repair(tricite: Command, tmp_path: Path) -> None:
    documents, index = tmp_path / "documents", tmp_path / "index"
    documents.mkdir()
    (documents / "a.txt").write_text("The ferry sails at noon from pier four.", encoding="utf-8")
    (documents / "b.txt").write_text("تفتح المكتبة أبوابها عند الثامنة صباحا.", encoding="utf-8")
    (documents / "empty.txt").write_bytes(b"")
    report = tricite.json("index", documents, "--index", index)
    assert len(report["added"]) == 2 and report["unreadable"][0][0] == "empty.txt"
    assert tricite.json("index", documents, "--index", index)["unchanged"] == 2
    state = tricite.json("status", "--index", index)
    assert {document["source"] for document in state["documents"]} == {"a.txt", "b.txt"}
    assert state["languages"] == {"ar": 1, "en": 1}
    assert [model["role"] for model in state["models"]] == ["embedder", "span reader", "generator"]
    assert all(model["licence"] for model in state["models"])
    assert "sound" in tricite("verify", "--index", index).stdout
    first = state["documents"][0]["id"]
    assert tricite.json("remove", first, "--index", index)["removed"] == [first]
    assert len(tricite.json("status", "--index", index)["documents"]) == 1
    assert tricite.json("repair", "--index", index)["documents"] == 1
    (documents / "b.txt").unlink()
    (documents / "c.txt").write_text("The pier has two cafes.", encoding="utf-8")
    assert len(tricite.json("index", documents, "--index", index, "--prune")["removed"]) == 1


def test_errors_are_one_line_and_exit_1(tricite: Command, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert "tricite index" in tricite.error("search", "anything", "--index", nowhere)
    assert "tricite index" in tricite.error("ask", "anything", "--index", nowhere)
    assert "tricite index" in tricite.error("status", "--index", nowhere)
    assert "nothing.txt" in tricite.error("index", tmp_path / "nothing.txt", "--index", nowhere)
    (tmp_path / "empty").mkdir()
    assert ".pdf" in tricite.error("index", tmp_path / "empty", "--index", nowhere)
    assert "batch" in tricite.error("ask", "--batch", tmp_path / "none.jsonl", "--index", nowhere)
    assert not nowhere.exists()


def test_one_unreadable_file_alone_is_an_error(tricite: Command, tmp_path: Path) -> None:
    file = tmp_path / "empty.txt"
    file.write_bytes(b"")
    assert "empty" in tricite.error("index", file, "--index", tmp_path / "index")
    (tmp_path / "good.txt").write_text("The ferry sails at noon.", encoding="utf-8")
    tricite("index", tmp_path, "--index", tmp_path / "index")
    assert "empty" in tricite.error("index", file, "--index", tmp_path / "index")
    assert len(tricite.json("status", "--index", tmp_path / "index")["documents"]) == 1


def test_names_and_texts_do_not_steer_the_terminal(tricite: Command, tmp_path: Path) -> None:
    index, documents = tmp_path / "index", tmp_path / "documents"
    documents.mkdir()
    (documents / "a\x1b[31m\nb.txt").write_text("The ferry sails at noon.", encoding="utf-8")
    (documents / "c\x1b]0;title\x07.txt").write_bytes(b"")
    row = {"id": "x", "title": "A \x1b[2J title", "text": "The lizard \x1b[8m sleeps."}
    (documents / "d.jsonl").write_text(json.dumps(row), encoding="utf-8")
    done = tricite("index", documents, "--index", index)
    assert "\x1b" not in done.stderr and "c\\x1b]0;title\\x07.txt" in done.stderr
    (named,) = (each for each in tricite.json("status", "--index", index)["documents"] if each["id"] != "x")
    shown = tricite("show", named["id"], "--index", index).stdout
    assert shown.splitlines()[1].startswith("a\\x1b[31m\\nb.txt  [en")
    printed = tricite("status", "--index", index).stdout + tricite("show", "x", "--index", index).stdout
    assert (
        "\x1b" not in printed and "a\\x1b[31m\\nb.txt" in printed and "The lizard \\x1b[8m sleeps." in printed
    )
    assert tricite.json("show", "x", "--index", index)["text"] == row["text"]


def test_wrong_usage_exits_2(tricite: Command, tmp_path: Path) -> None:
    tricite("ask", code=2)
    tricite("search", "one", "--batch", tmp_path / "both.jsonl", code=2)
    tricite("search", "one", "--k", "0", code=2)
    tricite("nonsense", code=2)


@pytest.mark.model
def test_bad_questions_exit_1(tricite: Command, sample_index: Path) -> None:
    for question in ("", "  ", "x" * 100_000):
        tricite.error("search", question, "--index", sample_index)
    tricite.error("ask", "?", "--index", sample_index, "--generator", "none")
    assert "nonsense" in tricite.error("ask", "Who?", "--index", sample_index, "--generator", "nonsense")


def test_bad_settings_name_the_variable(
    tricite: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRICITE_TOKENS", "secret")
    assert "setting tokens (TRICITE_TOKENS) is not in JSON" in tricite.error("status", "--index", tmp_path)
    monkeypatch.delenv("TRICITE_TOKENS")
    monkeypatch.setenv("TRICITE_CHUNK_TOKENS", "many")
    assert "TRICITE_CHUNK_TOKENS" in tricite.error("search", "x", "--index", tmp_path)


# -- the installed command -----------------------------------------------------------------------------
def test_the_installed_command_reports_errors(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "status", "--index", tmp_path / "none"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("tricite: ") and done.stderr.count("\n") == 1


# Runs a script with warnings as errors, in a process that may talk to this machine only.
ALONE = """
import runpy, socket, sys
def only_here(connect):
    def checked(self, address):
        assert not isinstance(address, tuple) or address[0] in ("127.0.0.1", "::1"), address
        return connect(self, address)
    return checked
socket.socket.connect = only_here(socket.socket.connect)
socket.socket.connect_ex = only_here(socket.socket.connect_ex)
resolve = socket.getaddrinfo
def known(host, *arguments, **options):
    assert host in (None, "127.0.0.1", "localhost", "::1"), host
    return resolve(host, *arguments, **options)
socket.getaddrinfo = known
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.model
def test_the_installed_command_serves_without_a_network(sample_index: Path) -> None:
    """The embedded model is loaded, a page and an answer are served, and nothing leaves this machine."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [COMMAND, "serve", "--index", sample_index, "--port", str(port), "--generator", "none"]
    serving = subprocess.Popen(
        # Libraries may leave a loop or a socket to the end of the process.
        [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", ALONE, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/search",
            json.dumps({"question": "How often does the tram run?"}).encode(),
            {"content-type": "application/json"},
        )
        hits = json.loads(_answer(request, serving))["hits"]
        assert hits[0]["source"] == "en/tram-line.md"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
            assert b"<html" in page.read().lower()
    finally:
        serving.send_signal(signal.SIGINT)
        printed, _ = serving.communicate(timeout=30)
    assert "Traceback" not in printed and "Warning" not in printed


def _answer(request: urllib.request.Request, serving: subprocess.Popen[str]) -> bytes:
    """The body of the first answer that a server gives, within two minutes."""
    for _ in range(1200):
        assert serving.poll() is None, serving.communicate()[0]
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                body: bytes = response.read()
                return body
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer")
