"""Plain text and Markdown -> Extracted."""

from __future__ import annotations

import re

from corpus.encoding import decode
from corpus.readers.extracted import Extracted

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<fields>(?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|$)")
_TITLE_FIELD = re.compile(r"^title[ \t]*:[ \t]*(?P<title>\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_ANY_FIELD = re.compile(r"^[\w-]+[ \t]*:", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#[ \t]+(?P<title>.+?)[ \t#]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


def read_text(data: bytes) -> Extracted:
    """Decode a plain text; it has no title of its own. Raises UnreadableSource."""
    decoded = decode(data)
    return Extracted(decoded.text, metadata={"encoding": decoded.encoding})


def read_markdown(data: bytes) -> Extracted:
    """Decode a Markdown text, kept as it is but for YAML front matter.

    Title: the front matter's, else the first heading of level 1. Raises UnreadableSource.
    """
    decoded = decode(data)
    text, title = decoded.text, ""
    front = _FRONT_MATTER.match(text)
    if front and _ANY_FIELD.search(front["fields"]):
        text = text[front.end() :]
        field = _TITLE_FIELD.search(front["fields"])
        title = field["title"].strip("\"'") if field else ""
    return Extracted(text, title or _first_heading(text), {"encoding": decoded.encoding})


def _first_heading(text: str) -> str:
    fenced = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (heading := _HEADING.match(line)):
            return heading["title"]
    return ""
