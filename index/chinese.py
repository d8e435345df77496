"""One script for all Chinese text before it is embedded or analysed: Simplified, character by character.

Encoders have read far more Simplified text, and a Traditional question should find a Simplified passage.
The text that is stored, shown and cited stays as it was written.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def simplified(text: str) -> str:
    """The text in Simplified characters, of the same length, so that offsets stay right."""
    if not _HAN.search(text):
        return text
    converted = _convert(text)
    return converted if len(converted) == len(text) else "".join(_convert(one)[:1] or one for one in text)


def _convert(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
