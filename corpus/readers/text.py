"""Plain text and Markdown -> Extracted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from corpus.encoding import decode
from corpus.readers.extracted import Extracted

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<fields>(?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|$)")
_TITLE_FIELD = re.compile(r"^title[ \t]*:[ \t]*(?P<title>\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_ANY_FIELD = re.compile(r"^[\w-]+[ \t]*:", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#[ \t]+(?P<title>.+?)[ \t#]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_CODE = re.compile(r"(?<!`)(`++)[^`]+\1(?!`)")
_LINK = re.compile(
    r"!?\[(?P<words>[^\[\]]*)\]\((?:<[^<>]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+\"[^\"]*\")?\)"
)
_STRONG = re.compile(
    r"\*\*\*?(?=\S)(?P<starred>[^*]+)(?<=\S)\*\*\*?|(?<!\w)__(?=\S)(?P<lined>[^_]+)(?<=\S)__(?!\w)"
)


def read_text(data: bytes) -> Extracted:
    """Decode a plain text; it has no title of its own. Raises UnreadableSource."""
    decoded = decode(data)
    return Extracted(decoded.text, metadata={"encoding": decoded.encoding})


def read_markdown(data: bytes) -> Extracted:
    """Decode a Markdown text: without YAML front matter, the addresses of links, and marks of emphasis.

    Headings, lists, tables and code stay as they are. Title: the front matter's, else the first heading of
    level 1. Raises UnreadableSource.
    """
    decoded = decode(data)
    text, title = decoded.text, ""
    front = _FRONT_MATTER.match(text)
    if front and _ANY_FIELD.search(front["fields"]):
        text = text[front.end() :]
        field = _TITLE_FIELD.search(front["fields"])
        title = field["title"].strip("\"'") if field else ""
    text = "\n".join(_prose(text.split("\n")))
    return Extracted(text, title or _first_heading(text), {"encoding": decoded.encoding})


def _prose(lines: list[str]) -> Iterator[str]:
    """Lines as they are read: links and strong emphasis without their marks, outside of code."""
    for line, code in _fenced(lines):
        if not code:
            ends = [0, *(place for code in _CODE.finditer(line) for place in code.span()), len(line)]
            parts = [line[start:end] for start, end in pairwise(ends)]
            parts[::2] = map(_plain, parts[::2])
            line = "".join(parts)
        yield line


def _plain(text: str) -> str:
    text = _LINK.sub(r"\g<words>", text)
    return _STRONG.sub(lambda found: found["starred"] or found["lined"], text)


def _first_heading(text: str) -> str:
    for line, code in _fenced(text.split("\n")):
        if not code and (heading := _HEADING.match(line)):
            return heading["title"]
    return ""


def _fenced(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a block of code, its fences too."""
    inside = False
    for line in lines:
        fence = bool(_FENCE.match(line))
        yield line, inside or fence
        inside ^= fence
