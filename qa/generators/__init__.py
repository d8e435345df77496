"""Prompt -> streamed text. One backend a file; load_generator() picks one by its setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from corpus.errors import InvalidRequest
from qa.generators.streaming import never
from qa.prompts import Prompt

__all__ = ["SETTINGS", "Generator", "NoGenerator", "load_generator", "never"]

SETTINGS = (
    "embedded, none, gguf:/path/model.gguf, transformers:NAME_OR_PATH, or PROVIDER:MODEL "
    "as in openai:gpt-4o-mini"
)


@runtime_checkable
class Generator(Protocol):
    """A language model that continues a prompt, piece by piece.

    kind: "completion" reads prompt.completion, "chat" reads prompt.messages.
    context_tokens: most tokens that prompt and output may have together.
    """

    name: str
    kind: Literal["completion", "chat"]
    context_tokens: int

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        """Yield the output's pieces as they come, ending before the first stop string.

        Ends quietly, within about a second, once cancelled() is true. Closing the iterator early
        also ends the work behind it. Raises GeneratorFailed on a time-out or any error of the model.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """The number of tokens in a text, or an upper bound of it."""
        ...

    def close(self) -> None:
        """Free the model. The generator cannot be used afterwards; closing twice is harmless."""
        ...


class NoGenerator:
    """A generator that says nothing, for answers made of quoted evidence only."""

    name = "none"
    kind: Literal["completion", "chat"] = "completion"
    context_tokens = 0

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        return iter(())

    def count_tokens(self, text: str) -> int:
        return 0

    def close(self) -> None:
        pass


def load_generator(setting: str = "embedded", **options: Any) -> Generator:
    """The generator that a setting names; options go to its class.

    Settings: "embedded" (Gemma 3 270M through llama.cpp), "none", "gguf:/path/model.gguf",
    "transformers:NAME_OR_PATH", and "PROVIDER:MODEL" for all that LangChain's init_chat_model knows
    (give base_url= for a server that speaks OpenAI's protocol).
    Raises InvalidRequest for any other form, ModelProblem or MissingExtra where loading fails.
    """
    form, _, rest = setting.strip().partition(":")
    if form == "none" and not rest:
        return NoGenerator()
    if form == "embedded" and not rest:
        from qa.generators.embedded import embedded_generator_path
        from qa.generators.llamacpp import LlamaCppGenerator

        return LlamaCppGenerator(embedded_generator_path(), name="embedded", **options)
    if form == "gguf" and rest:
        from qa.generators.llamacpp import LlamaCppGenerator

        return LlamaCppGenerator(rest, **options)
    if form == "transformers" and rest:
        from qa.generators.hf import TransformersGenerator

        return TransformersGenerator(rest, **options)
    if form and rest and form.replace("_", "").replace("-", "").isalnum():
        from qa.generators.chat_model import ChatModelGenerator

        return ChatModelGenerator(f"{form}:{rest}", **options)
    raise InvalidRequest(f"generator setting {setting!r} is not known; use one of: {SETTINGS}")
