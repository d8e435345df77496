"""Train the span reader on SQuAD-style JSON files; parallel ones (same question ids) train language pairs.

    python -m qa.training.train_reader ../shared/data/train qa/training/written --minutes 100

When it ends it writes qa/reader.safetensors (float16: the trained layers and the head) and qa/reader.json.
A run is bounded by --epochs and --minutes; one that was stopped goes on from its last checkpoint in --work.
The last tenth of the articles is held out, and measured at every checkpoint.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.language import detect_language
from index import terms
from index.bm25 import Bm25Index
from index.embedded import embedded_model_path
from index.files import sha256
from qa.evidence import WINDOW_CHARACTERS
from qa.reader import CARD, WEIGHTS, best_span
from qa.span_model import TRAINED_LAYERS, Pair, PairTokenizer, batch, build_network, trained_weights
from qa.training.squad import Example, Paragraph, read_examples

_BATCH_TOKENS = 3000
_LEARNING_RATE, _WARM_UP, _DECAY = 1.2e-4, 0.04, 0.01
_NEGATIVES = 0.6
"""Windows without an answer, for each with one."""

_SHARES = {
    ("arcd", "ar->ar"): 2.0,
    ("xquad", "ar->ar"): 2.0,
    ("cmrc", "zh->zh"): 0.25,
    ("drcd", "zh->zh"): 0.25,
}
"""How often a question of a file and pair of languages is seen in an epoch, where that is not once: two of
the sets are Chinese alone."""

_log = logging.getLogger("train_reader")


def window(paragraph: Paragraph, start: int, end: int, chance: random.Random) -> tuple[int, int]:
    """Whole sentences around a span, grown to either side by chance up to the window's size."""
    spans = paragraph.spans
    low = max(i for i, span in enumerate(spans) if span[0] <= start or i == 0)
    high = min(i for i, span in enumerate(spans) if span[1] >= end or i == len(spans) - 1)
    limit = WINDOW_CHARACTERS.get(paragraph.language, 500)
    while True:
        grown = [(low - 1, high)] if low > 0 else []
        grown += [(low, high + 1)] if high + 1 < len(spans) else []
        grown = [(a, b) for a, b in grown if spans[b][1] - spans[a][0] <= limit]
        if not grown:
            return min(spans[low][0], start), max(spans[high][1], end)
        low, high = chance.choice(grown)


class Material:
    """Windows for training: with the answer, and hard ones without."""

    def __init__(self, paragraphs: Sequence[Paragraph], tokenizer: PairTokenizer) -> None:
        self.paragraphs = paragraphs
        self._tokenizer = tokenizer
        self._places = {
            language: [i for i, one in enumerate(paragraphs) if one.language == language]
            for language in ("ar", "en", "zh")
        }
        self._bm25 = {
            language: Bm25Index.build([terms(paragraphs[i].text, language) for i in places])
            for language, places in self._places.items()
        }
        self._articles: dict[tuple[str, str], list[int]] = {}
        """Places of an article's paragraphs in a language; parallel articles have them in the same order."""
        for i, one in enumerate(paragraphs):
            self._articles.setdefault((one.article, one.language), []).append(i)

    def positive(self, example: Example, chance: random.Random) -> tuple[Pair, int, int] | None:
        """A pair with the places of the answer's first and last token."""
        paragraph = self.paragraphs[example.paragraph]
        low, high = window(paragraph, example.start, example.end, chance)
        (pair,) = self._tokenizer.pairs(example.question, [paragraph.text[low:high]])
        starts, ends = pair.offsets[:, 0] + low, pair.offsets[:, 1] + low
        inside = np.flatnonzero((ends > example.start) & (starts < example.end))
        if not len(inside):
            return None
        return pair, pair.first + int(inside[0]), pair.first + int(inside[-1])

    def negative(self, example: Example, chance: random.Random) -> tuple[Pair, int, int] | None:
        """A pair without the answer: from its paragraph, its article, or where the question's words are.

        Of a question without any it is from its own paragraph or article.
        """
        home = self.paragraphs[example.paragraph]
        answer = home.text[example.start : example.end]
        kind = chance.random() * (1 if example.answerable else 0.5)
        if kind < 0.3:
            paragraph = home
        elif kind < 0.55:
            paragraph = self.paragraphs[chance.choice(self._articles[home.article, home.language])]
        else:
            paragraph = self._similar(example, chance)
        start, end = chance.choice(paragraph.spans)
        low, high = window(paragraph, start, end, chance)
        text = paragraph.text[low:high]
        if example.answerable and (
            answer in text or (paragraph is home and low < example.end and high > example.start)
        ):
            return None
        (pair,) = self._tokenizer.pairs(example.question, [text])
        return pair, 0, 0

    def _similar(self, example: Example, chance: random.Random) -> Paragraph:
        """A paragraph in the home's language that shares terms with the question, be it in translation."""
        home, language = self.paragraphs[example.paragraph], detect_language(example.question)[0]
        if language not in self._bm25:
            return self.paragraphs[chance.choice(self._places[home.language])]
        scores = self._bm25[language].scores(terms(example.question, language))
        found: list[Paragraph] = []
        for best in np.argsort(-scores, kind="stable"):
            place = self._places[language][int(best)]
            paragraph = self.paragraphs[place]
            number = self._articles[paragraph.article, language].index(place)
            translations = self._articles.get((paragraph.article, home.language), [])
            if number < len(translations):
                found.append(self.paragraphs[translations[number]])
            if len(found) == 8:
                break
        # An article that is not parallel has nothing in another language.
        return chance.choice(found or [home])


def batches(
    material: Material, examples: Sequence[Example], seed: int
) -> Iterator[list[tuple[Pair, int, int]]]:
    """One epoch in batches of similar length."""
    chance = random.Random(seed)
    made = []
    for example in examples:
        paragraph = material.paragraphs[example.paragraph]
        pair = f"{detect_language(example.question)[0]}->{paragraph.language}"
        share = _SHARES.get((paragraph.source, pair), 1.0)
        for _ in range(int(share) + (chance.random() < share % 1)):
            if example.answerable:
                made.append(material.positive(example, chance))
            if not example.answerable or chance.random() < _NEGATIVES:
                made.append(material.negative(example, chance))
    items = [item for item in made if item is not None]
    chance.shuffle(items)
    groups = []
    for at in range(0, len(items), 1000):  # similar lengths together, yet mixed over the epoch
        group: list[tuple[Pair, int, int]] = []
        for item in sorted(items[at : at + 1000], key=lambda item: len(item[0].ids)):
            if group and (len(group) + 1) * len(item[0].ids) > _BATCH_TOKENS:
                groups.append(group)
                group = []
            group.append(item)
        groups.append(group)
    chance.shuffle(groups)
    yield from groups


def loss_of(network: Any, group: Sequence[tuple[Pair, int, int]]) -> Any:
    """Mean cross-entropy of the first and the last token."""
    import torch

    ids, mask = batch([pair for pair, _, _ in group], network.encoder.config.pad_token_id)
    start, end = network(ids, mask)
    entropy = torch.nn.functional.cross_entropy
    firsts, lasts = (torch.tensor([item[side] for item in group]) for side in (1, 2))
    return (entropy(start, firsts) + entropy(end, lasts)) / 2


def measure(network: Any, material: Material, examples: Sequence[Example]) -> dict[str, float]:
    """F1 of the tokens of the answer in held-out examples, by question and passage language."""
    import torch

    chance, found = random.Random(0), dict[str, list[float]]()
    network.eval()
    for example in examples:
        item = material.positive(example, chance)
        if item is None:
            continue
        pair, first, last = item
        with torch.inference_mode():
            start, end = network(*batch([pair], network.encoder.config.pad_token_id))
        low, high, _ = best_span(start[0].numpy(), end[0].numpy(), pair)
        shared = max(0, min(high, last) - max(low, first) + 1)
        f1 = 2 * shared / ((high - low + 1) + (last - first + 1))
        languages = (detect_language(example.question)[0], material.paragraphs[example.paragraph].language)
        found.setdefault("->".join(languages), []).append(f1)
    network.train()
    return {name: round(float(np.mean(values)), 3) for name, values in sorted(found.items())}


def main() -> None:
    import torch
    from safetensors.torch import load_file, save_file

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--fresh", action="store_true", help="start from the encoder")
    parser.add_argument("--seed", type=int, default=0, help="another for a run on top of an earlier one")
    parser.add_argument("--work", type=Path, default=Path(".tricite/reader"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(arguments.seed)
    folder = embedded_model_path()
    paragraphs, examples = read_examples(*arguments.folders)
    material = Material(paragraphs, PairTokenizer(folder))
    trained = [example for example in examples if not example.held_out]
    held_out = random.Random(1).sample([e for e in examples if e.held_out and e.answerable], 400)
    network = build_network(folder).train()
    if WEIGHTS.exists() and not arguments.fresh:
        network.load_state_dict(
            {name: value.float() for name, value in load_file(WEIGHTS).items()}, strict=False
        )
    wanted = set(trained_weights(network))
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in wanted)
    for module in network.encoder.encoder.layer[:-TRAINED_LAYERS]:
        module.eval()
    network.encoder.embeddings.eval()
    optimizer = torch.optim.AdamW(
        [parameter for parameter in network.parameters() if parameter.requires_grad],
        lr=_LEARNING_RATE,
        weight_decay=_DECAY,
    )
    arguments.work.mkdir(parents=True, exist_ok=True)
    checkpoint, state = arguments.work / "checkpoint.pt", {"epoch": 0, "step": 0}
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    started, last_saved, total = time.monotonic(), time.monotonic(), 0
    _log.info("%d paragraphs, %d examples, %d held out", len(paragraphs), len(trained), len(held_out))
    for epoch in range(state["epoch"], arguments.epochs):
        groups = list(batches(material, trained, seed=arguments.seed + epoch))
        total = len(groups) * arguments.epochs
        losses: list[float] = []
        for number, group in enumerate(groups):
            if epoch == state["epoch"] and number < state["step"]:
                continue
            done = (epoch * len(groups) + number) / total
            # A run that will be stopped by its bound ends with a small step too.
            done = max(done, (time.monotonic() - started) / 60 / arguments.minutes)
            for settings in optimizer.param_groups:
                settings["lr"] = _LEARNING_RATE * min(done / _WARM_UP, max(0.0, 1 - done), 1.0)
            optimizer.zero_grad()
            loss = loss_of(network, group)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(
                [parameter for parameter in network.parameters() if parameter.requires_grad], 1.0
            )
            optimizer.step()
            losses.append(loss.item())
            if number % 20 == 19:
                _log.info("epoch %d step %d/%d loss %.3f", epoch, number, len(groups), np.mean(losses[-20:]))
            if time.monotonic() - last_saved > 600 or done >= 1:
                kept = {"epoch": epoch, "step": number + 1}
                weights = trained_weights(network)
                partial = checkpoint.with_suffix(".part")
                torch.save({"network": weights, "optimizer": optimizer.state_dict(), "state": kept}, partial)
                partial.rename(checkpoint)
                last_saved = time.monotonic()
                _log.info("held out: %s", measure(network, material, held_out))
            if done >= 1:
                break
        if total and (time.monotonic() - started) / 60 >= arguments.minutes:
            break
    _log.info("held out: %s", measure(network, material, held_out))
    weights = {name: value.half().contiguous() for name, value in trained_weights(network).items()}
    save_file(weights, str(WEIGHTS.with_suffix(".part")))
    assert load_file(str(WEIGHTS.with_suffix(".part"))).keys() == weights.keys()
    WEIGHTS.with_suffix(".part").rename(WEIGHTS)
    card = {
        "name": "Tricite span reader",
        "sha256": sha256(WEIGHTS),
        "base": "multilingual-e5-small (MIT)",
        "command": shlex.join(["python", "-m", "qa.training.train_reader", *sys.argv[1:]]),
        "data": "training parts of XQuAD and CMRC 2018 (CC BY-SA 4.0), DRCD (CC BY-SA 3.0) and ARCD; "
        "questions written for Tricite (qa/training/written)",
        "licence": "CC BY-SA 4.0",
    }
    CARD.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
