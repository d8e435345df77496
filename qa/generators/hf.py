"""Models in the transformers format, causal or sequence-to-sequence, by name or folder."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from corpus.errors import GeneratorFailed, ModelProblem
from qa.generators.streaming import Background, Put, Stopped, cut_at_stop, never, one_line
from qa.prompts import Prompt

_CONTEXT_TOKENS = 2048  # for models that set no limit themselves


class TransformersGenerator:
    """Greedy generation with a transformers model; one generation at a time.

    kind: chat exactly when the tokenizer has a chat template. device: "cpu", "cuda", ...; by default a
    GPU where there is one. timeout: seconds for waiting, reading and writing together.
    Only safetensors weights are read, and no code that comes with a model is run.
    Raises ModelProblem for a model that cannot be loaded.
    """

    def __init__(
        self,
        name_or_path: str,
        *,
        context_tokens: int | None = None,
        device: str | None = None,
        timeout: float = 300.0,
    ) -> None:
        self.name = f"transformers:{name_or_path}"
        self._model, self._tokenizer = _load(name_or_path, device)
        self.kind: Literal["completion", "chat"] = "chat" if self._tokenizer.chat_template else "completion"
        self.context_tokens = context_tokens or _context_tokens(self._model.config, self._tokenizer)
        self._background = Background(self.name, timeout)
        # Runs at exit, too: the interpreter must not end under a running model.
        self._free = weakref.finalize(self, self._background.close)

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
        pieces = self._background.stream(
            lambda put, stopped: self._answer(prompt, max_tokens, put, stopped), cancelled
        )
        return cut_at_stop(pieces, stop)

    def count_tokens(self, text: str) -> int:
        """The exact number of tokens, without special ones."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def close(self) -> None:
        self._free()
        self._model = None

    def _answer(self, prompt: Prompt, max_tokens: int, put: Put, stopped: Stopped) -> None:
        inputs = self._inputs(prompt).to(self._model.device)
        read = inputs["input_ids"].shape[1]
        writes_apart = self._model.config.is_encoder_decoder
        room = self.context_tokens if writes_apart else self.context_tokens - read
        if read > self.context_tokens or room < 1:
            raise GeneratorFailed(
                f"the prompt has {read} tokens, {self.name} reads at most {self.context_tokens} with its "
                "answer; give less evidence"
            )
        streamer, criteria = _streamer(self._tokenizer, put), _criteria(stopped)
        ends = self._model.generation_config.eos_token_id
        padding = self._tokenizer.pad_token_id
        self._model.generate(
            **inputs,
            max_new_tokens=min(max_tokens, room),
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            pad_token_id=padding if padding is not None else (ends[0] if isinstance(ends, list) else ends),
            streamer=streamer,
            stopping_criteria=criteria,
        )

    def _inputs(self, prompt: Prompt) -> Any:
        if self.kind == "completion":
            return self._tokenizer(prompt.completion, return_tensors="pt", return_token_type_ids=False)
        from jinja2 import TemplateError

        messages = [{"role": role, "content": text} for role, text in prompt.messages]
        try:
            return self._templated(messages)
        except TemplateError:  # some templates know no system role: its text then opens the first message
            text = "\n\n".join(message["content"] for message in messages)
            return self._templated([{"role": "user", "content": text}])

    def _templated(self, messages: list[dict[str, str]]) -> Any:
        return self._tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )


def _load(name_or_path: str, device: str | None) -> tuple[Any, Any]:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        config = AutoConfig.from_pretrained(name_or_path)
        form = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model = form.from_pretrained(
            name_or_path,
            config=config,
            dtype=torch.float32 if device == "cpu" else "auto",  # half precision is slow on most CPUs
            use_safetensors=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(name_or_path)
    except Exception as error:  # the library raises many kinds, some without a word on what is wrong
        raise ModelProblem(
            f"transformers cannot load {name_or_path!r}: {one_line(error)}; give the name or the folder of "
            "a causal or sequence-to-sequence model with safetensors weights"
        ) from error
    return model.to(device).eval(), tokenizer


def _context_tokens(config: Any, tokenizer: Any) -> int:
    limits = [
        getattr(config, "max_position_embeddings", None),
        getattr(config, "n_positions", None),
        tokenizer.model_max_length,  # an astronomic number where it is not set
    ]
    return min([limit for limit in limits if limit and limit < 10_000_000], default=_CONTEXT_TOKENS)


def _streamer(tokenizer: Any, put: Put) -> Any:
    from transformers import TextStreamer

    class Streamer(TextStreamer):  # type: ignore[misc]
        """Hands on text once it is sure not to change with the next token."""

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            if text:
                put(text)

    return Streamer(tokenizer, skip_prompt=True, skip_special_tokens=True)


def _criteria(stopped: Stopped) -> Any:
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    class Stop(StoppingCriteria):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
            return torch.full((input_ids.shape[0],), stopped(), dtype=torch.bool, device=input_ids.device)

    return StoppingCriteriaList([Stop()])
