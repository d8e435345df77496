"""What a run is made with: the models, and every switch of retrieval, answering and the run itself.

`--set section.key=value` reaches any field of these objects, whatever fields they come to have.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from corpus.errors import InvalidRequest
from index import RetrievalSettings
from index.files import sha256
from qa.asking import AnswerSettings
from qa.settings import Settings, load_settings

MODEL_KEYS = ("embedder", "generator", "base_url", "chunk_tokens", "threads")
"""The settings of the models that decide figures; what concerns the web server does not."""

_YES, _NO = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run measures.

    answers: ask the questions too, not only search. limit: questions at most, evenly spread over the set
    (0: all). depth: documents ranked. taken_out: questions asked again without their passages, where the
    set marks none as unanswerable. planted: answers with a planted error given to the checker.
    cluster: a pattern whose first group, found in a question's id, names its cluster for the intervals.
    seed, resamples: of the bootstrap.
    """

    answers: bool = True
    limit: int = 0
    depth: int = 100
    taken_out: int = 60
    planted: int = 20
    cluster: str = ""
    seed: int = 0
    resamples: int = 1000

    def __post_init__(self) -> None:
        if self.depth < 1 or self.resamples < 1:
            name = "depth" if self.depth < 1 else "resamples"
            raise InvalidRequest(f"eval.{name} is {getattr(self, name)}: give 1 or more")
        try:
            groups = re.compile(self.cluster).groups
        except re.error as error:
            raise InvalidRequest(f"eval.cluster is {self.cluster!r}, no pattern: {error}") from error
        if self.cluster and not groups:
            raise InvalidRequest(f"eval.cluster is {self.cluster!r}: put what names the cluster in (...)")


@dataclass(frozen=True, slots=True)
class Configuration:
    """All settings of a run. models is reached by plain keys, the others by section.key."""

    models: Settings
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    eval: RunSettings = field(default_factory=RunSettings)

    def with_values(self, assignments: Iterable[str]) -> Configuration:
        """With KEY=VALUE assigned, in order. Raises InvalidRequest, naming the keys there are."""
        changed = self
        for assignment in assignments:
            key, sign, value = assignment.partition("=")
            if not sign:
                raise InvalidRequest(
                    f"{assignment!r} sets nothing: write key=value, as in answer.threshold=40"
                )
            changed = changed._with(key.strip(), value.strip())
        return changed

    def _with(self, key: str, value: str) -> Configuration:
        section, _, name = key.partition(".")
        if key in MODEL_KEYS:
            models = load_settings(**{**self.models.model_dump(), key: value})
            return dataclasses.replace(self, models=models)
        if key not in self.keys():
            raise InvalidRequest(f"there is no setting {key!r}: the settings are {', '.join(self.keys())}")
        holder = getattr(self, section)
        kind = get_type_hints(type(holder))[name]
        return dataclasses.replace(
            self, **{section: dataclasses.replace(holder, **{name: _parsed(value, kind, key)})}
        )

    def keys(self) -> list[str]:
        """Every key that can be set."""
        found = list(MODEL_KEYS)
        for section in dataclasses.fields(self)[1:]:
            found += [f"{section.name}.{f.name}" for f in dataclasses.fields(getattr(self, section.name))]
        return found

    def values(self) -> dict[str, Any]:
        """Every key and its value, as JSON values, for metrics.json."""
        found: dict[str, Any] = {name: getattr(self.models, name) for name in MODEL_KEYS}
        found["base_url"] = re.sub("//[^/@]*@", "//", found["base_url"])  # no password in a report
        for section in dataclasses.fields(self)[1:]:
            holder = dataclasses.asdict(getattr(self, section.name))
            found |= {f"{section.name}.{name}": value for name, value in holder.items()}
        return found


def generator_identity(models: Settings) -> str:
    """What decides a generator's output: its name, and for a model file its hash."""
    form, _, rest = models.generator.partition(":")
    if models.generator == "embedded":
        from qa.generators.embedded import SHA256

        return f"embedded {SHA256}"
    if form == "gguf":
        from pathlib import Path

        path = Path(rest).expanduser()
        return f"gguf {sha256(path)}" if path.is_file() else models.generator
    return f"{models.generator} {models.base_url}".strip()


def _parsed(value: str, kind: Any, key: str) -> Any:
    """A value as the field's type has it. Raises InvalidRequest."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value.lower() == "none" and type(None) in get_args(kind):
            return None
        kind = next(option for option in get_args(kind) if option is not type(None))
        return _parsed(value, kind, key)
    if origin is Literal:
        if value in get_args(kind):
            return value
        raise InvalidRequest(f"{key} is {value!r}: give one of {', '.join(map(str, get_args(kind)))}")
    if origin is tuple:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        return tuple(_parsed(part, get_args(kind)[0], key) for part in parts)
    if kind is bool:
        if value.lower() in (*_YES, *_NO):
            return value.lower() in _YES
        raise InvalidRequest(f"{key} is {value!r}: give on or off")
    if kind is str:
        return value
    if kind in (int, float):
        wanted = "a whole number" if kind is int else "a number"
        try:
            number = kind(value)
        except ValueError as error:
            raise InvalidRequest(f"{key} is {value!r}: give {wanted}") from error
        least = 0 if key.startswith("eval.") else 1
        if not math.isfinite(number) or (kind is int and number < least):
            wanted += f", {least} or more" if kind is int else " that is finite"
            raise InvalidRequest(f"{key} is {value!r}: give {wanted}")
        return number
    raise InvalidRequest(f"{key} cannot be set from text: it holds a {kind}")
