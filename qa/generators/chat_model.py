"""Chat models of any provider that LangChain's init_chat_model knows, and of OpenAI-compatible servers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from corpus.errors import GeneratorFailed, InvalidRequest, MissingExtra, ModelProblem
from qa.generators import SETTINGS
from qa.generators.streaming import Background, Put, Stopped, cut_at_stop, never, one_line
from qa.prompts import Prompt, token_bound

_CONCURRENT = 16


class ChatModelGenerator:
    """A chat model of a provider, by "PROVIDER:MODEL".

    timeout: seconds for the whole answer, and for each request. max_retries: of a request that failed
    before it began to answer. options: passed to LangChain (base_url, api_key, temperature, ...).
    Raises InvalidRequest for an unknown provider, MissingExtra where its package is not installed,
    ModelProblem where it cannot be set up (usually no API key).
    """

    kind: Literal["completion", "chat"] = "chat"

    def __init__(
        self,
        model: str,
        *,
        context_tokens: int = 8192,
        timeout: float = 60.0,
        max_retries: int = 2,
        **options: Any,
    ) -> None:
        self.name = model
        self.context_tokens = context_tokens
        self._secrets = _secrets(options)
        self._options = {"timeout": timeout, "max_retries": max_retries, **options}
        if model.startswith("openai:") and "base_url" in options and not os.environ.get("OPENAI_API_KEY"):
            # The client insists on a key; servers of one's own rarely do.
            self._options.setdefault("api_key", "none")
        self._models: dict[int | None, Any] = {}
        self._background = Background(self.name, timeout, _CONCURRENT)
        self._model(None)

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        if max_tokens < 1:
            return iter(())
        # Stop strings are looked for here, since some models refuse the parameter.
        pieces = self._background.stream(
            lambda put, stopped: self._answer(prompt, max_tokens, put, stopped), cancelled
        )
        return cut_at_stop(pieces, stop)

    def count_tokens(self, text: str) -> int:
        """An upper bound: LangChain's own count would load a tokenizer from a hub."""
        return token_bound(text)

    def close(self) -> None:
        self._background.close()
        self._models.clear()

    def _answer(self, prompt: Prompt, max_tokens: int, put: Put, stopped: Stopped) -> None:
        from langsmith import tracing_context

        messages = [{"role": role, "content": text} for role, text in prompt.messages]
        finished = False
        try:
            # Nothing of the documents may go to a tracing service, whatever the environment asks for.
            with tracing_context(enabled=False):
                for chunk in self._model(max_tokens).stream(messages):
                    if stopped():
                        return
                    if text := str(chunk.text):
                        put(text)
                    finished = finished or bool(chunk.response_metadata.get("finish_reason"))
        except Exception as error:  # every provider has its own errors
            raise GeneratorFailed(f"{self.name} failed: {self._told(error)}") from None
        if not finished and self.name.startswith("openai:"):
            raise GeneratorFailed(
                f"{self.name} failed: the connection ended before the answer did; ask again"
            )

    def _model(self, max_tokens: int | None) -> Any:
        """The LangChain model for a length of answer; providers take the length when it is made."""
        if max_tokens not in self._models:
            length = {} if max_tokens is None else {"max_tokens": max_tokens}
            self._models[max_tokens] = self._made({**self._options, **length})
        return self._models[max_tokens]

    def _made(self, options: Mapping[str, Any]) -> Any:
        from langchain.chat_models import init_chat_model

        provider, _, name = self.name.partition(":")
        try:
            return init_chat_model(name, model_provider=provider, **options)
        except ImportError as error:
            package = re.search(r"langchain[-_][\w-]+", str(error))
            line = f"pip install {package[0].replace('_', '-')}" if package else one_line(error)
            raise MissingExtra(f"{provider} models need a package that is not installed; {line}") from None
        except Exception as error:
            if isinstance(error, ValueError) and "Unsupported" in str(error):
                raise InvalidRequest(
                    f"{provider!r} is no provider that LangChain knows; use one of: {SETTINGS}"
                ) from None
            raise ModelProblem(
                f"{self.name} cannot be set up: {self._told(error)}; check its options and its API key"
            ) from None

    def _told(self, error: BaseException) -> str:
        """An error with its kind and first cause on one line, without anything secret."""
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        text = f"{type(error).__name__}: {error}" + (f" ({cause})" if cause is not error else "")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = re.sub(r"//[^/@\s]+@", "//***@", text)
        return one_line(re.sub(r"\b(sk-|Bearer\s+)[\w.*-]{4,}", r"\1***", text))


def _secrets(options: Mapping[str, Any]) -> list[str]:
    """The values that no message may show: keys among the options and in the environment."""
    named = [*options.items(), *os.environ.items()]
    values = {
        value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for name, value in named
        if re.search(r"key|token|secret|password", name, re.IGNORECASE) and value
    }
    return sorted((value for value in values if len(value) >= 6), key=len, reverse=True)
