"""Ranking: one scale for all passage languages, sound on tiny collections, the same in any order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, update_index
from index.chinese import simplified
from index.embedder import Embedder, HashEmbedder, SentenceTransformerEmbedder
from index.transliteration import name_terms

SPLITTER = Splitter()


def build(tmp_path: Path, texts: dict[str, str], embedder: Embedder | None = None) -> HybridRetriever:
    file = tmp_path / "corpus.jsonl"
    rows = [json.dumps({"id": name, "text": text}, ensure_ascii=False) for name, text in texts.items()]
    file.write_text("\n".join(rows), encoding="utf-8")
    embedder = embedder or HashEmbedder()
    update_index(tmp_path / "index", [file], embedder, splitter=SPLITTER)
    return HybridRetriever(Index(tmp_path / "index", embedder, SPLITTER))


def ids(retriever: HybridRetriever, question: str, language: str, k: int = 10) -> list[str]:
    return [hit.chunk.document_id for hit in retriever.search(Query(question, language), k)]


def test_one_passage_one_language(tmp_path: Path) -> None:
    retriever = build(tmp_path, {"only": "The ferry sails at noon."})
    (hit,) = retriever.search(Query("When does the ferry sail?", "en"), 5)
    assert hit.chunk.document_id == "only"
    assert np.isfinite(hit.score)
    assert ids(retriever, "متى تبحر العبارة؟", "ar") == ["only"]


@pytest.mark.model
def test_languages_of_very_different_sizes(tmp_path: Path) -> None:
    texts = {f"en{n}": f"Harbour report number {n}: the crane lifted {n * 3} boxes." for n in range(40)}
    texts["ar0"] = "تبحر العبّارة عند الظهر من الرصيف الرابع."
    texts["zh0"] = "渡轮中午从四号码头开出。"
    retriever = build(tmp_path, texts, SentenceTransformerEmbedder("embedded"))
    assert ids(retriever, "متى تبحر العبّارة؟", "ar")[0] == "ar0"
    assert ids(retriever, "渡轮几点开出？", "zh")[0] == "zh0"
    assert ids(retriever, "harbour report number 17", "en")[0] == "en17"
    assert {ids(retriever, "When does the ferry sail?", "en")[0]} <= {"ar0", "zh0"}


def test_a_question_ranks_the_same_whatever_is_asked_beside_it(tmp_path: Path) -> None:
    texts = {f"d{n}": f"Street {n} has {n} lamps and a school built in {1900 + n}." for n in range(30)}
    retriever = build(tmp_path, texts)
    questions = [Query(f"When was the school in street {n} built?", "en") for n in (3, 9, 21)]
    alone = [retriever.search(question, 5) for question in questions]
    together = retriever.embed(questions[::-1])[::-1]
    beside = [retriever.search_embedded(q, e, 5) for q, e in zip(questions, together, strict=True)]
    for first, second in zip(alone, beside, strict=True):
        assert [hit.chunk.id for hit in first] == [hit.chunk.id for hit in second]
        assert [hit.score for hit in first] == pytest.approx([hit.score for hit in second], abs=1e-4)


def test_documents_are_ranked_by_their_best_chunk(tmp_path: Path) -> None:
    long = " ".join(f"Filler sentence number {n} about nothing at all." for n in range(200))
    retriever = build(
        tmp_path, {"long": f"{long} The zeppelin landed in Lindau in 1909.", "short": "A pier."}
    )
    hits = retriever.search(Query("When did the zeppelin land in Lindau?", "en"), 10)
    assert [hit.chunk.document_id for hit in hits] == ["long", "short"]
    assert "zeppelin" in hits[0].chunk.text


def test_ties_are_broken_by_chunk_id(tmp_path: Path) -> None:
    retriever = build(tmp_path, {f"same{n}": "Exactly the same text." for n in range(6)})
    hits = retriever.search(Query("same text", "en"), 6)
    assert [hit.chunk.id for hit in hits] == sorted(hit.chunk.id for hit in hits)


@pytest.mark.model
def test_names_are_found_across_scripts(tmp_path: Path) -> None:
    texts = {f"zh{n}": f"第{n}号仓库存放了{n * 9}箱茶叶，由管理员登记。" for n in range(20)}
    texts["fengtai"] = "豐臺區新建了一座產業園。"
    retriever = build(tmp_path, texts, SentenceTransformerEmbedder("embedded"))
    assert ids(retriever, "What was built in Fengtai?", "en")[0] == "fengtai"
    names = retriever.index.partitions["zh"].names
    for question, language in [("What was built in Fengtai?", "en"), ("ماذا بُني في فنغتاي؟", "ar")]:
        row = retriever.index.partitions["zh"].rows[names.scores(name_terms(question, language)).argmax()]
        assert retriever.index.record(int(row)).document_id == "fengtai"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("豐臺區頁", "丰台区页"), ("plain", "plain"), ("", ""), ("سوق", "سوق"), ("𠮷野家DH400", "𠮷野家DH400")],
)
def test_simplified_keeps_offsets(written: str, expected: str) -> None:
    assert simplified(written) == expected
    assert len(simplified(written)) == len(written)
