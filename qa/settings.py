"""Settings: command-line options win over TRICITE_* environment variables, which win over defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from corpus.errors import InvalidRequest
from corpus.splitting import Splitter

if TYPE_CHECKING:
    from index import Index
    from index.embedder import Embedder
    from qa.generators import Generator
    from qa.pipeline import Pipeline


class Settings(BaseSettings):
    """Everything a user can set. Each field NAME is also the environment variable TRICITE_NAME."""

    model_config = SettingsConfigDict(env_prefix="TRICITE_", extra="ignore")

    index: Path = Field(Path(".tricite/index"), description="folder of the index")
    embedder: str = Field("embedded", description="embedded, or a sentence-transformers model or folder")
    generator: str = Field(
        "embedded", description="embedded, none, gguf:PATH, transformers:NAME or PROVIDER:MODEL"
    )
    base_url: str = Field("", description="address of an OpenAI-compatible server, for PROVIDER:MODEL")
    chunk_tokens: int = Field(320, ge=32, le=8192, description="most tokens of a passage")
    threads: int = Field(0, ge=0, le=1024, description="threads of each model; 0 leaves it to the machine")
    allowed_origins: list[str] = Field(
        [], description="sites, as https://host[:port], that may show the widget and call the HTTP API"
    )
    site_tokens: dict[str, str] = Field(
        {}, description="site -> the token that its widget must carry; its site is an allowed origin"
    )
    tokens: list[str] = Field([], description="bearer tokens; when there is one, every request needs one")
    hosts: list[str] = Field(
        [], description="names under which the server may be called; none asks nothing, or, when it listens "
        "on this machine alone, for this machine's names"
    )  # fmt: skip
    upload: bool = Field(False, description="whether readers may add documents on the chat page")
    feedback: Path = Field(Path(".tricite/feedback.jsonl"), description="file that readers' judgements go to")
    answers_at_once: int = Field(
        0, ge=0, le=1024, description="answers written at once; 0: one, or eight by a model served elsewhere"
    )
    answers_waiting: int = Field(32, ge=0, le=10_000, description="answers that may wait for their turn")

    def splitter(self) -> Splitter:
        return Splitter(max_tokens=self.chunk_tokens)

    def load_embedder(self) -> Embedder:
        """The embedder these settings name. Raises ModelProblem."""
        from index.embedder import SentenceTransformerEmbedder

        return SentenceTransformerEmbedder(self.embedder, threads=self.threads or None)

    def open_index(self) -> Index:
        """The index these settings name. Raises IndexMissing before any model is loaded."""
        from index import Index
        from index.connection import require_index

        require_index(self.index)
        return Index(self.index, self.load_embedder(), self.splitter())

    def load_generator(self) -> Generator:
        """The generator these settings name. Raises InvalidRequest, ModelProblem or MissingExtra."""
        from qa.generators import load_generator

        options: dict[str, Any] = {}
        if self.base_url:
            options["base_url"] = self.base_url
        if self.threads and self.generator.split(":")[0] in ("embedded", "gguf"):
            options["threads"] = self.threads
        return load_generator(self.generator, **options)

    def load_pipeline(self) -> Pipeline:
        """Index and generator, ready for questions of several threads at once."""
        from index.embedder import batching_for
        from qa.pipeline import Pipeline

        index = self.open_index()
        return Pipeline(index, self.load_generator(), batching=batching_for(index.embedder))


def load_settings(**options: Any) -> Settings:
    """Settings from the environment and from options; None leaves an option unset.

    Raises InvalidRequest, naming the setting and what is wrong with it.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except SettingsError as error:  # what it says names the field, not what is wanted
        name = str(error).split('"')[1]
        raise InvalidRequest(
            f"setting {name} (TRICITE_{name.upper()}) is not in JSON: wanted a list such as "
            '["first", "second"], or for site_tokens {"https://site": "token"}'
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise InvalidRequest(
            f"setting {name} (TRICITE_{name.upper()}) is {first['input']!r}: {first['msg']}"
        ) from error
