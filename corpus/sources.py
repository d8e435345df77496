"""Files and folders -> sources: which files will be read, and the name each is known by."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.errors import InvalidRequest

SUFFIXES = (".txt", ".md", ".html", ".htm", ".pdf", ".docx", ".jsonl")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read.

    path: absolute; name: path inside the indexed root with forward slashes, unique among the sources
    found together; root: the folder the name counts from; size: bytes; modified: nanoseconds since 1970.
    """

    path: Path
    name: str
    root: Path
    size: int
    modified: int

    @property
    def suffix(self) -> str:
        """The lower-cased file suffix, one of SUFFIXES."""
        return self.path.suffix.lower()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that will not be read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What a walk found: the files to read, sorted by name, and those left out."""

    files: tuple[Source, ...]
    skipped: tuple[Skipped, ...] = ()


def document_id(name: str) -> str:
    """The id of the document read from a source: the first 16 hex digits of SHA-256 of its name."""
    return hashlib.sha256(name.encode("utf-8")).hexdigest()[:16]


def find_sources(paths: Sequence[Path], *, empty: bool = False) -> Sources:
    """Walk files and folders for readable files, in a fixed order.

    Hidden files and folders are passed over, links that lead outside the root are not followed. A file
    reached twice is kept once, under its longest name, so the order of `paths` changes nothing.
    Raises InvalidRequest for a path that does not exist, a path with no readable file (unless empty), and
    for names that stay equal although both carry their root's name.
    """
    by_path: dict[Path, Source] = {}
    skipped: dict[Path, Skipped] = {}
    for given in paths:
        found, left_out = _find_in(given)
        if not found and not (empty and given.is_dir()):
            raise InvalidRequest(
                f"{given} holds no readable file: wanted {', '.join(SUFFIXES)}"
                + (f" (left out: {left_out[0].path.name} {left_out[0].reason})" if left_out else "")
            )
        for source in found:
            known = by_path.get(source.path)
            if known is None or len(source.name) > len(known.name):
                by_path[source.path] = source
        skipped.update((entry.path, entry) for entry in left_out)
    files = _with_unique_names(list(by_path.values()))
    return Sources(
        tuple(sorted(files, key=lambda source: source.name)),
        tuple(entry for path, entry in sorted(skipped.items()) if path not in by_path),
    )


def _find_in(given: Path) -> tuple[list[Source], list[Skipped]]:
    path = Path(os.path.abspath(given.expanduser()))
    if not path.exists():
        raise InvalidRequest(f"{given} does not exist: give a file or a folder that does")
    skipped: list[Skipped] = []
    if path.is_dir():
        root = path.resolve()
        candidates = list(_walk(root, skipped))
    else:
        # A link given by hand is wanted, under its own name: only its folder is resolved.
        root = path.parent.resolve()
        candidates = [root / path.name]
    files = []
    for candidate in candidates:
        source = _source(candidate, root)
        if isinstance(source, Source):
            files.append(source)
        else:
            skipped.append(source)
    return files, skipped


def _walk(root: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """Every file under a folder; no folder is entered twice, against circles of links."""
    folders, seen = [root], {_identity(root)}
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            skipped.append(Skipped(folder, f"cannot be opened: {error.strerror}"))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = Path(entry.path)
            if entry.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                skipped.append(Skipped(path, "is a link that leads outside the folder: give its target"))
            elif (identity := _identity(path)) is None:
                yield path
            elif identity not in seen:
                seen.add(identity)
                folders.append(path)


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a folder from all others, by whatever path it is reached; None for what is no folder."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def _source(path: Path, root: Path) -> Source | Skipped:
    name = path.relative_to(root).as_posix()
    try:
        str(path).encode("utf-8")
        status = path.stat()
    except UnicodeEncodeError:
        return Skipped(path, "has a path that is not valid UTF-8: rename it")
    except OSError as error:
        return Skipped(path, f"cannot be opened: {error.strerror}")
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "is no regular file")
    if path.suffix.lower() not in SUFFIXES:
        return Skipped(path, f"has an unsupported format: wanted {', '.join(SUFFIXES)}")
    return Source(path, name, root, status.st_size, status.st_mtime_ns)


def _with_unique_names(sources: list[Source]) -> list[Source]:
    counts = Counter(source.name for source in sources)
    named = [
        replace(source, name=f"{source.root.name}/{source.name}") if counts[source.name] > 1 else source
        for source in sources
    ]
    clashes: dict[str, Path] = {}
    for source in named:
        other = clashes.setdefault(source.name, source.path)
        if other != source.path:
            raise InvalidRequest(
                f"{other} and {source.path} would both be named {source.name}: "
                "index the folder above both, or rename one"
            )
    return named
