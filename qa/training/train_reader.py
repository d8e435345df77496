"""Train the span reader on SQuAD-style JSON files; parallel ones (same question ids) train language pairs.

    python -m qa.training.train_reader ../shared/data/train qa/training/written --minutes 100

When it ends it writes qa/reader.safetensors (all layers and the head, int8) and qa/reader.json, with the
commands of all runs that led to it. A run starts from the embedded encoder, or from the mean of the weights
that --start names (Wortsman et al. 2022); with --teachers it learns their mean opinion of every token as well
as the answers (Hinton et al. 2015). It is bounded by --epochs and --minutes; one that was stopped goes on
from its last checkpoint in --work. The last tenth of the articles is held out, and measured at every
checkpoint. On a GPU it runs in bfloat16.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import random
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from corpus.language import detect_language
from index.embedded import embedded_model_path
from index.files import sha256
from index.training.squad import Example, read_examples
from qa.reader import WEIGHTS, best_span
from qa.span_model import PairTokenizer, batch, build_network, pack, trained_weights, unpack
from qa.training.windows import Material, Target, epoch

_LEARNING_RATE, _WARM_UP, _WEIGHT_DECAY = 2.5e-4, 0.05, 0.01
_LAYER_DECAY = 0.88
"""Each layer learns so much slower than the one above it (Howard and Ruder 2018)."""
_TEACHING = 0.7
"""Share of the teachers in the loss."""
_MEASURED = 500
"""Held-out questions that a checkpoint is measured on."""

_log = logging.getLogger("train_reader")


def load(network: Any, files: Sequence[Path]) -> Any:
    """Give a network the mean of the weights in files."""
    from safetensors.torch import load_file

    kept = [unpack(load_file(file)) for file in files]
    mean = {name: sum(weights[name] for weights in kept) / len(kept) for name in kept[0]}
    network.load_state_dict(mean, strict=False)
    return network


def logits(network: Any, group: Sequence[Target]) -> tuple[Any, Any]:
    """Start and end logits of a batch, float32 [n, longest] each, where the network is."""
    import torch

    device = network.head.weight.device
    ids, mask = batch([pair for pair, _, _ in group], network.encoder.config.pad_token_id)
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        start, end = network(ids.to(device), mask.to(device))
    return start.float(), end.float()


def loss_of(network: Any, group: Sequence[Target], teachers: Sequence[Any] = ()) -> Any:
    """Mean cross-entropy of the first and the last token, against the answers and against the teachers."""
    import torch

    found = logits(network, group)
    entropy = torch.nn.functional.cross_entropy
    places = [torch.tensor([item[side] for item in group], device=found[0].device) for side in (1, 2)]
    loss = sum(entropy(side, place) for side, place in zip(found, places, strict=True)) / 2
    if not teachers:
        return loss
    with torch.no_grad():
        taught = [[side.softmax(-1) for side in logits(teacher, group)] for teacher in teachers]
    means = [sum(sides) / len(teachers) for sides in zip(*taught, strict=True)]
    opinion = sum(entropy(side, mean) for side, mean in zip(found, means, strict=True)) / 2
    return (1 - _TEACHING) * loss + _TEACHING * opinion


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
            start, end = logits(network, [item])
        low, high, _ = best_span(start[0].cpu().numpy(), end[0].cpu().numpy(), pair)
        shared = max(0, min(high, last) - max(low, first) + 1)
        f1 = 2 * shared / ((high - low + 1) + (last - first + 1))
        languages = (detect_language(example.question)[0], material.paragraphs[example.paragraph].language)
        found.setdefault("->".join(languages), []).append(f1)
    network.train()
    return {name: round(float(np.mean(values)), 3) for name, values in sorted(found.items())}


def parameters_by_rate(network: Any) -> list[dict[str, Any]]:
    """The trained parameters for an optimizer, each with the share of the learning rate that is its."""
    layers = network.encoder.config.num_hidden_layers
    groups = []
    trained = set(trained_weights(network))
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trained)
        if parameter.requires_grad:
            below = 0 if name.startswith("head.") else layers - 1 - int(name.split(".")[3])
            decay = _WEIGHT_DECAY if parameter.ndim > 1 else 0.0
            groups.append({"params": [parameter], "share": _LAYER_DECAY**below, "weight_decay": decay})
    return groups


_shared: tuple[Material, Sequence[Example]]
"""What the processes that make epochs were started with."""


def _share(material: Material, examples: Sequence[Example]) -> None:
    global _shared
    _shared = material, examples


def _epoch(settings: tuple[int, int]) -> list[list[Target]]:
    return epoch(*_shared, *settings)


def made_ahead(
    material: Material, examples: Sequence[Example], seeds: Sequence[int], tokens: int
) -> Iterator[list[list[Target]]]:
    """The batches of one epoch a seed, made ahead by processes that share this one's memory."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the processes are parallel already
    workers = min(len(seeds), max(1, (os.cpu_count() or 2) - 3))
    with multiprocessing.get_context("fork").Pool(workers, _share, (material, examples)) as pool:
        yield from pool.imap(_epoch, [(seed, tokens) for seed in seeds])


def main() -> None:
    import torch
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--rate", type=float, default=_LEARNING_RATE)
    parser.add_argument("--tokens", type=int, default=9000, help="of a batch, padding included")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, nargs="*", default=[], metavar="WEIGHTS")
    parser.add_argument("--teachers", type=Path, nargs="*", default=[], metavar="WEIGHTS")
    parser.add_argument("--work", type=Path, default=Path(".tricite/reader"), help="for the checkpoint")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the weights; beside them what they are")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(arguments.seed)
    folder, device = embedded_model_path(), "cuda" if torch.cuda.is_available() else "cpu"
    paragraphs, examples = read_examples(*arguments.folders)
    material = Material(paragraphs, PairTokenizer(folder))
    trained = [example for example in examples if not example.held_out]
    answered = [example for example in examples if example.held_out and example.answerable]
    held_out = random.Random(1).sample(answered, min(_MEASURED, len(answered)))
    _log.info("%d paragraphs, %d examples, %d held out", len(paragraphs), len(trained), len(held_out))
    seeds = [100 * arguments.seed + number for number in range(arguments.epochs)]
    epochs = made_ahead(material, trained, seeds, arguments.tokens)
    waiting = next(epochs)  # before the GPU is used: it does not outlive a fork
    network = build_network(folder)
    if arguments.start:
        load(network, arguments.start)
    teachers = [load(build_network(folder), [file]).to(device).eval() for file in arguments.teachers]
    network.to(device).train()
    optimizer = torch.optim.AdamW(parameters_by_rate(network), lr=arguments.rate)
    network.encoder.embeddings.eval()
    arguments.work.mkdir(parents=True, exist_ok=True)
    checkpoint, state = arguments.work / "checkpoint.pt", {"epoch": 0, "step": 0}
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    if arguments.start:
        _log.info("held out at the start: %s", measure(network, material, held_out))
    started, last_saved, done = time.monotonic(), time.monotonic(), 0.0
    for number, groups in enumerate(chain([waiting], epochs)):
        losses: list[float] = []
        for step, group in enumerate(groups):
            if (number, step) < (state["epoch"], state["step"]):
                continue
            done = (number + step / len(groups)) / arguments.epochs
            # A run that will be stopped by its bound ends with a small step too.
            done = max(done, (time.monotonic() - started) / 60 / arguments.minutes)
            if done >= 1:
                break
            for settings in optimizer.param_groups:
                settings["lr"] = arguments.rate * settings["share"] * min(done / _WARM_UP, 1 - done, 1.0)
            optimizer.zero_grad()
            loss = loss_of(network, group, teachers)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.detach())
            if step % 100 == 99:
                mean = float(sum(losses[-100:])) / 100
                _log.info("epoch %d step %d/%d loss %.3f", number, step + 1, len(groups), mean)
            if time.monotonic() - last_saved > 600:
                kept = {"epoch": number, "step": step + 1}
                weights = trained_weights(network)
                partial = checkpoint.with_suffix(".part")
                torch.save({"network": weights, "optimizer": optimizer.state_dict(), "state": kept}, partial)
                partial.rename(checkpoint)
                last_saved = time.monotonic()
                _log.info("held out: %s", measure(network, material, held_out))
        if done >= 1:
            break
    save_file(pack(trained_weights(network)), str(arguments.out.with_suffix(".part")))
    load(network, [arguments.out.with_suffix(".part")])
    _log.info("held out, as kept: %s", measure(network, material, held_out))
    arguments.out.with_suffix(".part").rename(arguments.out)
    cards = [file.with_suffix(".json") for file in dict.fromkeys([*arguments.start, *arguments.teachers])]
    earlier = [json.loads(card.read_text(encoding="utf-8"))["commands"] for card in cards]
    command = shlex.join(["python", "-m", "qa.training.train_reader", *sys.argv[1:]])
    card = {
        "name": "Tricite span reader",
        "sha256": sha256(arguments.out),
        "base": "multilingual-e5-small (MIT)",
        "commands": [*chain.from_iterable(earlier), command],
        "data": "training parts of XQuAD and CMRC 2018 (CC BY-SA 4.0), DRCD (CC BY-SA 3.0) and ARCD; "
        "questions written for Tricite (qa/training/written)",
        "licence": "CC BY-SA 4.0",
    }
    arguments.out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
