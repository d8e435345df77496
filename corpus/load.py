"""One source -> its documents: read, clean, name, tell the language."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corpus.boilerplate import BYLINE, fold
from corpus.cleaning import clean
from corpus.document import Document, Removed
from corpus.errors import UnreadableSource
from corpus.language import detect_language
from corpus.readers import (
    Extracted,
    read_docx,
    read_html,
    read_jsonl,
    read_markdown,
    read_pdf,
    read_text,
)
from corpus.sources import Source, document_id

_log = logging.getLogger(__name__)

MAX_FILE_BYTES = 100 * 1024 * 1024
# Lines of JSON are read one at a time, so the whole may be larger.
MAX_JSONL_BYTES = 2 * 1024 * 1024 * 1024
# A first line up to this length, in characters, serves as a title.
MAX_TITLE = 120

_READERS: dict[str, Callable[[bytes], Extracted]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A source, or one line of it, that became no document. message: what it is and what to do."""

    name: str
    message: str


def load_documents(source: Source) -> Iterator[Document | Unreadable]:
    """Read a source into documents; what cannot be read comes out as Unreadable and the rest goes on."""
    try:
        _check_size(source)
        if source.suffix == ".jsonl":
            for extracted in read_jsonl(source.path):
                if isinstance(extracted, UnreadableSource):
                    yield Unreadable(source.name, str(extracted))
                else:
                    yield _document(extracted, source.name)
        else:
            yield _document(_READERS[source.suffix](source.path.read_bytes()), source.name)
    except UnreadableSource as error:
        yield Unreadable(source.name, str(error))
    except OSError as error:
        yield Unreadable(source.name, f"cannot be opened: {error.strerror or error}")
    except Exception as error:  # One file that a parser cannot bear must not end the reading of the others.
        _log.exception("%s cannot be read", source.name)
        yield Unreadable(source.name, f"cannot be read ({type(error).__name__}): save it in another format")


def _check_size(source: Source) -> None:
    limit = MAX_JSONL_BYTES if source.suffix == ".jsonl" else MAX_FILE_BYTES
    if source.size == 0:
        raise UnreadableSource("is empty: nothing to index")
    if source.size > limit:
        raise UnreadableSource(f"is larger than {limit >> 20} MB ({source.size >> 20} MB): split it")


def _document(extracted: Extracted, name: str) -> Document:
    text, removed, pages = extracted.text, tuple[Removed, ...](), tuple[int, ...]()
    if not extracted.verbatim:
        cleaned = clean(extracted.text)
        text, removed = cleaned.text, cleaned.removed
        if not text:
            raise UnreadableSource("holds no text but page furniture: nothing to index")
        pages = _page_starts(extracted, cleaned.line_starts)
    language, script = detect_language(text)
    if extracted.given_language:
        # "zh-TW" is Chinese: the rest of the tag is the script's business.
        language = extracted.given_language.strip().replace("_", "-").split("-")[0].lower()
    return Document(
        id=extracted.given_id or document_id(name),
        text=text,
        language=language,
        title=extracted.title.strip() or _first_line(text),
        source=f"{name}#{extracted.given_id}" if extracted.given_id else name,
        metadata=extracted.metadata,
        script=script,
        removed=removed,
        pages=pages,
    )


def _page_starts(extracted: Extracted, line_starts: tuple[int, ...]) -> tuple[int, ...]:
    """Where every page starts in the cleaned text; every page starts a line of the extracted text."""
    lines, position = [0], -1
    while (position := extracted.text.find("\n", position + 1)) >= 0:
        lines.append(position + 1)
    return tuple(line_starts[bisect_right(lines, start) - 1] for start in extracted.pages)


def _first_line(text: str) -> str:
    """The first line as a title, unless it is too long or only says who wrote or drew something."""
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    first = first.lstrip("#").strip() if first.startswith("#") else first
    return "" if len(first) > MAX_TITLE or BYLINE.fullmatch(fold(first)) else first
