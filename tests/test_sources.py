"""Which files are read, and under which names."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from corpus.errors import InvalidRequest
from corpus.sources import SUFFIXES, document_id, find_sources


def write(path: Path, text: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(*paths: Path) -> list[str]:
    return [source.name for source in find_sources(paths).files]


def test_a_folder_is_walked_in_order_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a/z.md",
        "a/B.PDF",
        "c/d/报告.docx",
        ".hidden.txt",
        ".git/config.txt",
        "x.htm",
        "y.HTML",
        "l.jsonl",
    ):
        write(tmp_path / name)
    found = find_sources([tmp_path])
    assert [source.name for source in found.files] == [
        "a/B.PDF", "a/z.md", "b.txt", "c/d/报告.docx", "l.jsonl", "x.htm", "y.HTML",
    ]  # fmt: skip
    assert found.skipped == ()
    first = found.files[0]
    assert (first.path, first.root) == (tmp_path / "a/B.PDF", tmp_path)
    assert (first.size, first.suffix) == (4, ".pdf")
    assert first.modified == (tmp_path / "a/B.PDF").stat().st_mtime_ns


def test_unsupported_files_are_listed_with_a_reason(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "table.xlsx")
    (skipped,) = find_sources([tmp_path]).skipped
    assert skipped.path.name == "table.xlsx"
    assert ".docx" in skipped.reason


def test_a_file_given_by_hand_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "deep/er/.notes.txt")
    assert names(tmp_path / "deep/er/.notes.txt") == [".notes.txt"]
    monkeypatch.chdir(tmp_path / "deep")
    (source,) = find_sources([Path("er/.notes.txt")]).files
    assert source.path.is_absolute()
    assert source.path.is_file()


def test_equal_names_carry_their_root(tmp_path: Path) -> None:
    for name in ("one/a.txt", "two/a.txt", "two/b.txt"):
        write(tmp_path / name)
    assert names(tmp_path / "one", tmp_path / "two") == ["b.txt", "one/a.txt", "two/a.txt"]
    assert names(tmp_path / "two", tmp_path / "one") == ["b.txt", "one/a.txt", "two/a.txt"]


def test_names_that_stay_equal_are_refused(tmp_path: Path) -> None:
    for name in ("x/docs/a.txt", "y/docs/a.txt"):
        write(tmp_path / name)
    with pytest.raises(InvalidRequest, match=r"both be named docs/a\.txt"):
        find_sources([tmp_path / "x/docs", tmp_path / "y/docs"])


def test_a_file_reached_twice_is_kept_once(tmp_path: Path) -> None:
    write(tmp_path / "docs/sub/a.txt")
    for paths in (
        [tmp_path / "docs", tmp_path / "docs/sub/a.txt"],
        [tmp_path / "docs/sub", tmp_path / "docs"],
    ):
        assert names(*paths) == ["sub/a.txt"]


def test_links_stay_inside_the_root(tmp_path: Path) -> None:
    write(tmp_path / "outside/secret.txt")
    write(tmp_path / "docs/a.txt")
    (tmp_path / "docs/out").symlink_to(tmp_path / "outside")
    (tmp_path / "docs/out.txt").symlink_to(tmp_path / "outside/secret.txt")
    (tmp_path / "docs/circle").symlink_to(tmp_path / "docs")
    (tmp_path / "docs/same.txt").symlink_to(tmp_path / "docs/a.txt")
    (tmp_path / "docs/gone.txt").symlink_to(tmp_path / "docs/nowhere.txt")
    found = find_sources([tmp_path / "docs"])
    assert [source.name for source in found.files] == ["a.txt", "same.txt"]
    assert {entry.path.name for entry in found.skipped} == {"out", "out.txt", "gone.txt"}
    assert names(tmp_path / "docs/out.txt") == ["out.txt"]


def test_odd_files_are_skipped_with_a_reason(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    broken = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    with open(broken, "w") as file:
        file.write("text")
    assert names(tmp_path) == ["a.txt"]
    assert len(find_sources([tmp_path]).skipped) == 2


def test_requests_that_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="does not exist"):
        find_sources([tmp_path / "nowhere"])
    write(tmp_path / "only.xlsx")
    for path in (tmp_path, tmp_path / "only.xlsx"):
        with pytest.raises(InvalidRequest) as caught:
            find_sources([path])
        assert all(suffix in str(caught.value) for suffix in SUFFIXES)
        assert "\n" not in str(caught.value)


def test_document_ids_hash_the_name() -> None:
    assert document_id("a/报告.txt") == hashlib.sha256("a/报告.txt".encode()).hexdigest()[:16]


def test_links_in_a_circle_and_folders_a_thousand_deep(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "one.txt").symlink_to("two.txt")
    (tmp_path / "two.txt").symlink_to("one.txt")
    deep = [tmp_path]
    for _ in range(1100):
        deep.append(deep[-1] / "d")
        deep[-1].mkdir()
    found = find_sources([tmp_path])
    for folder in reversed(deep[1:]):  # too deep for whoever clears the temporary folder
        folder.rmdir()
    assert [source.name for source in found.files] == ["a.txt"]
    assert sorted(entry.path.name for entry in found.skipped) == ["itself", "one.txt", "two.txt"]
