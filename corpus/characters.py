"""What a single character belongs to, for rules that depend on the script around a mark."""

from __future__ import annotations


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
