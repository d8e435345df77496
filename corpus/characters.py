"""What a single character belongs to: a script, or the controls of a terminal."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def is_cjk(character: str) -> bool:
    """Han, kana and the CJK and fullwidth punctuation that goes with them."""
    return (
        "\u2e80" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or ("\uff01" <= character <= "\uff9f" or "\U00020000" <= character <= "\U000323af")
    )


def is_arabic(character: str) -> bool:
    return (
        "\u0600" <= character <= "\u06ff"
        or "\u0750" <= character <= "\u077f"
        or ("\u08a0" <= character <= "\u08ff" or "\ufb50" <= character <= "\ufefc")
    )


def in_one_line(name: str) -> str:
    """A name or title as printable gives it, with its line ends and tabs as escapes too."""
    return printable(name.replace("\n", "\\n").replace("\t", "\\t"))


def printable(text: str) -> str:
    """A text with its control characters as escapes: shown as it is, it could steer the terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
