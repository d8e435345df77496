"""What a question leaves out and what it is about, one language a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Rules", "Topic"]


@dataclass(frozen=True, slots=True)
class Topic:
    """What a conversation is about after a question.

    question: the last one, complete. text: the words in it that name its topic, "" when none was found.
    person: whom its answer named, "" when it did not ask for a person.
    """

    question: str
    text: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one language.

    topic: of a complete question, the words that name what it is about. person: the first person that an
    answer names, "" when there is none. complete: (the question with what it takes from the topic before,
    its new topic or "" where that is the old one); the question itself when it stands alone.
    """

    topic: Callable[[str], str]
    person: Callable[[str], str]
    complete: Callable[[str, Topic], tuple[str, str]]
