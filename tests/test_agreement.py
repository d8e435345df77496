"""Documents that say the same, or otherwise, about one question; and none that are about something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.agreement import PAIRS, ask, write_documents
from corpus.document import Chunk
from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, update_index
from index.embedder import HashEmbedder, SentenceTransformerEmbedder
from qa.agreement import related
from qa.evidence import EvidenceSentence

CHOSEN = ("p02", "p06", "p09", "p11", "p16", "p20", "p23", "p25", "p29")


@pytest.fixture(scope="module")
def retriever(
    tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder
) -> Iterator[HybridRetriever]:
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    folder = tmp_path_factory.mktemp("pairs")
    write_documents([pair for pair in pairs if pair["id"] in CHOSEN], folder / "pairs.jsonl")
    update_index(folder / "index", [folder / "pairs.jsonl"], embedder, splitter=Splitter())
    index = Index(folder / "index", embedder, Splitter())
    yield HybridRetriever(index)
    index.close()


@pytest.mark.model
@pytest.mark.parametrize("name", CHOSEN)
def test_both_documents_are_found(retriever: HybridRetriever, name: str) -> None:
    pairs = map(json.loads, PAIRS.read_text(encoding="utf-8").splitlines())
    pair = next(pair for pair in pairs if pair["id"] == name)
    first, others = ask(retriever, pair["question"])
    assert {document["id"] for document in pair["documents"]} == {
        first.chunk.document_id,
        *(one.sentence.chunk.document_id for one in others),
    }
    assert (others[0].relation == "differs") == (pair["kind"] == "differs")


def test_there_are_thirty_pairs_and_every_answer_stands_in_its_document() -> None:
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    assert len(pairs) == 30
    assert all(document["answer"] in document["text"] for pair in pairs for document in pair["documents"])


def test_a_known_answer_decides_alone(tmp_path: Path) -> None:
    texts = {
        "a.txt": "The red tower is 38 metres high and was built in 1890.",
        "b.txt": "The red tower is 38 metres high and was built in 1895.",
    }
    # Without other texts, what the two share would be all there is in the language, and count for nothing.
    for number, word in enumerate(["ferry", "bakery", "library", "tram", "museum", "school"]):
        texts[f"{number}.txt"] = f"Nobody knows why this old {word} closes so early on Fridays in winter."
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    embedder, splitter = HashEmbedder(), Splitter()
    update_index(tmp_path / "index", [tmp_path / name for name in texts], embedder, splitter=splitter)
    index = Index(tmp_path / "index", embedder, splitter)
    retriever = HybridRetriever(index)
    query = Query("How high is the red tower?", "en")
    hits = retriever.search(query, 2)
    first, second = (sentence(hit.chunk) for hit in hits)
    try:
        assert [one.relation for one in related(index, query, first, [first, second])] == ["differs"]
        known = replace(first, answer="38 metres")
        assert [one.relation for one in related(index, query, known, [second])] == ["agrees"]
        assert related(index, query, first, [first]) == []
    finally:
        index.close()


def sentence(chunk: Chunk) -> EvidenceSentence:
    return EvidenceSentence(chunk, chunk.start, chunk.end, chunk.text, 5.0, 0.9, 40.0)
