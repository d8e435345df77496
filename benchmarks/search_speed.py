"""Time search and indexing on 10,000 passages, and count the bytes of token vectors.

    OPENBLAS_NUM_THREADS=1 GOMP_SPINCOUNT=1000 python benchmarks/search_speed.py
        [--chunks 10000] [--questions 60] [--out FILE.json]

The passages are those of the sample corpus, numbered and shuffled into new ones; so that the index is built
in minutes, their vectors are taken from a bank of passages that were really embedded. Search and the bare
forward pass of the question take turns in one run, so that the machine's mood weighs on both alike. Indexing
is compared with SentenceTransformer.encode on the same passages, in turns too.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from corpus.document import Document
from corpus.load import load_documents
from corpus.sources import find_sources
from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, update_index
from index.chinese import simplified
from index.embedder import Embedding, SentenceTransformerEmbedder, batching_for
from index.sentence_model import SentenceModel

ROOT = Path(__file__).resolve().parents[1]


class BankEmbedder:
    """The embedded model for questions; passages take the vectors of the bank's passages in turn."""

    def __init__(self, embedder: SentenceTransformerEmbedder, bank: Sequence[Embedding]) -> None:
        self._embedder = embedder
        self._bank = bank
        self._given = 0
        self.name, self.fingerprint, self.dim = embedder.name, embedder.fingerprint, embedder.dim
        self.max_tokens = embedder.max_tokens
        self.embed_queries = embedder.embed_queries
        self.count_tokens = embedder.count_tokens

    def embed_passages(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Embedding]:
        self._given += len(texts)
        return [self._bank[(self._given + number) % len(self._bank)] for number in range(len(texts))]


def sample_passages(splitter: Splitter, embedder: SentenceTransformerEmbedder) -> list[str]:
    """The passages of the sample corpus."""
    documents = [
        item
        for source in find_sources([ROOT / "corpus" / "sample"]).files
        for item in load_documents(source)
        if isinstance(item, Document)
    ]
    return [chunk.text for document in documents for chunk in splitter.split(document, embedder.count_tokens)]


def time_search(retriever: HybridRetriever, model: SentenceModel, questions: list[Query]) -> dict[str, Any]:
    """Milliseconds of a whole search and of the question's bare forward pass, and their ratio."""
    found: dict[str, list[float]] = {"search": [], "forward": []}
    for question in questions[:5]:
        retriever.search(question, 10)
    for question in questions:
        started = time.perf_counter()
        retriever.search(question, 10)
        found["search"].append((time.perf_counter() - started) * 1000)
        (tokenized,) = model.tokenized([simplified(question.text)], model.query_prompt, None)
        features = {"input_ids": torch.tensor([tokenized.ids])}
        features["attention_mask"] = torch.ones_like(features["input_ids"])
        started = time.perf_counter()
        with torch.inference_mode():
            model.model(features)
        found["forward"].append((time.perf_counter() - started) * 1000)
    p50 = {name: statistics.median(values) for name, values in found.items()}
    p95 = {name: statistics.quantiles(values, n=20)[-1] for name, values in found.items()}
    return {"p50_ms": p50, "p95_ms": p95, "ratio_p50": p50["search"] / p50["forward"]}


def time_indexing(
    embedder: SentenceTransformerEmbedder, model: SentenceModel, splitter: Splitter, texts: list[str]
) -> dict[str, Any]:
    """Tokens a second of indexing passages whole, and of SentenceTransformer.encode on them."""
    tokens = sum(embedder.count_tokens(texts))
    seconds: dict[str, list[float]] = {"index": [], "encode": []}
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "passages.jsonl"
            file.write_text(
                "\n".join(json.dumps({"id": str(n), "text": text}) for n, text in enumerate(texts)),
                encoding="utf-8",
            )
            started = time.perf_counter()
            update_index(Path(folder) / "index", [file], embedder, splitter=splitter)
            seconds["index"].append(time.perf_counter() - started)
        started = time.perf_counter()
        model.model.encode([f"{model.passage_prompt}{text}" for text in texts], batch_size=32)
        seconds["encode"].append(time.perf_counter() - started)
    rates = {name: tokens / min(values) for name, values in seconds.items()}
    return {"tokens": tokens, "tokens_per_second": rates, "ratio": rates["index"] / rates["encode"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    chance, splitter = random.Random(0), Splitter()
    embedder = SentenceTransformerEmbedder("embedded")
    passages = sample_passages(splitter, embedder)
    model = SentenceModel("embedded", None)
    found: dict[str, Any] = {"machine": platform.processor() or platform.machine(), "passages": len(passages)}
    found["indexing"] = time_indexing(embedder, model, splitter, passages)
    bank = BankEmbedder(embedder, embedder.embed_passages([simplified(text) for text in passages]))
    rows = [
        line for line in (ROOT / "eval" / "sample" / "queries.jsonl").read_text("utf-8").splitlines() if line
    ]
    questions = [Query(row["text"], row["language"]) for row in map(json.loads, rows)][: arguments.questions]
    with tempfile.TemporaryDirectory() as folder:
        file, lines = Path(folder) / "passages.jsonl", []
        for number in range(arguments.chunks):
            words = chance.choice(passages).split(" ")
            chance.shuffle(words)
            lines.append(
                json.dumps({"id": f"p{number}", "text": f"{' '.join(words)} {number}"}, ensure_ascii=False)
            )
        file.write_text("\n".join(lines), encoding="utf-8")
        update_index(Path(folder) / "index", [file], bank, splitter=Splitter(max_tokens=500))
        index = Index(Path(folder) / "index", bank, Splitter(max_tokens=500))
        found["chunks"] = sum(len(part.rows) for part in index.partitions.values())
        sizes = sum(path.stat().st_size for path in index.generation.folder.rglob("token_*.npy"))
        stored = sum(
            len(part.tokens[n]) for part in index.partitions.values() for n in range(len(part.tokens))
        )
        found["token_bytes"] = sizes / stored
        retriever = HybridRetriever(index, batching=batching_for(embedder))  # as `tricite` searches
        found["search"] = time_search(retriever, model, questions)
    text = json.dumps(found, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
