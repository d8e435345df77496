"""The commands of docs/evaluation.md, run as they stand, over the sample's English articles.

HashEmbedder stands in for the model, and the span reader is off: what is tested is that the page can be
followed.
"""

from __future__ import annotations

import re
import shlex
import shutil
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.configuration import Configuration
from index.embedder import HashEmbedder
from qa.pipeline import AnswerSettings

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "corpus" / "sample" / "en", tmp_path / "my-documents")
    for name, text in re.findall(r"```csv (\S+)\n(.*?)```", PAGE, re.S):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eval.run.eval_folder", lambda: tmp_path / "cache")
    embedder = HashEmbedder()
    monkeypatch.setattr("qa.settings.Settings.load_embedder", lambda settings: embedder)
    unread = partial(Configuration, answer=AnswerSettings(reader=False))
    monkeypatch.setattr("eval.command.Configuration", unread)
    return tmp_path


def test_every_command_works(place: Path) -> None:
    from cli import app

    runner = CliRunner()
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        words = shlex.split(command)
        assert words[:2] == ["tricite", "eval"]
        done = runner.invoke(app, words[1:], catch_exceptions=False)
        assert done.exit_code == 0, (command, done.output)
        assert "nDCG@10" in done.output
    for folder in ("sample", "first", "second", "sweep/answer.evidence=1", "sweep/answer.evidence=3"):
        assert (place / "results" / folder / "metrics.json").is_file()
    assert "baseline" in (place / "results" / "second" / "report.html").read_text(encoding="utf-8")


def test_every_file_that_is_written_is_described() -> None:
    for name in ("metrics.json", "run.trec", "answers.jsonl", "questions.csv", "report.html"):
        assert f"`{name}`" in PAGE
