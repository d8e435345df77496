"""The results page and the table of ablations, over a small set: whole, and made of the figures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import ablation
from eval import results
from eval.results import find_sets, in_simplified
from eval.results_page import Result, results_page
from index.embedder import HashEmbedder

DOCUMENTS = {
    "en-1": "Tram line nine carries 12,000 passengers a day. It runs from harbour to airport.",
    "en-2": "The ferry sails at noon. A ticket for the ferry costs 15 euros.",
    "zh-1": "市立圖書館每天上午九點開門。藏書三十萬冊。",
    "zh-2": "夜市每週五開放，攤位共有兩百個。",
}
QUESTIONS = {
    "q1": ("How many passengers does tram line nine carry?", "12,000", "en-1"),
    "q2": ("What does a ticket for the ferry cost?", "15 euros", "en-2"),
    "q3": ("市立圖書館藏書多少冊？", "三十萬冊", "zh-1"),
    "q4": ("夜市攤位有多少個？", "兩百個", "zh-2"),
}
FAST = (
    "generator=none",
    "answer.threshold=-10000",
    "answer.reader=off",
    "eval.resamples=20",
    "eval.planted=1",
)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sets; the models are the fakes, and the cache is the test's."""
    folder = tmp_path / "shared" / "data" / "drcd-dev"
    (folder / "qrels").mkdir(parents=True)

    def write(name: str, rows: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(text, encoding="utf-8")

    write(
        "corpus.jsonl",
        [{"_id": name, "text": text, "language": name[:2]} for name, text in DOCUMENTS.items()],
    )
    write("queries.jsonl", [{"_id": name, "text": text} for name, (text, _, _) in QUESTIONS.items()])
    write(
        "answers.jsonl",
        [
            {"_id": name, "answers": [gold], "answerable": True, "evidence_ids": [document]}
            for name, (_, gold, document) in QUESTIONS.items()
        ],
    )
    lines = [f"{name}\t{document}\t1\n" for name, (_, _, document) in QUESTIONS.items()]
    (folder / "qrels" / "test.tsv").write_text("".join(lines), encoding="utf-8")
    monkeypatch.setattr("qa.settings.Settings.load_embedder", lambda settings: HashEmbedder())
    monkeypatch.setattr("eval.run.eval_folder", lambda: tmp_path / "cache")
    return tmp_path / "shared"


def test_find_sets(shared: Path) -> None:
    assert list(find_sets(shared)) == ["sample", "drcd-dev"]
    assert list(find_sets(shared, ["drcd-dev"])) == ["drcd-dev"]
    with pytest.raises(results.InvalidRequest, match="no set 'x': the sets are sample, drcd-dev"):
        find_sets(shared, ["x"])
    with pytest.raises(results.InvalidRequest, match="holds no set"):
        find_sets(shared / "nowhere")


def cells(page: str, title: str) -> list[list[str]]:
    """The rows of the table under a title."""
    section = page.split(f"## {title}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_one_command_makes_the_page_and_a_second_works_nothing_out(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [
        "--shared",
        str(shared),
        "--out",
        str(tmp_path / "out"),
        "--page",
        str(tmp_path / "results.md"),
    ]
    options += ["--limit", "3", "--sets", "drcd-dev"]
    options += [word for assignment in FAST for word in ("--set", assignment)]
    results.main(options)
    assert re.findall(r"drcd-dev-(\w+): \d+ s, (\d+) results", capsys.readouterr().err)[1] == (
        "simplified",
        "2",
    )
    page = (tmp_path / "results.md").read_text(encoding="utf-8")
    results.main(options)
    assert set(re.findall(r"(\d+) results worked out", capsys.readouterr().err)) == {"0"}
    assert (tmp_path / "results.md").read_text(encoding="utf-8") == page

    metrics = {
        part: json.loads((tmp_path / "out" / f"drcd-dev-{part}" / "metrics.json").read_text(encoding="utf-8"))
        for part in ("retrieval", "answers", "simplified")
    }
    ranking = metrics["retrieval"]["retrieval"]
    own = ranking["own_language_pool"]
    rows = cells(page, "Ranking, over all passages")
    assert [row[1] for row in rows] == ["en", "zh"]
    low, high = (100 * value for value in ranking["by_language"]["zh"]["intervals"]["RR"])
    assert rows[1][3] == f"{100 * ranking['by_language']['zh']['RR']:.1f} ({low:.1f}–{high:.1f})"
    alone = cells(page, "Ranking, over the passages of the question's language alone")
    assert float(alone[1][-1]) == pytest.approx(100 * own["loss"]["zh"], abs=0.06)
    (converted,) = cells(page, "Traditional Chinese, asked in Simplified")
    assert converted[2].startswith(f"{100 * metrics['simplified']['retrieval']['all']['nDCG@10']:.1f} (")
    answers = cells(page, "Answers, over all passages")
    assert answers[0][-1] == "3"
    assert answers[0][2].startswith(f"{100 * metrics['answers']['answers']['all']['contains_gold']:.1f} (")
    assert len(cells(page, "Refusing, all at one threshold")) == 1
    assert f"--limit 3 --sets drcd-dev --set {FAST[0]}" in page


def test_questions_in_simplified(shared: Path) -> None:
    dataset = results.read_dataset(shared / "data" / "drcd-dev")
    assert [query.text for query in in_simplified(dataset).queries][2:] == [
        "市立图书馆藏书多少册？",
        "夜市摊位有多少个？",
    ]
    assert in_simplified(dataset).qrels == dataset.qrels


def test_pairs_and_their_means_are_on_the_page(shared: Path) -> None:
    def figures(value: float) -> dict[str, Any]:
        names = ("nDCG@10", "RR", "R@100", "Success@1")
        return {"questions": 7, **dict.fromkeys(names, value)}

    pool = {"all": figures(0.9), "by_language": {"en": figures(0.9)}}
    ranking = {
        **pool,
        "by_pair": {"en->ar": figures(0.25), "en->en": figures(1), "en->zh": figures(0.5)},
        "between_languages": {"en": 0.375},
        "own_language_pool": {**pool, "loss": {"en": -0.0004}},
    }
    metrics = {
        "retrieval": ranking,
        "config": {
            "embedder": "e",
            "settings": {"generator": "none"},
            "code": "0" * 64,
            "machine": {"cpu": "c", "cores": 2, "memory_gb": 1},
        },
        "speed": {},
    }
    page = results_page([Result("pooled", metrics, metrics)], "make")
    assert cells(page, "Ranking, by language pair")[:3] == [
        ["pooled", "en → ar", "25.0", "25.0", "25.0", "25.0", "7"],
        ["pooled", "en → en", "100.0", "100.0", "100.0", "100.0", "7"],
        ["pooled", "en → zh", "50.0", "50.0", "50.0", "50.0", "7"],
    ]
    assert "| pooled | en | 37.5 |" in page
    assert cells(page, "Ranking, over the passages of the question's language alone")[0][-1] == "0.0"


def test_ablation_runs_to_its_end(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ablation, "CACHE", tmp_path / "ablation")
    monkeypatch.setattr(ablation, "Remembering", HashEmbedder)
    arguments = [str(shared / "data" / "drcd-dev"), "--limit", "3", "--out", str(tmp_path / "table.md")]
    ablation.main(arguments)
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert table == capsys.readouterr().out
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert rows[0] == ["nDCG@10", "en, all passages", "zh, all passages", "en, its own", "zh, its own"]
    assert [row[0] for row in rows[1:]] == [
        "everything",
        *(f"`retrieval.{part}=off`" for part in ablation.PARTS),
        "cosine alone: all of them off but dense",
        "token vectors uncompressed",
    ]
    assert all(0 <= float(cell) <= 100 for row in rows[1:] for cell in row[1:])
    # Without BM25 and late interaction the fake's vectors rank otherwise.
    assert len({tuple(row[1:]) for row in rows[1:]}) > 1
