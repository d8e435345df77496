"""Citation markers are found wherever a generator puts them."""

from __future__ import annotations

import pytest

from qa.markers import split_markers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The bakery opens at six [1].", [("The bakery opens at six.", [1])]),
        ("The bakery opens at six. [1]", [("The bakery opens at six.", [1])]),
        (
            "It opens at six. [1] It closes at noon. [2][3]",
            [("It opens at six.", [1]), ("It closes at noon.", [2, 3])],
        ),
        ("It opens at six [1, 2]. It closes.", [("It opens at six.", [1, 2]), ("It closes.", [])]),
        ("面包店六点开门【1】。中午关门[2]。", [("面包店六点开门。", [1]), ("中午关门。", [2])]),
        ("面包店六点开门。[1]中午关门。[2]", [("面包店六点开门。", [1]), ("中午关门。", [2])]),
        (
            "يفتح المخبز عند السادسة [1]. ويغلق ظهرا [2].",
            [("يفتح المخبز عند السادسة.", [1]), ("ويغلق ظهرا.", [2])],
        ),
        ("No marker at all", [("No marker at all", [])]),
        ("[1]", []),
        ("", []),
    ],
)
def test_split_markers(text: str, expected: list[tuple[str, list[int]]]) -> None:
    assert [(sentence.text, sentence.markers) for sentence in split_markers(text)] == expected


def test_ends_allow_to_go_on_from_there() -> None:
    text = "It opens at six. [1] It closes at noon. [2]"
    first, second = split_markers(text)
    assert text[: first.end].endswith("[1]")
    assert second.end == len(text)
