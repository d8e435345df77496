"""What was worked out is kept: one SQLite file of results, keyed by everything that decides them.

A key holds the hash of the models, the settings, the documents, the question and the source code that
makes the result, so a stale one is never found, and a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Literal

from index.files import cache_folder
from qa.generators import Generator, never
from qa.prompts import Prompt

Json = dict[str, Any]

_ROOT = Path(__file__).resolve().parents[1]
_RANKING_FILES = ("retrieval.py", "calibration.py", "calibration.json")
"""Files of index/ that decide how a finished index is read, not what is in it."""

_CODE = (".py", ".json", ".npz", ".safetensors")
"""What decides a result: source, and what was fitted or trained for it."""


def eval_folder() -> Path:
    """Where indexes and results of evaluations are kept; deleting it costs nothing but time."""
    return cache_folder() / "eval"


class ResultCache:
    """Key -> JSON object. Every put is a transaction; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
        )

    def get(self, key: str) -> Json | None:
        """The object under a key, or None."""
        with closing(self._connection.execute("SELECT value FROM results WHERE key = ?", (key,))) as rows:
            row = rows.fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def put(self, key: str, value: Json) -> None:
        """Keep an object, in place of any before it."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self._connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (key, text))

    def close(self) -> None:
        self._connection.close()


def key_of(kind: str, **parts: Any) -> str:
    """The key of a result: the SHA-256 of its kind and of all that decides it (JSON values)."""
    text = json.dumps([kind, parts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def code_of_index() -> str:
    """Hash of the source that decides what an index holds."""
    return _hash_of_code(["corpus", "index"], without=_RANKING_FILES)


@cache
def code_of_answers() -> str:
    """Hash of the source that decides what is found and answered."""
    return _hash_of_code(["corpus", "index", "qa"])


@cache
def code_of_search() -> str:
    """Hash of the source that decides what is found."""
    return _hash_of_code(["corpus", "index"])


def _hash_of_code(packages: Iterable[str], without: Sequence[str] = ()) -> str:
    digest = hashlib.sha256()
    for package in packages:
        for path in sorted((_ROOT / package).rglob("*")):
            parts = path.relative_to(_ROOT).parts
            if {"sample", "training"} & set(parts) or path.suffix not in _CODE:
                continue
            if path.name not in without:
                digest.update("/".join(parts).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


class CachedGenerator:
    """A Generator whose outputs are kept, so that one prompt is never worked out twice.

    Loads the model at the first prompt that is not known. spoke: whether it gave any text since
    start_answer(). replayed_ms: what the kept outputs took when they were made, since then.
    """

    name: str
    kind: Literal["completion", "chat"]
    context_tokens: int

    def __init__(self, load: Callable[[], Generator], identity: str, results: ResultCache) -> None:
        self._load = load
        self._identity = identity
        self._results = results
        self._generator: Generator | None = None
        self.spoke = False
        self.replayed_ms = 0.0

    @property
    def _loaded(self) -> Generator:
        if self._generator is None:
            self._generator = self._load()
        return self._generator

    def start_answer(self) -> None:
        """Forget what spoke and replayed_ms say of the answer before."""
        self.spoke, self.replayed_ms = False, 0.0

    def __getattr__(self, name: str) -> Any:
        """name, kind and context_tokens are the model's own."""
        if name not in ("name", "kind", "context_tokens"):
            raise AttributeError(name)
        return getattr(self._loaded, name)

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        """The pieces of the output, from the cache where it is there."""
        # A base model reads the completion alone, and the same one comes up in several pools.
        chat = self._loaded.kind == "chat"
        asked = list(map(list, prompt.messages)) if chat else prompt.completion
        key = key_of(
            "generation", generator=self._identity, prompt=asked, max_tokens=max_tokens, stop=list(stop)
        )
        known = self._results.get(key)
        if known is not None:
            self.replayed_ms += known["milliseconds"]
            for piece in known["pieces"]:
                self.spoke |= bool(piece.strip())
                yield piece
            return
        pieces: list[str] = []
        started = time.perf_counter()
        for piece in self._loaded.stream(prompt, max_tokens=max_tokens, stop=stop, cancelled=cancelled):
            self.spoke |= bool(piece.strip())
            pieces.append(piece)
            yield piece
        # An output that its reader left early is not whole, and is not kept.
        milliseconds = (time.perf_counter() - started) * 1000
        self._results.put(key, {"pieces": pieces, "milliseconds": round(milliseconds, 1)})

    def count_tokens(self, text: str) -> int:
        return self._loaded.count_tokens(text)

    def close(self) -> None:
        if self._generator is not None:
            self._generator.close()
