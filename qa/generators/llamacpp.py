"""GGUF models through llama.cpp, inside this process, on the CPU."""

from __future__ import annotations

import http.client
import json
import mmap
import os
import secrets
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from corpus.errors import GeneratorFailed, ModelProblem
from qa.generators.streaming import Background, Put, Stopped, never, one_line
from qa.prompts import Prompt

# llama.cpp reports, and can be cancelled, only between batches: 64 tokens take about 0.3 s on 2 cores.
_BATCH_TOKENS = 64
# Read prompts kept in memory, so that the examples of every language are read once. About 18 KB a token.
_CACHE_MEBIBYTES = 128
_TOKENIZE_SECONDS = 10.0
_HEADER_BYTES = 64 * 1024 * 1024


class LlamaCppGenerator:
    """Greedy generation with a GGUF model; one generation at a time, others wait for their turn.

    kind: "chat" uses the model's own chat template; by default it is chat exactly when the file has one.
    timeout: seconds for waiting, reading the prompt and writing together; then GeneratorFailed.
    Raises ModelProblem for a file that llama.cpp cannot load.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int = 2,
        context_tokens: int = 2048,
        timeout: float = 120.0,
        kind: Literal["completion", "chat"] | None = None,
        name: str | None = None,
    ) -> None:
        path = Path(path)
        self.name = name or f"gguf:{path.name}"
        self.kind: Literal["completion", "chat"] = kind or _kind(path)
        self.context_tokens = context_tokens
        self._key = secrets.token_urlsafe(32)
        self._server = [_load(path, threads, context_tokens, self._key)]
        self._address: str = urlsplit(self._server[0].listening_address).netloc
        self._background = Background(self.name, timeout)
        # Runs at exit, too: llama.cpp's threads must end before the interpreter does.
        self._free = weakref.finalize(self, _free, self._background, self._server)

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        if max_tokens < 1:  # which llama.cpp takes for "without end"
            return iter(())
        request: dict[str, Any] = {
            "max_tokens": max_tokens,
            "stop": list(stop),
            "temperature": 0.0,
            "seed": 0,
            "stream": True,
            "cache_prompt": True,
            "return_progress": True,  # without it nothing comes, and nothing can stop, before the first token
        }
        if self.kind == "chat":
            request["messages"] = [{"role": role, "content": text} for role, text in prompt.messages]
        else:
            request["prompt"] = prompt.completion
        return self._background.stream(lambda put, stopped: self._answer(request, put, stopped), cancelled)

    def count_tokens(self, text: str) -> int:
        """The exact number of tokens (without the one that begins a text)."""
        if not text:
            return 0
        try:
            connection = http.client.HTTPConnection(self._address, timeout=_TOKENIZE_SECONDS)
            try:
                headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
                connection.request("POST", "/tokenize", json.dumps({"content": text}), headers)
                response = connection.getresponse()
                body = response.read()
            finally:
                connection.close()
            return len(json.loads(body)["tokens"])
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            raise GeneratorFailed(
                f"{self.name} cannot count tokens ({one_line(error)}); was it closed?"
            ) from error

    def close(self) -> None:
        self._free()

    def _answer(self, request: dict[str, Any], put: Put, stopped: Stopped) -> None:
        failed: list[GeneratorFailed] = []

        def receive(event: dict[str, Any]) -> bool:
            """Take an event from llama.cpp; true ends the generation. Must not raise into its C++."""
            try:
                if piece := self._text(event):
                    put(piece)
            except GeneratorFailed as error:
                failed.append(error)
            return bool(failed) or stopped()

        if self.kind == "chat":
            self._server[0].handle_chat_completions(request, receive)
        else:
            self._server[0].handle_completions(request, receive)
        if failed:
            raise failed[0]

    def _text(self, event: dict[str, Any]) -> str:
        """The text in an event; most of those about the prompt have none."""
        if "error" in event:
            problem = event["error"]
            if problem.get("type") == "exceed_context_size_error":
                raise GeneratorFailed(
                    f"the prompt has {problem['n_prompt_tokens']} tokens, {self.name} reads at most "
                    f"{problem['n_ctx']}; give it a larger context_tokens or less evidence"
                )
            raise GeneratorFailed(f"{self.name} failed: {one_line(problem.get('message', problem))}")
        if not event.get("choices"):
            return ""
        choice = event["choices"][0]
        if self.kind == "chat":
            return choice.get("delta", {}).get("content") or ""
        return choice.get("text") or ""


def _load(path: Path, threads: int, context_tokens: int, key: str) -> Any:
    xllamacpp = _import()
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context_tokens
    params.n_batch = params.n_ubatch = _BATCH_TOKENS
    params.n_parallel = 1
    params.n_gpu_layers = 0
    # Without it models with a sliding window, as Gemma, forget the prompt's beginning and read it anew.
    params.swa_full = True
    params.cache_ram_mib = _CACHE_MEBIBYTES
    params.enable_reasoning = 0
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # threads that wait must not burn the cores that others need
    params.verbosity = -1
    # The library always listens on a free loopback port; only this process knows the key to it.
    params.api_keys = [key]
    params.cors_origins = ""
    params.endpoint_slots = False
    params.ui = False
    params.n_threads_http = 2
    try:
        return xllamacpp.Server(params)
    except Exception as error:
        raise ModelProblem(
            f"llama.cpp cannot load {path}: {one_line(error)}; give a GGUF that it supports, "
            "or a smaller context_tokens"
        ) from error


def _import() -> Any:
    """Import xllamacpp so that its threads wait asleep instead of spinning.

    OpenMP reads the setting only when it is loaded. By default a waiting thread holds its core for
    milliseconds: on cores that others use as well, generation was measured to be up to 10 times slower.
    """
    chosen = os.environ.get("GOMP_SPINCOUNT")
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelProblem(
            f"llama.cpp cannot be loaded: {one_line(error)}; pip install xllamacpp, and install libgomp "
            "(Debian: apt-get install libgomp1) if that is what is missing"
        ) from error
    finally:
        if chosen is None:
            os.environ.pop("GOMP_SPINCOUNT", None)
    return xllamacpp


def _kind(path: Path) -> Literal["completion", "chat"]:
    """Chat for a file with a chat template. Raises ModelProblem for what is no GGUF file."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelProblem(f"{path} is not a GGUF file; give the path of one")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                has_template = content.find(b"tokenizer.chat_template", 0, _HEADER_BYTES) >= 0
    except OSError as error:
        raise ModelProblem(
            f"{path} cannot be read: {error.strerror or error}; give the path of a GGUF file"
        ) from error
    return "chat" if has_template else "completion"


def _free(background: Background, server: list[Any]) -> None:
    """Stop the generation under way, then free the model."""
    if background.close():
        server.clear()
