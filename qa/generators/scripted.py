"""A generator that says what it was told: the public fake for tests of all that stands on generators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Literal

from corpus.errors import GeneratorFailed
from qa.generators.streaming import cut_at_stop, never
from qa.prompts import Prompt

# A word with the space before it; Chinese, which has no spaces, goes character by character.
_WORDS = re.compile(r"\s*[\u3400-\u9fff]|\s*[^\s\u3400-\u9fff]+|\s+")


class ScriptedGenerator:
    """Streams scripted responses word by word.

    responses: a list, one for each call in order (GeneratorFailed when they run out), or a function of
    the prompt, which may raise. prompts: every prompt that was given, in order.
    """

    def __init__(
        self,
        responses: Sequence[str] | Callable[[Prompt], str],
        kind: Literal["completion", "chat"] = "completion",
        *,
        context_tokens: int = 2048,
    ) -> None:
        self.name = "scripted"
        self.kind: Literal["completion", "chat"] = kind
        self.context_tokens = context_tokens
        self.prompts: list[Prompt] = []
        self.closed = False
        self._responses = responses

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        self.prompts.append(prompt)
        words = islice((word.group() for word in _WORDS.finditer(self._response(prompt))), max_tokens)
        for piece in cut_at_stop(words, stop):
            if cancelled():
                return
            yield piece

    def count_tokens(self, text: str) -> int:
        return sum(1 for _ in _WORDS.finditer(text))

    def close(self) -> None:
        self.closed = True

    def _response(self, prompt: Prompt) -> str:
        if callable(self._responses):
            return self._responses(prompt)
        if len(self.prompts) > len(self._responses):
            raise GeneratorFailed(
                f"the script holds {len(self._responses)} responses and was asked for one more; add it"
            )
        return self._responses[len(self.prompts) - 1]
