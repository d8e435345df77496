"""HTML -> Extracted: the main text of a page, with its headings, lists and tables as Markdown."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from corpus.encoding import decode, normalise
from corpus.errors import UnreadableSource
from corpus.readers.extracted import Extracted

if TYPE_CHECKING:
    from lxml.etree import _Element

# Below this many characters a page has no boilerplate worth losing text for: where trafilatura finds
# less than half of it, all of it is taken.
SHORT_PAGE = 300
# trafilatura's parser stops at 256 elements inside each other and loses what follows; ours at 2048.
DEEP_PAGE = 200

_DECLARED = re.compile(rb"""<(?:meta[^>]+|\?xml[^>]+)(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.I)
# What browsers read for these labels (WHATWG Encoding Standard): the wider encoding.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "cp950",
    "iso-8859-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
}
_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|br|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|"
    "h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|table|td|th|title|tr|ul"
)
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SILENT = frozenset(
    ("button", "head", "iframe", "noscript", "object", "script", "select", "style", "svg", "template")
)


def read_html(data: bytes) -> Extracted:
    """Extract the main text of an HTML page; nothing is fetched.

    The title comes from the page's metadata. Where trafilatura finds no main text, or the page is nested
    too deep for it, all visible text is taken. Raises UnreadableSource for a page without text and for one
    that no parser reads to its end.
    """
    markup, encoding = _decode_page(data)
    page = _without_hidden(_without_declared_encoding(markup).encode("utf-8"))
    plain, plain_title, depth = _plain_text(page)
    found = None if depth > DEEP_PAGE else _main_text(page)
    metadata: dict[str, Any] = {"encoding": encoding}
    title, text = "", ""
    if found is not None:
        title = found.title or ""
        text = "\n\n".join(_blocks(found.body)) if found.body is not None else ""
        facts = {"author": found.author, "date": found.date, "site": found.sitename, "url": found.url}
        metadata |= {name: value for name, value in facts.items() if value}
    if not text.strip() or (len(plain) < SHORT_PAGE and len(text) < len(plain) / 2):
        text = plain
    title = normalise(" ".join((title or plain_title).split()))
    if not text.strip():
        raise UnreadableSource("is a web page without text: save the page as a browser shows it")
    return Extracted(normalise(text), title, metadata)


def _main_text(page: bytes) -> Any:
    """What trafilatura finds in a page; None where it finds nothing, or fails."""
    import trafilatura

    try:
        return trafilatura.bare_extraction(
            page,
            include_comments=False,
            include_tables=True,
            include_formatting=False,
            with_metadata=True,
            # Only dates that the page states: the extensive search takes any year in the text for one.
            date_extraction_params={"extensive_search": False, "original_date": True},
        )
    except Exception:  # It fails in any way on what is no page: a drawing, a part of one.
        return None


def _decode_page(data: bytes) -> tuple[str, str]:
    """UTF-8 when it is valid, then what the page declares, then what its bytes look like."""
    declared = _DECLARED.search(data[:4096])
    try:
        if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and b"\0" not in data:
            return normalise(data.decode("utf-8-sig")), "utf-8"
    except UnicodeDecodeError:
        if declared:
            label = declared[1].decode("ascii").lower()
            try:
                return normalise(data.decode(_WIDER.get(label, label))), label
            except (LookupError, UnicodeDecodeError):
                pass  # A page that lies about its encoding is read by its bytes.
    decoded = decode(data)
    return decoded.text, decoded.encoding


def _without_declared_encoding(markup: str) -> str:
    """The page is handed on as UTF-8: what it declared would now be wrong."""
    head = re.sub(r"<\?xml[^>]*\?>", "", markup[:4096])
    head = re.sub(r"""(<meta[^>]+charset\s*=\s*["']?\s*)[\w.:-]+""", r"\1utf-8", head, flags=re.I)
    return head + markup[4096:]


def _blocks(body: _Element) -> Iterator[str]:
    """The blocks of trafilatura's tree (a small TEI) as Markdown, one string each."""
    loose = [body.text or ""]
    for element in body:
        tag = element.tag
        block = ""
        if tag == "head":
            level = int("".join(filter(str.isdigit, element.get("rend", ""))) or 2)
            block = f"{'#' * min(level, 6)} {_inline(element)}" if _inline(element) else ""
        elif tag == "list":
            block = "\n".join(_items(element, 0))
        elif tag == "table":
            block = _table(element)
        elif tag == "code":
            block = f"```\n{''.join(element.itertext()).strip(chr(10))}\n```"
        elif tag == "quote" and len(element):
            block = "\n\n".join(_blocks(element))
        elif tag in ("p", "quote", "item", "cell"):
            block = _inline(element)
        elif tag == "lb":
            loose.append("\n")
        elif tag not in ("graphic",) and isinstance(tag, str):
            loose.append(_inline(element))
        if block:
            yield from _flush(loose)
            yield block
        loose.append(element.tail or "")
    yield from _flush(loose)


def _flush(loose: list[str]) -> Iterator[str]:
    text = _tidy("".join(loose))
    loose.clear()
    if text:
        yield text


def _inline(element: _Element) -> str:
    """The text of a paragraph; its line breaks stay."""
    parts = [element.text or ""]
    for child in element:
        if child.tag in ("list", "table"):
            parts.append(
                "\n" + ("\n".join(_items(child, 0)) if child.tag == "list" else _table(child)) + "\n"
            )
        else:
            parts.append("\n" if child.tag == "lb" else _inline(child))
        parts.append(child.tail or "")
    return _tidy("".join(parts))


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _items(element: _Element, depth: int) -> Iterator[str]:
    numbered = element.get("rend") == "ol"
    for number, item in enumerate(element.iterchildren("item"), start=1):
        inner = [child for child in item if child.tag == "list"]
        for child in inner:
            item.remove(child)
        text = _inline(item).replace("\n", " ")
        if text:
            yield f"{'  ' * depth}{f'{number}.' if numbered else '-'} {text}"
        for child in inner:
            yield from _items(child, depth + 1)


def _table(element: _Element) -> str:
    rows = []
    for row in element.iter("row"):
        cells = [_inline(cell).replace("\n", " ").replace("|", "\\|") for cell in row.iterchildren("cell")]
        if any(cells):
            rows.append(cells)
    return markdown_table(rows)


def markdown_table(rows: list[list[str]]) -> str:
    """Rows of cells as a Markdown table; the first row is the head. One cell alone is its text."""
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    if width == 1:
        return "\n".join(row[0] for row in rows)
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _without_hidden(page: bytes) -> bytes:
    """A page without the elements that a browser does not show: their text was not meant to be read."""
    root = _parse(page)
    if root is None:
        return page
    hidden = [
        element
        for element in root.iter("*")
        if element.tag == "template" or "hidden" in element.attrib or _HIDING.search(element.get("style", ""))
    ]
    if not hidden or root in hidden:
        return page
    from lxml import html

    for element in hidden:
        element.drop_tree()
    return bytes(html.tostring(root, encoding="utf-8"))


def _parse(page: bytes) -> Any:
    """The page's root element; None where there is none. Raises UnreadableSource where it is cut off."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.fromstring(page, parser=parser)
    except (etree.LxmlError, ValueError):
        root = None
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise UnreadableSource("is a web page nested thousands of elements deep: save its text alone")
    return root


def _plain_text(page: bytes) -> tuple[str, str, int]:
    """A page's visible text, a line for each block, its <title>, and how deep its elements are nested."""
    root = _parse(page)
    if root is None:
        return "", "", 0
    parts: list[str] = []
    depth = _collect(root, parts)
    return _tidy("".join(parts)), root.findtext(".//title") or "", depth


def _collect(root: _Element, parts: list[str]) -> int:
    """Gather the text of an element and all in it; returns the depth of the deepest."""
    from lxml import etree

    silent = depth = deepest = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            if not silent:
                parts.append(element.tail or "")
            continue
        hidden = element.tag in _SILENT
        if event == "start":
            depth += 1
            deepest = max(deepest, depth)
            silent += hidden
            if not silent:
                parts.append(("\n" if _BLOCKS.fullmatch(str(element.tag)) else "") + (element.text or ""))
        else:
            depth -= 1
            silent -= hidden
            if not silent:
                parts.append(("\n" if _BLOCKS.fullmatch(str(element.tag)) else "") + (element.tail or ""))
    return deepest
