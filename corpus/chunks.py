"""Units, which are sentences or pieces of them, and the chunk that a group of them makes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import takewhile

from corpus.document import Chunk, Document
from corpus.language import detect_language, script_of

# A chunk shorter than this is not asked for its own Chinese script.
_SHORT = 200


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, or a piece of one too long for a chunk: text[start:end].

    section: number of the heading it stands under; path: the titles of its headings, outermost first,
    its own included if it is one; border: what a chunk pays to begin here.
    """

    start: int
    end: int
    tokens: int
    section: int
    path: tuple[str, ...]
    is_heading: bool
    border: float


@dataclass(frozen=True, slots=True)
class Group:
    """Units first to last (exclusive), with those from overlap (<= first) on repeated before them."""

    overlap: int
    first: int
    last: int


def chunk_of(document: Document, units: list[Unit], group: Group) -> Chunk:
    """The chunk that a group of a document's units makes."""
    start, end = units[group.overlap].start, units[group.last - 1].end
    text = document.text[start:end]
    language, script = _language(document, text)
    return Chunk(
        id=_chunk_id(document.id, start, end, text),
        document_id=document.id,
        text=text,
        language=language,
        start=start,
        end=end,
        heading=_heading(document.title, units[group.overlap : group.last]),
        script=script,
    )


def _chunk_id(document_id: str, start: int, end: int, text: str) -> str:
    """16 hex digits of SHA-256 over the fields, each behind its length, so that no two sets collide."""
    digest = hashlib.sha256()
    for field in (document_id, str(start), str(end), text):
        data = field.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def _heading(title: str, units: list[Unit]) -> str:
    """The document's title and the headings that stand above all of a chunk: Title > Section."""
    paths = [unit.path for unit in units if not unit.is_heading] or [unit.path[:-1] for unit in units]
    # What the first and the last in order share, all share.
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(min(paths), max(paths), strict=False))
    titles = [shared for shared, _ in pairs]
    if titles and titles[0].casefold() == title.strip().casefold():
        titles = titles[1:]
    return " > ".join(part for part in [title.strip(), *titles] if part)


def _language(document: Document, text: str) -> tuple[str, str]:
    """The chunk's language and script: the document's own wherever the script agrees with it."""
    language, script = detect_language(text)
    given = document.language
    if given in ("", "und"):
        return language, script
    document_script = document.script if document.script != "Zyyy" else script_of(given)
    if script == "Zyyy":
        return given, document_script
    if {script, document_script} == {"Hans", "Hant"}:
        # A few characters that both scripts share say nothing.
        is_short = len(text) < _SHORT and document.script != "Zyyy"
        return given, document_script if is_short else script
    return (given if document_script in (script, "Zyyy") else language), script
