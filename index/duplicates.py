"""Near-identical passages: the same text twice, copied with small changes or in the other Chinese script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from index.chinese import simplified
from index.retrieval import Hit

_ALIKE = 0.8
"""Share of common shingles (Jaccard) from which two passages are taken for the same."""

_SHINGLE = 6  # letters and digits


def collapse_duplicates(hits: Iterable[Hit], k: int) -> list[Hit]:
    """The first k hits without those that repeat an earlier one, which names them instead.

    Resemblance of shingles as in Broder 1997, "On the resemblance and containment of documents".
    """
    kept: list[tuple[Hit, set[str]]] = []
    for hit in hits:
        shingles = _shingles(hit.chunk.text)
        same = next((n for n, (_, other) in enumerate(kept) if _resemblance(shingles, other) >= _ALIKE), None)
        if same is not None:
            first, other = kept[same]
            kept[same] = (replace(first, duplicates=(*first.duplicates, hit.chunk.document_id)), other)
        elif len(kept) < k:
            kept.append((hit, shingles))
    return [hit for hit, _ in kept]


def _shingles(text: str) -> set[str]:
    letters = "".join(filter(str.isalnum, simplified(text).casefold()))
    return {letters[at : at + _SHINGLE] for at in range(max(1, len(letters) - _SHINGLE + 1))}


def _resemblance(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
