"""Documents that say the same, or otherwise, about one question; and none that are about something else."""

from __future__ import annotations

import json
import tempfile
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
    first = "The red tower is 38 metres high and was built in 1890."
    second = "The red tower is 38 metres high and was built in 1895."
    question = "How high is the red tower?"
    assert relations(tmp_path, question, first, second) == ["differs"]
    assert relations(tmp_path, question, first, second, answer="38 metres") == ["agrees"]
    assert relations(tmp_path, question, first, first) == []


@pytest.mark.parametrize(
    ("question", "first", "second", "answer"),
    [
        (
            "When was the red tower built?",
            "The red tower was built by the town from 1890 to 1895.",
            "The red tower was built by the town after 1890.",
            "1890 to 1895",
        ),
        (
            "Who painted the red tower?",
            "The red tower was painted in winter by Berg, Holm and Lund.",
            "The red tower was painted in winter by Berg and Falk.",
            "Berg, Holm and Lund",
        ),
    ],
)
def test_a_document_that_says_part_of_the_answer_does_not_agree(
    tmp_path: Path, question: str, first: str, second: str, answer: str
) -> None:
    assert relations(tmp_path, question, first, second, answer) == ["adds"]
    assert relations(tmp_path, question, first, f"{first[:-1]}, too.", answer) == ["agrees"]


def relations(tmp_path: Path, question: str, first: str, second: str, answer: str = "") -> list[str]:
    """How a second document is related to the first, whose answer is known or not, among others."""
    texts = [first] if first == second else [first, second]
    # Without other texts, what the two share would be all there is in the language, and count for nothing.
    words = ("ferry", "bakery", "library", "tram", "museum", "school")
    others = [f"Nobody knows why this old {word} closes so early on Fridays in winter." for word in words]
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    for number, text in enumerate(texts + others):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    embedder, splitter = HashEmbedder(), Splitter()
    update_index(folder / "index", sorted(folder.glob("*.txt")), embedder, splitter=splitter)
    index = Index(folder / "index", embedder, splitter)
    try:
        query = Query(question, "en")
        found = [sentence(hit.chunk) for hit in HybridRetriever(index).search(query, len(texts))]
        found.sort(key=lambda one: one.text != first)
        return [one.relation for one in related(index, query, replace(found[0], answer=answer), found)]
    finally:
        index.close()


def sentence(chunk: Chunk) -> EvidenceSentence:
    return EvidenceSentence(chunk, chunk.start, chunk.end, chunk.text, 5.0, 0.9, 40.0)
