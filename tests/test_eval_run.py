"""Whole runs over a small set with HashEmbedder and a scripted generator: figures, files, cache, resuming."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import eval.command
from corpus.errors import DatasetProblem, InvalidRequest
from eval.cache import ResultCache, key_of
from eval.command import Report, Request, run_command
from eval.compare import Change, Condition, find_figure
from eval.configuration import Configuration
from eval.datasets import read_dataset
from eval.outputs import write_outputs
from eval.report import write_report
from eval.retrieval_measures import MEASURES
from eval.run import Measured, evaluate
from index.embedder import HashEmbedder, SentenceTransformerEmbedder
from qa.generators.scripted import ScriptedGenerator
from qa.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = {
    "en-tram": "Tram line nine carries 12,000 passengers a day. It runs between harbour and airport.",
    "en-ferry": "The ferry to the island sails at noon. A ticket costs 15 euros.",
    "ar-bakery": "يفتح المخبز أبوابه عند السادسة صباحا. تخبز سلمى أربعين رغيفا كل يوم.",
    "zh-library": "市立图书馆每天上午九点开门。藏书三十万册。",
}
QUESTIONS = {
    "q1": ("How many passengers does tram line nine carry a day?", "12,000", "en-tram"),
    "q2": ("What does a ticket for the ferry cost?", "15 euros", "en-ferry"),
    "q3": ("كم رغيفا تخبز سلمى كل يوم؟", "أربعين", "ar-bakery"),
    "q4": ("市立图书馆藏书多少册？", "三十万册", "zh-library"),
    "q5": ("Who painted <b>the ceiling</b> & why?", "", ""),
}
SAYS = "Nobody sleeps in the old mill."
SETTINGS = (
    "answer.threshold=-10000",
    "answer.reader=off",
    "answer.margin=-1",
    "eval.resamples=50",
    "eval.planted=1",
    "generator=gguf:/none",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "trams"
    (folder / "qrels").mkdir(parents=True)

    def write(name: str, rows: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(text, encoding="utf-8")

    write("corpus.jsonl", [{"_id": name, "title": "", "text": text} for name, text in DOCUMENTS.items()])
    write("queries.jsonl", [{"_id": name, "text": text} for name, (text, _, _) in QUESTIONS.items()])
    answers = []
    for name, (_, gold, document) in QUESTIONS.items():
        row: dict[str, Any] = {"_id": name, "answers": [gold] if gold else [], "answerable": bool(gold)}
        row |= {"evidence_ids": [document]} if document else {"unanswerable_kind": "far", "evidence_ids": []}
        answers.append(row)
    write("answers.jsonl", answers)
    lines = [f"{name}\t{document}\t1\n" for name, (_, _, document) in QUESTIONS.items() if document]
    (folder / "qrels" / "test.tsv").write_text("q\td\ts\n" + "".join(lines), encoding="utf-8")
    return folder


Evaluate = Callable[..., Measured]


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Evaluate:
    def run(*assignments: str, says: str = SAYS, **options: Any) -> Measured:
        configuration = Configuration(load_settings()).with_values([*SETTINGS, *assignments])
        options.setdefault("load_generator", lambda: ScriptedGenerator(lambda prompt: says))
        options.setdefault("cache", tmp_path / "cache")
        return evaluate(read_dataset(folder), configuration, embedder=HashEmbedder(), **options)

    return run


def test_figures_of_a_run(run: Evaluate) -> None:
    measured = run()
    metrics = measured.metrics
    assert metrics["retrieval"]["all"]["questions"] == 4
    assert metrics["retrieval"]["by_pair"].keys() == {"en->en", "ar->ar", "zh->zh"}
    answers = metrics["answers"]
    assert answers["all"]["questions"] == 4
    assert answers["own_language_pool"]["all"]["questions"] == 4
    assert answers["abstention"]["far"] == 0  # nothing is below the threshold
    assert sum(answers["sentences"][kind] for kind in ("generated", "replaced", "quoted")) == 1
    # What the script says is in no document.
    assert answers["sentences"] == {"count": 4, "generated": 0, "replaced": 1, "quoted": 0}
    assert answers["squad_v2"]["NoAns_f1"] == 0
    assert metrics["config"]["settings"]["answer.threshold"] == -10000
    assert metrics["speed"]["index_bytes_per_chunk"] > 0


def test_the_ranking_in_the_language_of_the_question(run: Evaluate) -> None:
    measured = run("eval.answers=off")
    own = measured.metrics["retrieval"]["own_language_pool"]
    assert own["all"]["questions"] == 4
    assert own["by_language"].keys() == own["loss"].keys() == {"en", "ar", "zh"}
    for name, language in measured.languages.items():
        found = {document[:2] for document in measured.own_run[name]}
        assert found == {language}
        # A filter narrows what may be found and changes no score of what only one language has.
        assert len(measured.run[name]) == len(DOCUMENTS)


def test_confidence_is_the_score_of_the_best_evidence(run: Evaluate) -> None:
    measured = run()
    confidences = {outcome.confidence for outcome in measured.outcomes}
    assert len(confidences) == len(QUESTIONS)
    # It is what the threshold is set against: above the surest answer all are refused, below it one is not.
    surest = max(confidences)
    for threshold, answered in ((surest + 0.01, 0), (surest - 0.01, 1)):
        again = run(f"answer.threshold={threshold}", "eval.planted=0")
        assert sum(not outcome.refused for outcome in again.outcomes) == answered
        assert {outcome.confidence for outcome in again.outcomes} == confidences


def test_settings_of_the_ranking_reach_the_answers(run: Evaluate) -> None:
    def scores(measured: Measured) -> list[list[float]]:
        return [[hit["score"] for hit in outcome.answer["hits"]] for outcome in measured.outcomes]

    whole, parted = run("eval.planted=0"), run("eval.planted=0", "retrieval.maxsim=off")
    assert scores(whole) != scores(parted)
    ranked = [list(parted.run[outcome.query.id]) for outcome in parted.outcomes]
    answered = [[hit["document_id"] for hit in outcome.answer["hits"]] for outcome in parted.outcomes]
    assert ranked == answered


def test_a_question_that_cannot_be_asked_is_named_before_any_work(run: Evaluate, folder: Path) -> None:
    text = (folder / "queries.jsonl").read_text(encoding="utf-8")
    (folder / "queries.jsonl").write_text(text.replace("ferry cost", "ferry cost " + "x" * 4000), "utf-8")

    with pytest.raises(DatasetProblem, match=r"trams: 'q2' cannot be asked: .* at most 4000 are read"):
        run()
    assert not (folder.parent / "cache").exists()
    assert run("eval.answers=off").metrics["retrieval"]["all"]["questions"] == 4  # it can be searched for


def test_a_second_run_works_nothing_out(run: Evaluate) -> None:
    first = run()
    assert first.metrics["speed"]["worked_out_now"] > 10

    def never() -> Any:
        raise AssertionError("the generator was loaded again")

    second = run(load_generator=never)
    assert second.metrics["speed"]["worked_out_now"] == 0
    for part in ("retrieval", "answers", "config"):
        assert second.metrics[part] == first.metrics[part]


def test_the_cache_is_keyed_by_what_matters(run: Evaluate) -> None:
    run()
    for assignment in (
        "answer.evidence=1",
        "retrieval.maxsim=off",
        "eval.depth=3",
        "generator=gguf:/other",
        "chunk_tokens=64",
    ):
        assert run(assignment).metrics["speed"]["worked_out_now"] > 0, assignment
    # What only changes how figures are counted is no reason to ask again.
    assert run("eval.resamples=20").metrics["speed"]["worked_out_now"] == 0


def test_a_changed_document_is_searched_again(run: Evaluate, folder: Path) -> None:
    run("eval.answers=off")
    text = (folder / "corpus.jsonl").read_text(encoding="utf-8")
    (folder / "corpus.jsonl").write_text(text.replace("noon", "two"), encoding="utf-8")
    assert run("eval.answers=off").metrics["speed"]["worked_out_now"] == len(QUESTIONS)


def test_generated_text_outlives_a_change_of_settings(run: Evaluate) -> None:
    calls: list[str] = []

    def load() -> ScriptedGenerator:
        def say(prompt: Any) -> str:
            calls.append(prompt.completion)
            return SAYS

        return ScriptedGenerator(say)

    run(load_generator=load)
    asked = len(calls)
    assert asked == len(set(calls))  # a prompt is worked out once, in whatever pool it comes up
    run("answer.hits=3", load_generator=load)
    assert len(calls) == asked


def test_without_marked_questions_passages_are_taken_out(run: Evaluate, folder: Path) -> None:
    for name in ("queries.jsonl", "answers.jsonl"):
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join(lines[:-1]), encoding="utf-8")
    measured = run("eval.taken_out=3")
    taken = [outcome for outcome in measured.outcomes if outcome.taken_out]
    assert len(taken) == 3
    assert {outcome.kind for outcome in taken} == {"far"}  # no document has a neighbour
    for outcome in taken:
        evidence = measured.dataset.answers[outcome.query.id].evidence_ids
        assert not {hit["document_id"] for hit in outcome.answer["hits"]} & set(evidence)


def test_a_set_that_only_measures_refusing(
    command: Callable[..., Report], folder: Path, tmp_path: Path
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "tram.txt").write_text(DOCUMENTS["en-tram"], encoding="utf-8")
    table = tmp_path / "questions.csv"
    table.write_text("question,answer,source,kind\nWho drives it?,,,near\nWho sings?,,,far\n", "utf-8")
    report = command(datasets=(str(table),), documents=documents, out=tmp_path / "out")
    metrics = report.figures["questions"]
    assert metrics["retrieval"]["all"]["questions"] == metrics["answers"]["all"]["questions"] == 0
    assert metrics["answers"]["abstention"]["questions"]["near"] == 1
    assert metrics["answers"]["squad_v2"] == {"exact": 0, "f1": 0, "NoAns_exact": 0, "NoAns_f1": 0}


def test_limit_spreads_over_the_set(run: Evaluate) -> None:
    measured = run("eval.limit=2", "eval.answers=off")
    assert [query.id for query in measured.dataset.queries] == ["q1", "q5"]


def test_files_of_a_run(run: Evaluate, tmp_path: Path) -> None:
    measured = run()
    out = tmp_path / "out"
    write_outputs(measured, out)
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(measured.metrics)
    )
    rows = [json.loads(line) for line in (out / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == list(QUESTIONS)
    assert rows[0]["user_input"] == QUESTIONS["q1"][0]
    assert rows[0]["reference"] == "12,000"
    assert DOCUMENTS["en-tram"] in rows[0]["retrieved_contexts"]
    assert rows[0]["own_language_pool"]["figures"]["contains_gold"] in (0, 1)
    with (out / "questions.csv").open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["id"] for row in table] == list(QUESTIONS)
    assert table[4]["kind"] == "far"
    assert table[4]["nDCG@10"] == ""
    assert len((out / "run.trec").read_text(encoding="utf-8").splitlines()) == 4 * len(QUESTIONS)
    own = (out / "run.own-language.trec").read_text(encoding="utf-8").splitlines()
    assert len(own) == 2 * 3 + 1 + 1  # three English questions, one of each other language
    assert not list(out.glob("*.partial"))


def test_run_trec_measures_the_same_with_ir_measures(run: Evaluate, folder: Path, tmp_path: Path) -> None:
    import ir_measures

    measured = run("eval.answers=off")
    write_outputs(measured, tmp_path / "out")
    again = ir_measures.calc_aggregate(
        [ir_measures.parse_measure(name) for name in MEASURES],
        {query: dict(judged) for query, judged in measured.dataset.qrels.items()},
        list(ir_measures.read_trec_run(str(tmp_path / "out" / "run.trec"))),
    )
    for measure, value in again.items():
        assert measured.metrics["retrieval"]["all"][str(measure)] == pytest.approx(value, abs=1e-4)


def test_report_is_one_page_and_takes_nothing_from_the_data_for_markup(run: Evaluate, tmp_path: Path) -> None:
    measured = run()
    write_report(measured, tmp_path / "report.html", None, [])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b>the ceiling" not in page
    assert "&lt;b&gt;the ceiling&lt;/b&gt; &amp; why?" in page
    for outside in ("http://", "https://", "<script", "url(", "@import", "src="):
        assert outside not in page, outside
    assert 'dir="auto"' in page
    assert "<mark>" in page


@pytest.fixture
def command(
    folder: Path, tmp_path: Path, run: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Report]:
    """run_command over the small set, with the fakes in place of the models."""

    def fake(dataset: Any, configuration: Configuration, bar: Any = None) -> Measured:
        return evaluate(
            dataset,
            configuration,
            embedder=HashEmbedder(),
            load_generator=lambda: ScriptedGenerator(lambda prompt: SAYS),
            cache=tmp_path / "cache",
        )

    monkeypatch.setattr(eval.command, "evaluate", fake)

    def command(**options: Any) -> Report:
        options.setdefault("settings", SETTINGS)
        return run_command(Request(**options), load_settings())

    return command


def test_compare_and_fail_if(command: Callable[..., Report], folder: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    command(datasets=(str(folder),), out=good)
    worse = command(
        datasets=(str(folder),),
        out=bad,
        settings=(*SETTINGS, "answer.threshold=1000"),
        baseline=good,
        fail_if=("answered<-1.0", "nDCG@10<-1.0"),
    )
    assert worse.failed
    assert "answered<-1 holds" in worse.text
    assert "nDCG@10<-1 holds" not in worse.text
    assert "baseline" in (bad / "report.html").read_text(encoding="utf-8")
    again = command(compare=(good, bad), fail_if=("false_refusal>50",))
    assert again.failed
    assert not command(compare=(good, good), fail_if=("answered<-0.1", "f1>0.1")).failed
    changes = again.figures["changes"]
    assert changes["answers.all.answered"]["after"] == 0
    assert changes["answers.all.answered"]["p"] < 1
    with pytest.raises(InvalidRequest, match=r"no figure 'nothing': there are retrieval.all.nDCG@10"):
        command(compare=(good, bad), fail_if=("nothing<-1",))
    # A misspelt name is said before anything is measured.
    with pytest.raises(InvalidRequest, match="no figure 'answerd'"):
        command(datasets=(str(folder),), out=tmp_path / "new", baseline=good, fail_if=("answerd<-1",))
    assert not (tmp_path / "new").exists()


def test_runs_of_different_sets_are_not_compared(
    command: Callable[..., Report], folder: Path, tmp_path: Path
) -> None:
    settings = (*SETTINGS, "eval.answers=off")
    command(datasets=(str(folder),), out=tmp_path / "whole", settings=settings)
    command(datasets=(str(folder),), out=tmp_path / "part", settings=settings, limit=2)
    partly = command(compare=(tmp_path / "whole", tmp_path / "part"))
    assert "the runs have 5 and 2 questions: p is over the 2 in both" in partly.text
    # The same ids, other questions.
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    text = (other / "queries.jsonl").read_text(encoding="utf-8")
    (other / "queries.jsonl").write_text(text.replace('"text": "', '"text": "So: '), encoding="utf-8")
    command(datasets=(str(other),), out=tmp_path / "stranger", settings=settings)
    with pytest.raises(InvalidRequest, match=r"\(trams\) and .* \(other\) have no question in common"):
        command(compare=(tmp_path / "whole", tmp_path / "stranger"))


def test_a_folder_that_cannot_be_written_is_said_before_any_work(
    command: Callable[..., Report], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InvalidRequest, match=r"file/out cannot be written .*: give another --out"):
        command(datasets=(str(folder),), out=tmp_path / "file" / "out")
    assert not (tmp_path / "cache").exists()


def test_several_sets_have_folders_of_their_own(
    command: Callable[..., Report], folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.set"
    shutil.copytree(folder, other)
    settings = (*SETTINGS, "eval.answers=off")
    both = (str(folder), str(other))
    command(datasets=both, out=tmp_path / "out", settings=settings)
    report = command(datasets=both, out=tmp_path / "again", baseline=tmp_path / "out", settings=settings)
    assert report.figures.keys() == {"trams", "other.set", "changes"}
    assert (tmp_path / "again" / "other" / "report.html").is_file()
    with pytest.raises(InvalidRequest, match="one name"):
        command(datasets=(str(folder), f"{folder}/"), out=tmp_path / "out")


def test_what_is_wrong_with_the_last_set_is_said_before_the_first_is_measured(
    command: Callable[..., Report], folder: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(DatasetProblem, match=r"broken.json, line 1: this is no JSON"):
        command(datasets=(str(folder), str(broken)), out=tmp_path / "out")
    assert not (tmp_path / "cache").exists()


def test_rgb_questions_are_asked_over_their_own_documents(
    command: Callable[..., Report], tmp_path: Path
) -> None:
    rows = [
        {
            "id": number,
            "query": f"What colour is line {number}?",
            "answer": [colour],
            "positive": [f"Line {number} is {colour}."],
            "negative": [f"Line {number} has {stops} stops." for stops in range(5, 12)],
        }
        for number, colour in enumerate(("green", "amber"))
    ]
    path = tmp_path / "rgb.json"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    report = command(datasets=(str(path),), out=tmp_path / "out")
    abilities = report.figures["rgb"]["answers"]["rgb"]
    assert abilities.keys() == {"noise_robustness", "negative_rejection"}
    assert abilities["negative_rejection"]["questions"] == 2
    lines = (tmp_path / "out" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    for answer in map(json.loads, lines):
        assert {hit["document_id"].rpartition("-")[0] for hit in answer["hits"]} == {answer["id"]}


def test_each_question_of_rgb_counts_once(command: Callable[..., Report], tmp_path: Path) -> None:
    both = {
        "id": 0,
        "query": "When did the two lines open?",
        "answer": ["1998", "2004"],
        "positive": [["Line six opened in 1998."], ["Line seven opened in 2004."]],
        "negative": ["Line eight is new."],
    }
    changed = {
        "id": 0,
        "query": "How many stalls has the market?",
        "answer": "85",
        "fakeanswer": "310",
        "positive": ["The market has 85 stalls."],
        "positive_wrong": ["The market has 310 stalls."],
        "negative": ["Fish is sold on Thursdays."],
    }
    for name, row in (("en_int", both), ("en_fact", changed)):
        (tmp_path / f"{name}.json").write_text(json.dumps(row) + "\n", encoding="utf-8")
        report = command(datasets=(str(tmp_path / f"{name}.json"),), out=tmp_path / name)
        (figures,) = report.figures[name]["answers"]["rgb"].values()
        assert figures["questions"] == 1  # asked again without its passages, it is no question of RGB's
    assert figures["misled"] == 1
    assert figures["accuracy"] == 0


def test_sweep(command: Callable[..., Report], folder: Path, tmp_path: Path) -> None:
    report = command(datasets=(str(folder),), out=tmp_path / "sweep", sweep="answer.threshold=-100,1000")
    assert [line.split()[0] for line in report.text.splitlines()[2:]][1:] == ["-100", "1000"]
    for value in ("-100", "1000"):
        assert (tmp_path / "sweep" / f"answer.threshold={value}" / "metrics.json").is_file()


@pytest.mark.model
def test_with_the_embedder_that_comes_with_tricite(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: SentenceTransformerEmbedder
) -> None:
    monkeypatch.setattr("eval.run.eval_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("qa.settings.Settings.load_embedder", lambda settings: embedder)  # loaded once
    request = Request(
        datasets=(str(folder),), out=tmp_path / "out", settings=("eval.planted=1", "generator=none")
    )
    report = run_command(request, load_settings())
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert report.figures == {"trams": metrics}
    assert metrics["retrieval"]["all"]["Success@1"] == 1
    assert metrics["retrieval"]["by_pair"]["zh->zh"]["RR"] == 1
    answers = metrics["answers"]
    assert answers["all"]["citation_recall"] == answers["all"]["contains_gold"]
    assert answers["sentences"]["quoted"] == 1
    assert metrics["speed"]["peak_rss_mb"] > 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give a dataset"),
        ({"datasets": ("sample",)}, "give a dataset and --out"),
        ({"datasets": ("sample",), "out": Path("x"), "fail_if": ("RR<-1",)}, "needs something to compare"),
        (
            {"datasets": ("sample",), "out": Path("x"), "fail_if": ("RR=1",), "baseline": Path("y")},
            "no condition",
        ),
        ({"datasets": ("sample",), "out": Path("x"), "baseline": Path("nowhere")}, "holds no finished run"),
        ({"datasets": ("sample",), "out": Path("x"), "sweep": "answer.evidence"}, "names no values"),
        (
            {"datasets": ("sample",), "out": Path("x"), "sweep": "answer.hits=1,2", "baseline": Path("y")},
            "leave out --baseline",
        ),
        ({"datasets": ("sample",), "out": Path("x"), "sweep": "nothing=1,2"}, "there is no setting"),
        ({"datasets": ("sample",), "compare": (Path("x"), Path("y"))}, "leave out the datasets"),
        ({"compare": (Path("x"), Path("y"))}, "holds no finished run"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        run_command(Request(**options), load_settings())


def test_conditions() -> None:
    assert Condition.read("nDCG@10<-1.0").holds(Change("retrieval.all.nDCG@10", 0.9, 0.88))
    assert not Condition.read("nDCG@10 < -1.0").holds(Change("retrieval.all.nDCG@10", 0.9, 0.895))
    assert Condition.read("false_refusal>+2").holds(Change("x", 0.05, 0.08))
    assert find_figure(["retrieval.all.RR", "answers.abstention.far"], "far") == "answers.abstention.far"


def test_results_survive_another_process(tmp_path: Path) -> None:
    first, second = ResultCache(tmp_path / "r.sqlite"), ResultCache(tmp_path / "r.sqlite")
    first.put(key_of("x", a=1, b="٣"), {"value": "ض"})
    assert second.get(key_of("x", b="٣", a=1)) == {"value": "ض"}
    assert second.get(key_of("x", b="٣", a=2)) is None


_SLOW_RUN = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from eval.configuration import Configuration
from eval.datasets import read_dataset
from eval.run import evaluate
from index.embedder import HashEmbedder
from qa.generators.scripted import ScriptedGenerator
from qa.settings import load_settings

def say(prompt):
    print("asked", flush=True)
    time.sleep(0.4)
    return "Nobody sleeps in the old mill."

configuration = Configuration(load_settings()).with_values(
    sys.argv[4:])
evaluate(read_dataset(sys.argv[2]), configuration, embedder=HashEmbedder(),
         load_generator=lambda: ScriptedGenerator(say), cache=Path(sys.argv[3]))
"""


def test_a_killed_run_goes_on_where_it_stopped(folder: Path, tmp_path: Path, run: Evaluate) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOW_RUN, str(ROOT), str(folder), str(tmp_path / "cache"), *SETTINGS],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    for _ in range(3):  # two answers are done, the third is being worked out
        assert process.stdout.readline() == "asked\n"
    time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    calls: list[str] = []

    def load() -> ScriptedGenerator:
        def say(prompt: Any) -> str:
            calls.append(prompt.completion)
            return SAYS

        return ScriptedGenerator(say)

    resumed = run(load_generator=load)
    asked = len(calls)
    assert 0 < asked <= 3  # five prompts, of which two were done
    whole = run(load_generator=load, cache=tmp_path / "other")
    assert len(calls) - asked == asked + 2
    assert resumed.metrics["answers"] == whole.metrics["answers"]
    assert resumed.run == whole.run
