"""The recipe of an index: embedder, splitter, analyzers and codec, which must be those it was made with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from corpus.errors import IndexMismatch
from corpus.splitting import Splitter
from index.analyzers import ANALYZERS_VERSION
from index.embedder import Embedder
from index.token_codec import load_token_codec
from index.transliteration import TRANSLITERATION_VERSION


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a generation was made with; an index is only opened with the recipe that made it.

    tokens: the fingerprint of the codec of token vectors; "" when none are kept.
    """

    embedder: str
    fingerprint: str
    dim: int
    splitter: str
    analyzers: str
    tokens: str


def recipe_of(embedder: Embedder, splitter: Splitter) -> Recipe:
    """The recipe that these settings make generations with, token vectors kept."""
    settings = json.dumps(asdict(splitter), sort_keys=True)
    analyzers = f"terms {ANALYZERS_VERSION}, names {TRANSLITERATION_VERSION}"
    tokens = load_token_codec(embedder.fingerprint, embedder.dim).fingerprint
    return Recipe(embedder.name, embedder.fingerprint, embedder.dim, settings, analyzers, tokens)


def check_recipe(built: Recipe, wanted: Recipe) -> None:
    """Raise IndexMismatch when an index built by one recipe is opened with another."""
    if replace(built, tokens=wanted.tokens) == wanted and built.tokens in ("", wanted.tokens):
        return  # an index without token vectors can be opened with the settings of one that has them
    if built.fingerprint == wanted.fingerprint:
        what = "another setting or version of the splitter, the analyzers or the token vectors"
    elif built.embedder == wanted.embedder:
        what = f"another version of the embedder {built.embedder!r}"
    else:
        what = f"the embedder {built.embedder!r}, not {wanted.embedder!r}"
    raise IndexMismatch(
        f"the index was built with {what}: run `tricite repair` to rebuild it with this one, "
        "or open it with the setting that built it"
    )
