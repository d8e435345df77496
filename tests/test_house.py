"""The house's own rules: imports run one way, no pickle, the command starts fast."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ["corpus", "index", "qa", "eval", "web"]


def imported(path: Path) -> set[str]:
    """The top-level names that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", ORDER)
def test_imports_run_one_way(package: str) -> None:
    forbidden = {*ORDER[ORDER.index(package) + 1 :], "app", "cli"}
    modules = sorted((ROOT / package).rglob("*.py"))
    assert modules
    wrong = {str(path.relative_to(ROOT)): imported(path) & forbidden for path in modules}
    assert {path: names for path, names in wrong.items() if names} == {}


def test_no_pickle() -> None:
    modules = [path for name in ORDER for path in (ROOT / name).rglob("*.py")]
    modules += [ROOT / "app.py", ROOT / "cli.py"]
    risky = {"pickle", "joblib", "dill", "shelve", "langchain_community"}
    assert {str(path): imported(path) & risky for path in modules if imported(path) & risky} == {}
    assert [path for path in modules if "allow_pickle=True" in path.read_text(encoding="utf-8")] == []


def test_help_is_fast() -> None:
    """In processor time: the other tests make this machine slow, not the command."""
    seconds = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run(
            [Path(sys.executable).parent / "tricite", "--help"], capture_output=True, check=True, text=True
        )
        after = os.times()
        seconds.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
    assert "Cited answers" in done.stdout
    assert min(seconds) < 0.5
