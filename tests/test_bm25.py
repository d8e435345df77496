"""BM25 against its formula, its edge cases and its files."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.errors import IndexDamaged
from index.bm25 import Bm25Index

CHUNKS = [
    ["river", "bridge", "river", "stone"],
    ["bridge", "信息"],
    [],
    ["كتاب", "كتب", "river", "42.3%", "x", "y", "z"],
    ["stone"],
]


def by_formula(chunks: Sequence[Sequence[str]], query: Sequence[str]) -> NDArray[np.float64]:
    count, lengths = len(chunks), np.array([len(chunk) for chunk in chunks])
    scores = np.zeros(count)
    for term in query:
        frequencies = np.array([Counter(chunk)[term] for chunk in chunks])
        holding = (frequencies > 0).sum()
        rarity = np.log(1 + (count - holding + 0.5) / (holding + 0.5))
        scores += rarity * frequencies / (frequencies + 1.2 * (1 - 0.75 + 0.75 * lengths / lengths.mean()))
    return scores


@pytest.mark.parametrize(
    "query", [["river"], ["river", "stone"], ["river", "river"], ["信息", "nowhere"], ["كتاب", "42.3%"]]
)
def test_agrees_with_the_formula(query: list[str]) -> None:
    scores = Bm25Index.build(CHUNKS).scores(query)
    assert scores.dtype == np.float32
    assert scores.shape == (5,)
    np.testing.assert_allclose(scores, by_formula(CHUNKS, query), atol=1e-5)
    assert scores.max() > 0


def test_agrees_on_a_random_collection() -> None:
    random = np.random.default_rng(7)
    chunks = [[f"t{word}" for word in random.zipf(1.4, random.integers(0, 60)) % 300] for _ in range(200)]
    index = Bm25Index.build(chunks)
    for _ in range(20):
        query = [f"t{word}" for word in random.integers(0, 310, 5)]
        np.testing.assert_allclose(index.scores(query), by_formula(chunks, query), atol=1e-4)


def test_coverage_is_the_share_of_the_best_possible_score() -> None:
    index = Bm25Index.build(CHUNKS)
    found = index.coverage(["river", "nowhere"])
    # Held by two and by none of five chunks.
    best = np.log(1 + 3.5 / 2.5) + np.log(1 + 5.5 / 0.5)
    np.testing.assert_allclose(found, by_formula(CHUNKS, ["river"]) / best, rtol=1e-5)
    assert found.dtype == np.float32
    assert index.coverage([]).tolist() == index.coverage(["nowhere"]).tolist() == [0.0] * 5
    assert Bm25Index.build([[]]).coverage(["river"]).tolist() == [0.0]


@pytest.mark.parametrize("query", [[], ["nowhere"], [""]])
def test_query_without_a_known_term_scores_zero(query: list[str]) -> None:
    scores = Bm25Index.build(CHUNKS).scores(query)
    assert scores.dtype == np.float32
    assert scores.tolist() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("chunks", [[], [[]], [[], [], []]])
def test_collection_without_terms(chunks: list[list[str]], tmp_path: Path) -> None:
    index = Bm25Index.build(chunks)
    index.save(tmp_path)
    for opened in (index, Bm25Index.load(tmp_path)):
        assert len(opened) == len(chunks)
        assert opened.scores(["river"]).tolist() == [0.0] * len(chunks)
        assert opened.scores([]).dtype == np.float32


def test_saved_index_scores_the_same(tmp_path: Path) -> None:
    index = Bm25Index.build(CHUNKS)
    index.save(tmp_path / "bm25")
    opened = Bm25Index.load(tmp_path / "bm25")
    assert len(opened) == 5
    for query in (["river", "stone"], ["信息"], ["كتاب"], ["nowhere"], []):
        assert opened.scores(query).tolist() == index.scores(query).tolist()
    assert type(opened.scores(["river"])) is np.ndarray


def test_files_are_the_same_every_time_and_no_pickle(tmp_path: Path) -> None:
    for name in ("first", "second"):
        Bm25Index.build(CHUNKS).save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert len(files) > 3
    assert all(name.endswith((".npy", ".json")) for name in files)
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    vocabulary = json.loads((tmp_path / "first" / "vocab.index.json").read_text(encoding="utf-8"))
    assert list(vocabulary) == list(dict.fromkeys(term for chunk in CHUNKS for term in chunk))


def test_nothing_is_printed_or_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        Bm25Index.build(CHUNKS).save(tmp_path)
        Bm25Index.load(tmp_path).scores(["river"])
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_pickled_array_is_refused(tmp_path: Path) -> None:
    Bm25Index.build(CHUNKS).save(tmp_path)
    np.save(tmp_path / "data.csc.index.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(IndexDamaged, match="repair"):
        Bm25Index.load(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["sizes.json", "data.csc.index.npy", "indptr.csc.index.npy", "vocab.index.json", "params.index.json"],
)
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"\xff"])
def test_damaged_file_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    Bm25Index.build(CHUNKS).save(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IndexDamaged, match="tricite repair"):
        Bm25Index.load(tmp_path)


def test_arrays_of_another_index_are_refused(tmp_path: Path) -> None:
    Bm25Index.build(CHUNKS).save(tmp_path / "one")
    Bm25Index.build(CHUNKS[:2]).save(tmp_path / "other")
    name = "data.csc.index.npy"
    (tmp_path / "one" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(IndexDamaged, match="do not fit"):
        Bm25Index.load(tmp_path / "one")
