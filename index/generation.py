"""Derived files: everything that can be computed again from the documents, in immutable folders.

generations/NAME/manifest.json      what made it (embedder, splitter, analyzers) and a SHA-256 of each file
generations/NAME/LANGUAGE/...       one partition per passage language: vectors, token vectors, BM25

Scores are comparable only between passages of one language, so each language is its own partition.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import IndexDamaged, IndexMismatch
from index.bm25 import Bm25Index
from index.faiss_store import FaissVectorStore
from index.files import sha256
from index.recipe import Recipe, check_recipe
from index.token_codec import load_token_codec
from index.token_vectors import ChunkTokens, TokenVectors, write_token_vectors
from index.vectors import Vectors

FOLDER = "generations"
FORMAT = 2
_MANIFEST, _ROWS, _VECTORS, _MEAN = "manifest.json", "rows.npy", "vectors.faiss", "mean.npy"
_TERMS, _NAMES = "bm25_terms", "bm25_names"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Recipe, chunks per language, and SHA-256 and size of every file of the generation."""

    recipe: Recipe
    languages: Mapping[str, int]
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmbeddedChunk:
    """What a partition keeps of one chunk: index terms, name terms, sentence vector, token vectors."""

    terms: Sequence[str]
    names: Sequence[str]
    vector: Vectors
    tokens: ChunkTokens


class Partition:
    """The derived files of one passage language, opened for reading.

    rows: int64 [n], ascending; a chunk's position in every other file is its place in rows.
    mean: float32 [dim], the mean passage vector, which centring subtracts.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.rows: NDArray[np.int64] = np.load(folder / _ROWS, allow_pickle=False)
        self.mean: Vectors = np.load(folder / _MEAN, allow_pickle=False)
        self.vectors = FaissVectorStore.load(folder / _VECTORS)
        self.terms = Bm25Index.load(folder / _TERMS)
        self.names = Bm25Index.load(folder / _NAMES)
        self.tokens = TokenVectors(folder, load_token_codec(recipe.fingerprint, recipe.dim))

    def positions(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of rows that are in this partition."""
        return np.searchsorted(self.rows, rows).astype(np.int64)

    def chunk(self, row: int) -> tuple[Vectors, ChunkTokens]:
        """Sentence vector [dim] and tokens of the chunk in a row of this partition."""
        ids = np.array([row], dtype=np.int64)
        return self.vectors.get(ids)[0], self.tokens[int(self.positions(ids)[0])]


class Generation:
    """One generation folder, opened for reading after its small files' checksums were compared."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.partitions = {
            language: Partition(folder / language, manifest.recipe) for language in sorted(manifest.languages)
        }


def new_name(previous: str) -> str:
    """The name after a generation's: a counter, so that names sort by age."""
    return f"{int(previous or 0) + 1:08d}"


def write_generation(
    folder: Path,
    recipe: Recipe,
    chunks: Mapping[str, Sequence[int]],
    load: Callable[[str, int], EmbeddedChunk],
) -> None:
    """Write a generation folder and force it to disk; nothing refers to it before the caller says so.

    chunks: language -> ascending rows. load(language, row) gives a chunk's derived data; its token vectors
    may be mapped from an older generation, so they need not fit in memory.
    """
    shutil.rmtree(folder, ignore_errors=True)  # what a killed writer may have left
    for language, rows in chunks.items():
        _write_partition(folder / _safe(language), recipe, rows, [load(language, row) for row in rows])
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        path.relative_to(folder).as_posix(): (path.stat().st_size, sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    languages = {language: len(rows) for language, rows in chunks.items()}
    manifest = {"format": FORMAT, **asdict(Manifest(recipe, languages, files))}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for path in [*folder.rglob("*"), folder, folder.parent]:
        _force_to_disk(path)


def _write_partition(
    folder: Path, recipe: Recipe, rows: Sequence[int], chunks: Sequence[EmbeddedChunk]
) -> None:
    folder.mkdir(parents=True)
    ids = np.array(rows, dtype=np.int64)
    vectors = np.stack([chunk.vector for chunk in chunks]).astype(np.float32)
    np.save(folder / _ROWS, ids)
    np.save(folder / _MEAN, vectors.mean(axis=0))
    store = FaissVectorStore(recipe.dim)
    store.add(ids, vectors)
    store.save(folder / _VECTORS)
    Bm25Index.build([chunk.terms for chunk in chunks]).save(folder / _TERMS)
    Bm25Index.build([chunk.names for chunk in chunks]).save(folder / _NAMES)
    counts = [len(chunk.tokens) for chunk in chunks]
    codec = load_token_codec(recipe.fingerprint, recipe.dim)
    write_token_vectors(folder, (chunk.tokens for chunk in chunks), counts, codec)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation folder. Raises IndexDamaged, or IndexMismatch for another format."""
    try:
        raw: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise IndexMismatch(
                f"the index has format {raw['format']}, this version reads {FORMAT}: "
                "run `tricite repair` to rebuild it"
            )
        return Manifest(
            Recipe(**raw["recipe"]),
            {_safe(str(language)): int(count) for language, count in raw["languages"].items()},
            {str(name): (int(size), str(digest)) for name, (size, digest) in raw["files"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(
            f"the manifest of {folder} cannot be read ({type(error).__name__}): "
            "run `tricite repair` to rebuild the index"
        ) from error


def damaged_files(folder: Path, manifest: Manifest, *, everything: bool) -> list[str]:
    """Files that are missing or do not match the manifest.

    everything=False compares the sizes of all and the checksums of all but the token vectors, which are
    most of the bytes and are read by bounds that the sizes guard.
    """
    return [
        name
        for name, (size, digest) in manifest.files.items()
        if not _intact(folder / name, size, digest, hashed=everything or not name.endswith("token_codes.npy"))
    ]


def _intact(path: Path, size: int, digest: str, *, hashed: bool) -> bool:
    return path.is_file() and path.stat().st_size == size and (not hashed or sha256(path) == digest)


def open_generation(folder: Path, recipe: Recipe | None = None) -> Generation:
    """Open a generation. Raises IndexDamaged, or IndexMismatch when it was made by another recipe."""
    manifest = read_manifest(folder)
    if recipe is not None:
        check_recipe(manifest.recipe, recipe)
    damaged = damaged_files(folder, manifest, everything=False)
    if damaged:
        raise IndexDamaged(
            f"{len(damaged)} file(s) of the index are damaged or missing ({damaged[0]}): "
            "run `tricite repair` to rebuild them from the stored documents"
        )
    return Generation(folder, manifest)


def remove_old_generations(root: Path, keep: Sequence[str]) -> None:
    """Delete generation folders that nothing refers to; open readers keep their mapped files."""
    for folder in root.iterdir():
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def _safe(language: str) -> str:
    """A language code that is safe as a folder name."""
    if not re.fullmatch(r"[a-z]{2,8}", language):
        raise ValueError(f"not a language code: {language!r}")
    return language


def _force_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
