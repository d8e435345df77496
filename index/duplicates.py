"""Near-identical passages: the same text twice, copied with small changes or in the other Chinese script."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import filterfalse, islice

from index.chinese import simplified
from index.retrieval import Hit

_ALIKE = 0.8
"""Share of common shingles (Jaccard) from which two passages are taken for the same."""
_COMMON = _ALIKE / (1 + _ALIKE)
"""Common shingles, as a share of those of both together, that make up _ALIKE."""

_SHINGLE = 6  # letters and digits


def collapse_duplicates(hits: Iterable[Hit], k: int) -> list[Hit]:
    """The first k hits without those that repeat an earlier one, which names them instead.

    Resemblance of shingles as in Broder 1997, "On the resemblance and containment of documents".
    """
    kept: list[tuple[Hit, frozenset[str]]] = []
    for hit in hits:
        shingles = _shingles(hit.chunk.text)
        same = next((number for number, (_, other) in enumerate(kept) if _alike(shingles, other)), None)
        if same is not None:
            first, other = kept[same]
            kept[same] = (replace(first, duplicates=(*first.duplicates, hit.chunk.document_id)), other)
        elif len(kept) < k:
            kept.append((hit, shingles))
    return [hit for hit, _ in kept]


@lru_cache(maxsize=256)
def _shingles(text: str) -> frozenset[str]:
    letters = "".join(filter(str.isalnum, simplified(text).casefold()))
    return frozenset(letters[at : at + _SHINGLE] for at in range(max(1, len(letters) - _SHINGLE + 1)))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two passages share enough; most pairs are told apart by a few of their shingles."""
    smaller, larger = sorted((one, other), key=len)
    wanted = math.ceil(round(_COMMON * (len(one) + len(other)), 6))
    may_miss = len(smaller) - wanted
    missing = filterfalse(larger.__contains__, smaller)
    return may_miss >= 0 and next(islice(missing, may_miss, None), None) is None
