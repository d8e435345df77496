"""Files on disk: their checksums, and the user's cache folder that models are written to."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Where models are written: the user's cache folder, or what TRICITE_CACHE names."""
    if chosen := os.environ.get("TRICITE_CACHE"):
        return Path(chosen).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("tricite"))
