"""PDF -> Extracted: the text layer, page by page."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from corpus.encoding import normalise
from corpus.errors import UnreadableSource
from corpus.readers.arabic import (
    fold_presentation_forms,
    holds_arabic,
    lines_reversed,
    most_arabic,
    words_by_position,
)
from corpus.readers.extracted import Extracted

PAGE_BREAK = "\n\n"
# A page of pictures with fewer characters than this is a scan; a stamp or a page number is no text layer.
MIN_CHARACTERS = 20
# A line this full, against the longest lines of its page, ended for want of room.
FULL_LINE = 0.75

_SENTENCE_END = re.compile(r"[.!?。！？؟:：;；…][\"'”’»」』)）\]]*$")
_NEW_BLOCK = re.compile(
    r"[-•·*◦▪–#|]|\(?\d{1,3}[.)、]\s?|[（(]?[一二三四五六七八九十]{1,3}[、）)]|第.{1,4}[章节節条條]"
)
_HAN = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
# How pdfium and PDF writers mark a hyphen that only the margin put there.
_HYPHEN_BREAK = re.compile("[\ufffe\x02\u00ad][ \r]*\n")


@dataclass(frozen=True, slots=True)
class _Page:
    text: str
    has_picture: bool


def read_pdf(data: bytes) -> Extracted:
    """Read a PDF's text layer with pypdfium2, or with pypdf where that fails.

    Pages are joined by a blank line; lines that ended for want of room are joined again.
    Raises UnreadableSource for an encrypted, damaged or scanned file.
    """
    if b"%PDF-" not in data[:1024]:
        raise UnreadableSource("is damaged: it is no PDF; export it again")
    try:
        pages, facts = _read_with_pdfium(data)
    except UnreadableSource:
        raise
    except Exception:  # Either library fails in any way on a damaged or hostile file.
        pages, facts = _read_with_pypdf(data)
    texts = [_unwrap(normalise(_HYPHEN_BREAK.sub("", page.text))).strip() for page in pages]
    blank = [
        number
        for number, (page, text) in enumerate(zip(pages, texts, strict=True), start=1)
        if not text or (page.has_picture and len(text) < MIN_CHARACTERS)
    ]
    if len(blank) == len(pages):
        raise UnreadableSource("is a scanned PDF without a text layer: run OCR on it, for example ocrmypdf")
    starts, position = [], 0
    for text in texts:
        starts.append(position)
        position += len(text) + len(PAGE_BREAK)
    metadata: dict[str, Any] = {
        name: value for name in ("author", "date") if (value := normalise(facts.get(name, "")).strip())
    }
    if blank:
        metadata["pages_without_text"] = blank
    title = normalise(fold_presentation_forms(facts.get("title", ""))).strip()
    return Extracted(PAGE_BREAK.join(texts), title, metadata, tuple(starts))


def _read_with_pdfium(data: bytes) -> tuple[list[_Page], dict[str, str]]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise _password_protected() from error
        raise
    try:
        facts = document.get_metadata_dict()
        pages = [_read_page(document[index]) for index in range(len(document))]
    finally:
        document.close()
    created = re.match(r"D:(\d{4})(\d\d)(\d\d)", facts["CreationDate"])
    date = "-".join(created.groups()) if created else ""
    return pages, {"title": facts["Title"], "author": facts["Author"], "date": date}


def _read_page(page: Any) -> _Page:
    from pypdfium2 import raw

    text_page = page.get_textpage()
    text = text_page.get_text_bounded()
    if holds_arabic(text):
        placed: list[tuple[str, float]] = []
        for index in range(text_page.count_chars()):
            left, _, right, _ = text_page.get_charbox(index)
            letters = fold_presentation_forms(chr(raw.FPDFText_GetUnicode(text_page, index)))
            placed.extend((letter, left + right) for letter in letters)
        plain = fold_presentation_forms(text)
        text = most_arabic([words_by_position(placed), plain, lines_reversed(plain)])
    pictures = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
    found = _Page(text, next(iter(pictures), None) is not None)
    text_page.close()
    page.close()
    return found


def _read_with_pypdf(data: bytes) -> tuple[list[_Page], dict[str, str]]:
    import io

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it names no file; our own report does

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _password_protected()
        pages = []
        for page in reader.pages:
            text = fold_presentation_forms(page.extract_text())
            if holds_arabic(text):
                text = most_arabic([text, lines_reversed(text)])
            pages.append(_Page(text, "/XObject" in (page.get("/Resources") or {})))
        facts = reader.metadata
    except UnreadableSource:
        raise
    except Exception as error:
        raise UnreadableSource(f"is damaged ({type(error).__name__}): export the PDF again") from error
    if not pages:
        raise UnreadableSource("is a PDF without pages: export it again")
    found = {"title": facts.title or "", "author": facts.author or ""} if facts else {}
    return pages, found


def _password_protected() -> UnreadableSource:
    return UnreadableSource("is password-protected: save it without a password and index it again")


def _unwrap(text: str) -> str:
    """Join lines that were broken at the margin, so that a sentence is one piece of text again."""
    lines = [line.strip() for line in text.split("\n")]
    full = FULL_LINE * max(map(_width, lines), default=0)
    joined: list[str] = []
    open_line = False
    for line in lines:
        if open_line and line and not _NEW_BLOCK.match(line):
            joined[-1] = _join(joined[-1], line)
        else:
            joined.append(line)
        open_line = bool(line) and _width(line) >= full and not _SENTENCE_END.search(line)
    return "\n".join(joined)


def _width(line: str) -> int:
    """Columns: a Chinese character is as wide as two Latin letters."""
    return len(line) + len(_HAN.findall(line))


def _join(line: str, following: str) -> str:
    if line.endswith("-") and line[-2:-1].islower() and following[0].islower():
        return line[:-1] + following
    gap = "" if _HAN.match(line[-1]) or _HAN.match(following[0]) else " "
    return line + gap + following
