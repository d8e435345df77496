"""Ranking: one scale for all passage languages, sound on tiny collections, the same in any order."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from corpus.document import Chunk
from corpus.splitting import Splitter
from index import (
    Filter,
    Hit,
    HybridRetriever,
    Index,
    Query,
    RetrievalSettings,
    collapse_duplicates,
    update_index,
)
from index.calibration import Calibration, LatePriors, load_calibration, read_fitted
from index.chinese import simplified
from index.embedder import Embedder, HashEmbedder, SentenceTransformerEmbedder
from index.retrieval import late_interaction
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
def test_languages_of_very_different_sizes(tmp_path: Path, embedder: SentenceTransformerEmbedder) -> None:
    texts = {f"en{n}": f"Harbour report number {n}: the crane lifted {n * 3} boxes." for n in range(40)}
    texts["ar0"] = "تبحر العبّارة عند الظهر من الرصيف الرابع."
    texts["zh0"] = "渡轮中午从四号码头开出。"
    retriever = build(tmp_path, texts, embedder)
    assert ids(retriever, "متى تبحر العبّارة؟", "ar")[0] == "ar0"
    assert ids(retriever, "渡轮几点开出？", "zh")[0] == "zh0"
    assert ids(retriever, "harbour report number 17", "en")[0] == "en17"
    assert {ids(retriever, "When does the ferry sail?", "en")[0]} <= {"ar0", "zh0"}


@pytest.mark.model
def test_copies_of_a_passage_hardly_change_its_score(
    tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    text = "The Orrin bakery opens at six. Anna Berg bakes forty loaves of rye bread a day."
    scores = []
    for copies in (1, 4):
        folder = tmp_path / str(copies)
        folder.mkdir()
        retriever = build(folder, {f"copy {n}": text for n in range(copies)}, embedder)
        scores.append(retriever.search(Query("How many loaves does Anna Berg bake?", "en"), 1)[0].score)
    assert scores[1] > 0.65 * scores[0]


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


def test_many_questions_embedded_at_once_score_on_passages_at_large_as_each_does(tmp_path: Path) -> None:
    texts = {f"d{n}": f"Street {n} has {n} lamps. شارع فيه مصابيح." for n in range(50)}
    retriever = build(tmp_path, texts)
    questions = [Query(f"How many lamps has street {n}?" + " Really?" * (n % 3), "en") for n in range(40)]
    for question, together in zip(questions, retriever.embed(questions), strict=True):
        (alone,) = retriever.embed([question])
        assert together.at_large.keys() == alone.at_large.keys() == retriever.index.partitions.keys()
        for language, found in together.at_large.items():
            assert found.shape == (3, 32, len(together.tokens))
            np.testing.assert_allclose(found, alone.at_large[language], atol=1e-5)


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
def test_names_are_found_across_scripts(tmp_path: Path, embedder: SentenceTransformerEmbedder) -> None:
    texts = {f"zh{n}": f"第{n}号仓库存放了{n * 9}箱茶叶，由管理员登记。" for n in range(20)}
    texts["fengtai"] = "豐臺區新建了一座產業園。"
    retriever = build(tmp_path, texts, embedder)
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


def test_filters_by_language_source_metadata_and_document(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "The ferry sails at noon.", "metadata": {"year": 2020, "tags": ["sea"]}},
        {"id": "b", "text": "The ferry sails at nine.", "metadata": {"year": 2021}},
        {"id": "c", "text": "渡轮中午开出。", "metadata": {"year": 2021}},
    ]
    file = tmp_path / "ferries.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    update_index(tmp_path / "index", [file], HashEmbedder(), splitter=SPLITTER)
    retriever = HybridRetriever(Index(tmp_path / "index", HashEmbedder(), SPLITTER))

    def found(only: Filter) -> set[str]:
        hits = retriever.search(Query("When does the ferry sail?", "en"), 5, only)
        return {hit.chunk.document_id for hit in hits}

    assert found(Filter()) == {"a", "b", "c"}
    assert found(Filter(languages=frozenset({"zh"}))) == {"c"}
    assert found(Filter(sources=("*#b", "*#c"))) == {"b", "c"}
    assert found(Filter(metadata={"year": 2021})) == {"b", "c"}
    assert found(Filter(metadata={"tags": "sea"})) == {"a"}
    assert found(Filter(languages=frozenset({"en"}), without=frozenset({"a"}))) == {"b"}
    assert found(Filter(metadata={"year": "2021"})) == set()
    assert found(Filter(languages=frozenset({"fr"}))) == set()


@pytest.mark.parametrize("off", ["dense", "bm25", "maxsim", "names", "centring", "standardising", "feedback"])
def test_every_part_can_be_turned_off(off: str, tmp_path: Path) -> None:
    texts = {f"d{n}": f"Street {n} has {n} lamps and a school built in {1900 + n}." for n in range(30)}
    texts["zh"] = "渡轮在1911年开出。"
    index = build(tmp_path, texts).index
    query = Query("When was the school in street 11 built?", "en")
    whole = HybridRetriever(index).search(query, 10)
    without = HybridRetriever(index, RetrievalSettings(**{off: False})).search(query, 10)  # type: ignore[arg-type]
    assert without[0].chunk.document_id == whole[0].chunk.document_id == "d11"
    if off not in ("names", "feedback", "centring"):  # these have nothing to do here
        assert [hit.score for hit in without] != [hit.score for hit in whole]


def test_passages_that_are_not_reranked_come_after(tmp_path: Path) -> None:
    texts = {f"d{n}": f"Street {n} has {n} lamps and a school built in {1900 + n}." for n in range(30)}
    index = build(tmp_path, texts).index
    query = Query("When was the school in street 11 built?", "en")
    few = HybridRetriever(index, RetrievalSettings(reranked=3)).search(query, 30)
    assert len(few) == 30
    assert few[0].chunk.document_id == "d11"


def assert_cosines_are_those_of_the_tokens(index: Index, chunk: Chunk) -> None:
    tokens = index.tokens(chunk)
    others = HashEmbedder().embed_queries(["the school in street 11"])[0].tokens
    cosines, offsets = index.token_cosines(chunk, others)
    np.testing.assert_allclose(cosines, tokens.vectors @ others.T, atol=1e-5)
    np.testing.assert_array_equal(offsets, tokens.offsets)


def test_cosines_of_stored_tokens_are_those_of_their_vectors(tmp_path: Path) -> None:
    index = build(tmp_path, {"a": "The ferry sails at noon from the school.", "b": "渡轮中午开出。"}).index
    for partition in index.partitions.values():
        assert_cosines_are_those_of_the_tokens(index, index.chunk(int(partition.rows[0])))


def test_an_index_without_token_vectors_still_ranks(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    texts = {f"d{n}": f"Street {n} has {n} lamps and a school built in {1900 + n}." for n in range(30)}
    file.write_text("\n".join(json.dumps({"id": k, "text": v}) for k, v in texts.items()), encoding="utf-8")
    folder = tmp_path / "index"
    update_index(folder, [file], HashEmbedder(), splitter=SPLITTER, token_vectors=False)
    (folder / "generations").stat()
    index = Index(folder, HashEmbedder(), SPLITTER)
    hits = HybridRetriever(index).search(Query("When was the school in street 11 built?", "en"), 3)
    assert hits[0].chunk.document_id == "d11"
    stored = sum(path.stat().st_size for path in folder.rglob("token_codes.npy"))
    assert stored < 1000
    assert index.tokens(hits[0].chunk).vectors.shape[0] > 5  # embedded when asked for
    assert_cosines_are_those_of_the_tokens(index, hits[0].chunk)
    update_index(folder, [file], HashEmbedder(), splitter=SPLITTER)  # goes on as it was made
    assert Index(folder, HashEmbedder(), SPLITTER).generation.manifest.recipe.tokens == ""


def test_near_identical_passages_are_shown_once() -> None:
    def hit(name: str, text: str, score: float) -> Hit:
        return Hit(Chunk(name, name, text, "zh", 0, len(text)), score)

    long = "图书馆每天早上九点开门，晚上九点关门，周一闭馆。读者凭证件可以借阅十本书，借期为三十天。"
    hits = [
        hit("first", long, 3.0),
        hit("copied", long + "（转载）", 2.0),
        hit("other", "渡轮中午从四号码头开出，下午五点返回。", 1.5),
        hit(
            "traditional",
            "圖書館每天早上九點開門，晚上九點關門，週一閉館。讀者憑證件可以借閱十本書，借期為三十天。",
            1.0,
        ),
    ]
    collapsed = collapse_duplicates(hits, 5)
    assert [one.chunk.id for one in collapsed] == ["first", "other"]
    assert collapsed[0].duplicates == ("copied", "traditional")
    assert [one.chunk.id for one in collapse_duplicates(hits, 1)] == ["first"]


@pytest.mark.model
def test_a_translation_follows_its_original(tmp_path: Path, embedder: SentenceTransformerEmbedder) -> None:
    texts = {f"zh{n}": f"第{n}号仓库存放了{n * 9}箱茶叶，由管理员登记。" for n in range(20)}
    texts |= {f"en{n}": f"Harbour report {n}: the crane lifted {n * 3} boxes of tea." for n in range(20)}
    texts["en"] = "The night market by the old harbour opened in spring with forty stalls."
    texts["zh"] = "旧港口旁的夜市在春天开张，共有四十个摊位。"
    retriever = build(tmp_path, texts, embedder)
    assert ids(retriever, "How many stalls does the night market have?", "en", 2) == ["en", "zh"]
    assert ids(retriever, "夜市有多少个摊位？", "zh", 2) == ["zh", "en"]


def test_late_interaction_within_a_language_asks_that_all_tokens_match() -> None:
    even, uneven = [0.6, 0.6, 0.6], [0.9, 0.9, 0.0]
    matches = np.array([[even, uneven], [[0.3] * 3] * 2, [even, uneven]], dtype=np.float32)
    within, between = (late_interaction(matches, within=value) for value in (True, False))
    assert between[0] == pytest.approx(between[1]) == pytest.approx(0.6 - 0.6 * 0.3 + 0.25 * 0.6)
    assert within[0] == pytest.approx(between[0])
    assert within[1] == pytest.approx(between[1] - 0.8 * np.std(uneven))


def test_late_interaction_prefers_what_stands_together_and_stands_out() -> None:
    best = [[0.7, 0.7]] * 3
    third = [[0.2, 0.2], [0.2, 0.2], [0.6, 0.6]]
    together = [[0.7, 0.7], [0.7, 0.1], [0.7, 0.7]]
    matches = np.array([best, third, together], dtype=np.float32)
    near, apart, common = late_interaction(matches, within=True)
    assert near > apart > common


def test_the_prior_of_late_interaction_is_that_of_the_pair() -> None:
    priors = LatePriors((0.7, 0.1), (0.6, 0.2), {"ar-zh": (0.5, 0.3)})
    assert priors.between("zh", "zh") == (0.7, 0.1)
    assert priors.between("ar", "zh") == (0.5, 0.3)
    assert priors.between("zh", "ar") == (0.6, 0.2)


def test_all_that_was_fitted_is_used() -> None:
    for fingerprint, fitted in read_fitted().items():
        assert fitted.keys() <= {one.name for one in fields(Calibration)}
        used = load_calibration(fingerprint, 384)
        assert used.late.pairs.keys() == {f"{a}-{b}" for a, b in permutations(("ar", "en", "zh"), 2)}
        for name in ("late", "first", "weights", "feedback"):
            for key, value in fitted[name].items():
                assert np.array_equal(getattr(getattr(used, name), key), value)


def test_other_languages_are_granted_a_share_of_the_best_cosine(tmp_path: Path) -> None:
    texts = {f"d{n}": f"Street {n} has a school built in {1900 + n}." for n in range(9)}
    retriever = build(tmp_path, texts | {"zh": "渡轮在1905年开出。"})
    query = Query("When was the school in street 5 built?", "en")
    embedded = retriever.embed([query])[0]
    own, other = sorted(retriever.candidates(query, embedded), key=lambda each: each.language)
    best = int(retriever.weighed(own).argmax())
    scores = []
    for grant in (0.0, 2.0):
        feedback = replace(retriever._calibration.feedback, grant=grant)
        retriever._calibration = replace(retriever._calibration, feedback=feedback)
        scores.append(dict(retriever.scores(query, embedded)))
    gained = {row: scores[1][row] - scores[0][row] for row in scores[0]}
    assert [gained[row] for row in own.rows.tolist()] == [0.0] * len(own.rows)
    assert gained[int(other.rows[0])] == pytest.approx(2 * float(own.features[best, 0]), rel=1e-4)


def test_without_a_passage_in_the_own_language_the_usual_is_granted(tmp_path: Path) -> None:
    retriever = build(tmp_path, {"zh": "渡轮在1905年开出。"})
    query = Query("When was the school in street 5 built?", "en")
    embedded = retriever.embed([query])[0]
    (before,) = retriever.scores(query, embedded)
    feedback = replace(retriever._calibration.feedback, grant=0.5, usual=3.0)
    retriever._calibration = replace(retriever._calibration, feedback=feedback)
    assert retriever.scores(query, embedded)[0][1] == pytest.approx(before[1] + 1.5, rel=1e-4)


def test_without_token_vectors_late_interaction_counts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_text(json.dumps({"id": "a", "text": "The ferry sails at noon."}), encoding="utf-8")
    update_index(tmp_path / "index", [file], HashEmbedder(), splitter=SPLITTER, token_vectors=False)
    retriever = HybridRetriever(Index(tmp_path / "index", HashEmbedder(), SPLITTER))
    query = Query("When does the ferry sail?", "en")
    (found,) = retriever.candidates(query, retriever.embed([query])[0])
    assert not found.features[:, 1].any()
