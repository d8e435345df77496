"""Train what is added to the embedded encoder: index/encoder_additions.safetensors.

    python -m index.training.train_encoder ../shared/data/train qa/training/written \
        qa/training/written/second qa/training/written/third [--steps 200]

Reads SQuAD-style JSON files; the first folder is the one that fit_calibration reads. A step takes passages of
each language, drawn in neighbourhoods so that they are hard to tell apart, and questions that they answer:
each must find its passage among the others by what a search adds up: the cosine, late interaction, BM25.
Only the upper half of the layers gets additions; the states below it are worked out once. Tokens are held
near to where they were, as more than ranking reads them. Paragraphs that fit_calibration reads, and held-out
articles, are left out, so that what is fitted later is fitted on text that the encoder was not trained on.

Everything that is fitted to the encoder has to follow: the checksum in index/encoder_additions.py, then
fit_token_codec, fit_calibration, and in qa/training fit_checking and fit_evidence.
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from corpus.language import detect_language
from index.analyzers import terms
from index.background import standardise
from index.bm25 import Bm25Index
from index.chinese import simplified
from index.embedded import packaged_weights
from index.encoder_additions import FILE, save_additions
from index.files import sha256
from index.retrieval import LEXICAL_PRIOR, THIRD
from index.sentence_model import SentenceModel
from index.training.fit_calibration import read_training_folder
from index.training.squad import read_examples

_log = logging.getLogger(__name__)

_PASSAGES = {"ar": 36, "en": 20, "zh": 10}
"""Of each language in a step."""
_NEIGHBOURS, _TOGETHER = 12, 6
"""A passage drawn at random brings others, so many together, of its nearest."""
_QUESTIONS = 2
"""Of a passage in its own language, and as many in others."""
_OWN = 0.6
"""What questions in the passage's language count, of 1."""
_HELD = 6.0
"""What the mean distance (1 - cosine) of a token from where it was counts."""
_FROM_LAYER, _RANK, _RATE = 6, 32, 4e-4
_COSINE, _LATE = (62.0, 49.0), (68.0, 110.0)
"""About what a search of the version before weighed them, before they are standardised: in the question's
language, in others."""
_BM25, _BEST = 1.4, 50
_ATTENTION = 625_000
"""Pairs of tokens whose attention is taken at once, about."""
_LINEAR = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A question or passage. rows: int64, its tokens without prompt and special ones. lower: bfloat16
    [tokens, dim], states below the trained layers; before: the last states before training, norm 1."""

    language: str
    rows: torch.Tensor
    lower: torch.Tensor
    before: torch.Tensor

    def __len__(self) -> int:
        return len(self.lower)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Texts through all layers: vectors [n, dim], tokens [n, longest, dim], norm 1; kept [n, longest]."""

    vectors: torch.Tensor
    tokens: torch.Tensor
    kept: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is trained on.

    asked: passage -> (question, passages that answer it) of each, by whether it is in the passage's language.
    trained: language -> passages. near: passage -> its nearest ones. lexical: language -> BM25 over its
    passages, places: passage -> its place there. wordings: questions as written.
    """

    passages: list[Text]
    questions: list[Text]
    asked: dict[int, dict[bool, list[tuple[int, frozenset[int]]]]]
    trained: dict[str, list[int]]
    near: dict[int, list[int]]
    lexical: dict[str, Bm25Index]
    places: dict[int, int]
    wordings: list[str]


class Added(nn.Module):
    """A linear layer, whose weights stay as they are, with a low-rank term that is trained."""

    def __init__(self, base: Any) -> None:
        super().__init__()
        self.base = base.bfloat16()
        self.inner = nn.Parameter(torch.randn(_RANK, base.in_features) / math.sqrt(base.in_features))
        self.outer = nn.Parameter(torch.zeros(base.out_features, _RANK))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.base(states) + states @ self.inner.T @ self.outer.T)


class Encoder:
    """The embedded encoder, cut below the layers that are trained."""

    def __init__(self) -> None:
        self.model = SentenceModel("embedded", None)
        self._network: Any = next(iter(self.model.model)).auto_model
        self._network.load_state_dict({name: torch.tensor(weight) for name, weight in packaged_weights()})
        self._network.requires_grad_(False)
        self._layers = list(self._network.encoder.layer)
        self._heads = self._network.config.num_attention_heads
        self.additions: dict[str, Added] = {}

    def add(self) -> list[nn.Parameter]:
        """Put additions, 0 so far, to the upper layers; their parameters."""
        for number, layer in list(enumerate(self._layers))[_FROM_LAYER:]:
            for name in _LINEAR:
                parent, _, last = name.rpartition(".")
                added = Added(layer.get_submodule(name))
                setattr(layer.get_submodule(parent) if parent else layer, last, added)
                self.additions[f"encoder.layer.{number}.{name}"] = added
        return [part for added in self.additions.values() for part in (added.inner, added.outer)]

    def read(
        self, texts: Sequence[str], languages: Sequence[str], prompt: str, contexts: Sequence[str]
    ) -> list[Text]:
        """Texts with their states so far."""
        tokenized = self.model.tokenized(
            [simplified(text) for text in texts], prompt, [simplified(context) for context in contexts]
        )
        found: list[Any] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda number: len(tokenized[number].ids))
        for run in _runs(order, [len(text.ids) for text in tokenized]):
            ids = [torch.tensor(tokenized[number].ids) for number in run]
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                hidden = self._network.embeddings(pad_sequence(ids, batch_first=True))
                lower = self._through(hidden, ids, self._layers[:_FROM_LAYER])
                last = self._through(lower, ids, self._layers[_FROM_LAYER:])
            for row, number in enumerate(run):
                size = len(ids[row])
                before = functional.normalize(last[row, :size].float(), dim=-1).bfloat16()
                states = lower[row, :size].bfloat16().clone()
                rows = torch.tensor(tokenized[number].rows)
                found[number] = Text(languages[number], rows, states, before)
        return found

    def __call__(self, texts: Sequence[Text]) -> Encoded:
        """Texts, sorted by length, through the layers that are trained."""
        longest, vectors, tokens, kept = len(texts[-1]), [], [], []
        for run in _runs(range(len(texts)), [len(text) for text in texts]):
            lower = [texts[number].lower for number in run]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                padded = pad_sequence(lower, batch_first=True).float()
                states = self._through(padded, lower, self._layers[_FROM_LAYER:]).float()
            real = _real(lower).unsqueeze(-1)
            vectors.append(functional.normalize((states * real).sum(dim=1) / real.sum(dim=1), dim=-1))
            further = longest - states.shape[1]
            tokens.append(functional.pad(functional.normalize(states, dim=-1), (0, 0, 0, further)))
            mask = torch.zeros(len(run), longest, dtype=torch.bool)
            for row, number in enumerate(run):
                mask[row, texts[number].rows] = True
            kept.append(mask)
        return Encoded(torch.cat(vectors), torch.cat(tokens), torch.cat(kept))

    def _through(
        self, states: torch.Tensor, texts: Sequence[torch.Tensor], layers: Sequence[Any]
    ) -> torch.Tensor:
        """States [n, longest, dim] through some layers. Attention is multiplied out: several times as fast
        backwards as torch's own for few texts."""
        hidden = torch.where(_real(texts), 0.0, -1e4)[:, None, None].bfloat16()
        for layer in layers:
            attention = layer.attention.self
            query, key, value = (
                part(states).unflatten(-1, (self._heads, -1)).transpose(1, 2)
                for part in (attention.query, attention.key, attention.value)
            )
            shares = (query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2) + hidden).softmax(dim=-1)
            mixed = (shares.to(value.dtype) @ value).transpose(1, 2).flatten(2)
            states = layer.attention.output.LayerNorm(layer.attention.output.dense(mixed) + states)
            wide = functional.gelu(layer.intermediate.dense(states))
            states = layer.output.LayerNorm(layer.output.dense(wide) + states)
        return states


def _real(texts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Where texts, padded, have tokens: bool [n, longest]."""
    lengths = torch.tensor([len(text) for text in texts])
    return torch.arange(int(lengths.max())) < lengths.unsqueeze(1)


def _runs(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Texts, from short to long, cut into such as go through a layer at once."""
    runs: list[list[int]] = []
    for number in order:
        if not runs or (len(runs[-1]) + 1) * lengths[number] ** 2 > _ATTENTION or len(runs[-1]) == 64:
            runs.append([])
        runs[-1].append(number)
    return runs


def read_material(folders: Sequence[Path], encoder: Encoder) -> Material:
    """Texts and questions of folders, without what fit_calibration reads of the first one."""
    paragraphs, examples = read_examples(*folders)
    sample = set(read_training_folder(folders[0])[0].values())
    trained = {
        number
        for number, one in enumerate(paragraphs)
        if one.language in _PASSAGES and not one.held_out and one.text not in sample
    }
    answering: dict[str, set[int]] = defaultdict(set)
    for example in examples:
        if example.answerable:
            answering[example.question_id].add(example.paragraph)
    asked: dict[int, dict[bool, list[tuple[int, frozenset[int]]]]] = {}
    numbers: dict[str, int] = {}
    languages: dict[str, str] = {}
    for example in examples:
        if example.answerable and example.paragraph in trained:
            language = languages.setdefault(example.question, detect_language(example.question)[0])
            if language in _PASSAGES:
                number = numbers.setdefault(example.question, len(numbers))
                own = language == paragraphs[example.paragraph].language
                questions = asked.setdefault(example.paragraph, {True: [], False: []})
                questions[own].append((number, frozenset(answering[example.question_id])))
    by_language = {name: [n for n in sorted(asked) if paragraphs[n].language == name] for name in _PASSAGES}
    prompts = encoder.model.passage_prompt, encoder.model.query_prompt
    # Every other passage with its title, as documents have one or not.
    titles = [one.title if number % 2 else "" for number, one in enumerate(paragraphs)]
    passages = encoder.read(
        [one.text for one in paragraphs], [one.language for one in paragraphs], prompts[0], titles
    )
    wordings = list(numbers)
    questions_read = encoder.read(
        wordings, [languages[text] for text in wordings], prompts[1], [""] * len(wordings)
    )
    near: dict[int, list[int]] = {}
    for group in by_language.values():
        vectors = torch.stack([passages[number].before.float().mean(dim=0) for number in group])
        vectors = functional.normalize(vectors - vectors.mean(dim=0), dim=-1)
        nearest = (vectors @ vectors.T).topk(_NEIGHBOURS + 1, dim=1).indices[:, 1:]
        near |= {
            number: [group[other] for other in row]
            for number, row in zip(group, nearest.tolist(), strict=True)
        }
    lexical = {
        name: Bm25Index.build([terms(paragraphs[number].text, name) for number in group])
        for name, group in by_language.items()
    }
    places = {number: place for group in by_language.values() for place, number in enumerate(group)}
    return Material(passages, questions_read, asked, by_language, near, lexical, places, wordings)


def late_interaction(questions: Encoded, passages: Encoded) -> torch.Tensor:
    """Of index.retrieval.late_interaction the best matches less the third, to be trained through: float32
    [questions, passages]."""
    asked = questions.tokens[questions.kept].bfloat16()
    cosines = (asked @ passages.tokens.flatten(0, 1).bfloat16().T).float()
    cosines = cosines.view(len(asked), *passages.kept.shape).masked_fill(~passages.kept, -1.0)
    best = cosines.topk(min(3, cosines.shape[-1]), dim=-1).values
    told = best[..., 0] - THIRD * best[..., -1]
    owner = questions.kept.nonzero()[:, 0]
    total = torch.zeros(len(questions.kept), told.shape[1]).index_add(0, owner, told)
    return total / questions.kept.sum(dim=1, keepdim=True)


class Trainer:
    """Draws steps from material, and works out their losses."""

    def __init__(self, material: Material, encoder: Encoder, seed: int = 0) -> None:
        self._material = material
        self._encoder = encoder
        self._random = random.Random(seed)
        self._means = {
            (kind, name): torch.stack(
                [
                    functional.normalize(one.before.float().mean(dim=0), dim=-1)
                    for one in texts
                    if one.language == name
                ]
            ).mean(dim=0)
            for kind, texts in (("question", material.questions), ("passage", material.passages))
            for name in _PASSAGES
        }

    def losses(self, language: str) -> tuple[torch.Tensor, list[float]]:
        """The loss of a step's passages in one language: what is minimised, and its parts to be shown: of
        questions in that language, in others, and how far tokens have moved."""
        passages, asked = self._draw(language)
        material, at = self._material, {number: place for place, number in enumerate(passages)}
        read = self._encoder([material.passages[number] for number in passages])
        texts = [material.questions[question] for question, _, _ in asked]
        questions = self._encoder(texts)
        own = torch.tensor([text.language == language for text in texts])
        scores = self._scores(questions, read, language, texts, own)
        scores = scores + self._lexical(language, passages, [one for one, *_ in asked], own)
        other_answers = torch.zeros(scores.shape, dtype=torch.bool)
        for row, (_, passage, answering) in enumerate(asked):
            other_answers[row, [at[one] for one in answering if one != passage and one in at]] = True
        target = torch.tensor([at[passage] for _, passage, _ in asked])
        lost = functional.cross_entropy(scores.masked_fill(other_answers, -1e4), target, reduction="none")
        moved = _moved(read, [material.passages[number] for number in passages]) + _moved(questions, texts)
        within, between = (lost[rows].mean() if rows.any() else lost.new_zeros(()) for rows in (own, ~own))
        total = _OWN * within + (1 - _OWN) * between + _HELD * moved
        return total, [float(part.detach()) for part in (within, between, moved)]

    def _draw(self, language: str) -> tuple[list[int], list[tuple[int, int, frozenset[int]]]]:
        """Passages, and (question, passage, all that answer it), both from short to long."""
        material, chosen = self._material, dict[int, None]()
        while len(chosen) < min(_PASSAGES[language], len(material.trained[language])):
            first = self._random.choice(material.trained[language])
            chosen |= dict.fromkeys([first, *self._random.sample(material.near[first], _TOGETHER - 1)])
        passages = sorted(list(chosen)[: _PASSAGES[language]], key=lambda one: len(material.passages[one]))
        asked = [
            (question, passage, answering)
            for passage in passages
            for found in material.asked[passage].values()
            for question, answering in self._random.sample(found, min(_QUESTIONS, len(found)))
        ]
        return passages, sorted(asked, key=lambda one: len(material.questions[one[0]]))

    def _scores(
        self, questions: Encoded, passages: Encoded, language: str, texts: Sequence[Text], own: torch.Tensor
    ) -> torch.Tensor:
        """Weighed cosines and late interaction: [questions, passages]."""
        usual = torch.stack([self._means["question", text.language] for text in texts])
        cosines = (questions.vectors - usual) @ (passages.vectors - self._means["passage", language]).T
        same, other = torch.tensor(_COSINE + _LATE).view(2, 2).T
        weights = torch.where(own[:, None], same, other)
        return weights[:, :1] * cosines + weights[:, 1:] * late_interaction(questions, passages)

    def _lexical(
        self, language: str, passages: Sequence[int], asked: Sequence[int], own: torch.Tensor
    ) -> torch.Tensor:
        """Weighed BM25 of questions in the passages' language: [questions, passages]."""
        found = torch.zeros(len(asked), len(passages))
        for row in own.nonzero()[:, 0].tolist():
            covered = self._material.lexical[language].coverage(
                terms(self._material.wordings[asked[row]], language)
            )
            here = covered[[self._material.places[passage] for passage in passages]]
            found[row] = torch.from_numpy(_BM25 * standardise(here, np.sort(covered)[-_BEST:], LEXICAL_PRIOR))
        return found


def _moved(encoded: Encoded, texts: Sequence[Text]) -> torch.Tensor:
    """Mean of 1 - cosine of tokens and what they were before."""
    before = pad_sequence([text.before for text in texts], batch_first=True).float()
    return 1 - (encoded.tokens * before).sum(dim=-1)[encoded.kept].mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--out", type=Path, default=FILE)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(0)
    started = time.perf_counter()
    encoder = Encoder()
    material = read_material(arguments.folders, encoder)
    trained = {name: len(group) for name, group in material.trained.items()}
    _log.info(
        "passages %s, %d questions, read in %.0f s",
        trained,
        len(material.questions),
        time.perf_counter() - started,
    )
    parameters = encoder.add()
    trainer = Trainer(material, encoder)
    optimizer = torch.optim.AdamW(parameters, lr=_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    shown: list[list[list[float]]] = []
    for step in range(arguments.steps):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1, (step + 1) / 20) * (1 - step / arguments.steps)
        parts = []
        for language in _PASSAGES:
            loss, told = trainer.losses(language)
            torch.autograd.backward(loss)
            parts.append(told)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        shown.append(parts)
        if step % 20 == 19 or step == arguments.steps - 1:
            means: list[list[float]] = np.mean(shown, axis=0).round(3).tolist()
            _log.info(
                "step %d, %.0f s: within, between, moved %s",
                step + 1,
                time.perf_counter() - started,
                dict(zip(_PASSAGES, means, strict=True)),
            )
            shown.clear()
    save_additions(
        {
            name: (added.inner.detach().numpy(), added.outer.detach().numpy())
            for name, added in encoder.additions.items()
        },
        arguments.out,
    )
    _log.info("%s: SHA-256 %s, for index/encoder_additions.py", arguments.out, sha256(arguments.out))


if __name__ == "__main__":
    main()
