"""Word documents -> Extracted: paragraphs and tables in document order, headings as Markdown."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

from corpus.encoding import normalise
from corpus.errors import UnreadableSource
from corpus.readers.extracted import Extracted
from corpus.readers.html import markdown_table

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

# python-docx unpacks whatever the archive holds: a small file can hold gigabytes.
MAX_UNPACKED_BYTES = 200 * 1024 * 1024

_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WRAPPERS = [f"{_WORD}{name}" for name in ("sdt", "ins", "moveTo", "smartTag", "customXml")]
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


def read_docx(data: bytes) -> Extracted:
    """Read a .docx file; its title and author come from its properties.

    Raises UnreadableSource for an encrypted or damaged file, one that unpacks to more than
    MAX_UNPACKED_BYTES, and one without text.
    """
    if data.startswith(_ENCRYPTED):
        raise UnreadableSource(
            "is password-protected or in Word's old format: save it as .docx without a password"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > MAX_UNPACKED_BYTES:
                raise UnreadableSource(
                    f"unpacks to {unpacked >> 20} MB, more than {MAX_UNPACKED_BYTES >> 20} MB: split it"
                )
            # An archive may name smaller sizes than it unpacks to: this reads no more than was named.
            if archive.testzip() is not None:
                raise zipfile.BadZipFile
    except UnreadableSource:
        raise
    except Exception as error:  # It fails in any way on a hostile or damaged archive.
        raise UnreadableSource("is damaged: it is no Word document; save it again") from error
    try:
        blocks, title, metadata = _read(data)
    except Exception as error:  # The parser fails in any way on a hostile or damaged file.
        raise UnreadableSource(f"is damaged ({type(error).__name__}): save it again in Word") from error
    text = normalise("\n\n".join(blocks))
    if not text.strip():
        raise UnreadableSource("is a Word document without text: if it holds pictures of text, run OCR")
    return Extracted(text, normalise(title), metadata)


def _read(data: bytes) -> tuple[list[str], str, dict[str, Any]]:
    from docx import Document as open_document
    from docx.text.paragraph import Paragraph

    document = open_document(io.BytesIO(data))
    _unwrap(document.element.body)
    blocks: list[str] = []
    list_open = False
    for item in document.iter_inner_content():
        is_paragraph = isinstance(item, Paragraph)
        block = _paragraph(item) if is_paragraph else _table(item)
        if not block.strip():
            continue
        is_item = is_paragraph and block.startswith("- ")
        if is_item and list_open:
            blocks[-1] += "\n" + block
        else:
            blocks.append(block)
        list_open = is_item
    properties = document.core_properties
    facts = {
        "author": properties.author,
        "created": properties.created and properties.created.isoformat(),
        "modified": properties.modified and properties.modified.isoformat(),
    }
    return blocks, properties.title or "", {name: value for name, value in facts.items() if value}


def _unwrap(body: Any) -> None:
    """Put what stands in a content control, a tracked insertion or another wrapping element in its place.

    python-docx passes over them, and what they hold is shown in Word.
    """
    for wrapper in list(body.iter(*_WRAPPERS)):
        content = next(wrapper.iterchildren(f"{_WORD}sdtContent"), wrapper)
        for child in list(content):
            wrapper.addprevious(child)
        wrapper.getparent().remove(wrapper)


def _paragraph(paragraph: Paragraph) -> str:
    text: str = paragraph.text.strip()
    style = (paragraph.style.name if paragraph.style is not None else "") or ""
    if not text:
        return ""
    if heading := _HEADING.match(style):
        return f"{'#' * min(int(heading[1]), 6)} {' '.join(text.split())}"
    if style == "Title":
        return f"# {' '.join(text.split())}"
    return f"- {text}" if style.startswith("List ") else text


def _table(table: Table) -> str:
    rows = []
    for row in table.rows:
        # A merged cell is handed out once for every column it spans.
        cells, last = [], None
        for cell in row.cells:
            if cell._tc is not last:
                words = " ".join(_cell_text(cell).split())
                cells.append(words.replace("|", "\\|"))
            last = cell._tc
        if any(cells):
            rows.append(cells)
    return markdown_table(rows)


def _cell_text(cell: Any) -> str:
    """The text of a cell, with that of the tables inside it."""
    texts = []
    for item in cell.iter_inner_content():
        if hasattr(item, "rows"):
            texts += [_cell_text(inner) for row in item.rows for inner in row.cells]
        else:
            texts.append(item.text)
    return " ".join(texts)
