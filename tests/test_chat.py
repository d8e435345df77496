"""The chat page's data: turns and documents as JSON, feedback, uploads, and the files it serves."""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from scripted import ARABIC, BROKEN, CRASHING, ENGLISH, UNANSWERED, ScriptedPipeline

from corpus.document import Document
from corpus.errors import InvalidRequest
from corpus.splitting import Splitter
from index.embedder import HashEmbedder
from qa.answer import Exchange
from web.documents import SHOWN, add_files, document_json, documents_json
from web.feedback import LONGEST_RECORD, append_feedback
from web.queueing import Slots
from web.turns import Turn, cut, follow, turn_json


def states(question: str, cancelled: Callable[[], bool] = bool) -> list[dict[str, Any]]:
    """Every state of a question on the page."""
    pipeline, turn = ScriptedPipeline(), Turn("1", question)
    steps = follow(pipeline, Slots(), turn, [], "", cancelled)  # type: ignore[arg-type]
    return [turn_json(step) for step in steps]


# ---- Turns ----------------------------------------------------------------------------------------------


def test_a_turn_shows_sources_first_then_each_sentence_then_the_whole_answer() -> None:
    seen = states(ENGLISH)
    shown = [(turn["state"], len(turn["sources"]), len(turn["sentences"])) for turn in seen]
    assert shown[:2] == [("searching", 0, 0), ("writing", 5, 0)]
    assert [sentences for _, _, sentences in shown[2:]] == [1, 2, 3, 3, 3]
    assert shown[-1][0] == "done"
    assert json.loads(json.dumps(seen[-1])) == seen[-1] | {
        "sentences": [each | {"markers": list(each["markers"])} for each in seen[-1]["sentences"]],
        "sources": [each | {"parts": [list(part) for part in each["parts"]]} for each in seen[-1]["sources"]],
    }


def test_cited_passages_come_first_cut_at_their_spans_with_page_and_language() -> None:
    turn = states(ENGLISH)[-1]
    first, second, *others = turn["sources"]
    assert [first["markers"], second["markers"]] == [[1], [2]]
    assert all(each["markers"] == [] for each in others)
    assert first["page"] == 2
    assert [piece for piece, marked in first["parts"] if marked] == [
        "The harbour clinic opened on 4 May 2021 with twelve beds."
    ]
    assert "".join(piece for piece, _ in first["parts"]).startswith("The town had waited")
    assert {each["language"] for each in turn["sources"]} == {"en", "ar", "zh-Hans", "zh-Hant"}
    assert turn["language"] == "en"
    assert states(ARABIC)[-1]["language"] == "ar"


def test_an_abstention_has_no_citation_and_marks_the_closest() -> None:
    turn = states(UNANSWERED)[-1]
    assert turn["abstained"] and turn["citations"] == []
    assert [each["quote"] for each in turn["closest"]] == ["Boats moor at its door."]
    assert turn["sources"][0]["markers"] == [1]


@pytest.mark.parametrize(
    ("question", "problem"), [(BROKEN, "the generator did not answer in 30 s: ask again"), (CRASHING, "")]
)
def test_a_problem_ends_the_turn_with_its_sources(question: str, problem: str) -> None:
    turn = states(question)[-1]
    assert (turn["state"], turn["problem"], len(turn["sources"])) == ("failed", problem, 5)
    assert "secret" not in json.dumps(turn)


def test_a_cancelled_turn_is_stopped() -> None:
    stopped = threading.Event()
    pipeline, turn = ScriptedPipeline(), Turn("1", ENGLISH)
    for step in follow(pipeline, Slots(), turn, [], "", stopped.is_set):  # type: ignore[arg-type]
        if step.passages:
            stopped.set()
    assert (turn.state, turn.sentences) == ("stopped", ())


def test_a_text_is_cut_at_spans_that_overlap_or_overhang() -> None:
    assert cut("abcdef", []) == [("abcdef", False)]
    assert cut("abcdef", [(1, 3), (2, 4)]) == [("a", False), ("bc", True), ("d", True), ("ef", False)]
    assert cut("abcdef", [(-2, 2), (5, 9)]) == [("ab", True), ("cde", False), ("f", True)]
    assert cut("abcdef", [(8, 9)]) == [("abcdef", False)]


# ---- Documents ------------------------------------------------------------------------------------------


def test_a_document_is_given_in_paragraphs_with_page_numbers_and_one_marked_span() -> None:
    document = Document("d", "One.\nTwo three.\n\nFour.", "en", "", "a.pdf", script="Latn", pages=(0, 9, 17))
    shown = document_json(document, 5, 8)
    assert shown["title"] == "a.pdf"
    assert shown["page"] == 1
    assert [(each["page"], each["parts"]) for each in shown["paragraphs"]] == [
        (1, [("One.", False)]),
        (None, [("Two", True), (" ", False)]),
        (2, [("three.", False)]),
        (3, [("Four.", False)]),
    ]
    assert not shown["before"] and not shown["after"]
    assert document_json(Document("d", "No pages.", "en", "T", "b.md"))["page"] is None


def test_a_long_document_is_cut_around_the_span_at_line_ends() -> None:
    lines = [f"line {number}" for number in range(40_000)]
    text = "\n".join(lines)
    start = text.index("line 20000")
    shown = document_json(Document("d", text, "en", "", "a.txt"), start, start + 10)
    pieces = ["".join(piece for piece, _ in each["parts"]) for each in shown["paragraphs"]]
    assert shown["before"] and shown["after"]
    assert set(pieces) <= set(lines)
    assert sum(map(len, pieces)) < 2 * SHOWN
    assert [each["parts"] for each in shown["paragraphs"] if each["parts"][0][1]] == [[("line 20000", True)]]


def test_documents_are_found_by_title_and_source() -> None:
    index: Any = ScriptedPipeline().index
    assert documents_json(index)["languages"] == {"en": 2, "ar": 1, "zh-Hans": 1, "zh-Hant": 1}
    found = documents_json(index, " CLINIC-ZH ")
    assert (found["total"], found["found"]) == (5, 1)
    assert found["documents"][0]["title"] == "水边的诊所"
    assert documents_json(index, "nothing like it")["documents"] == []


def test_one_upload_named_twice_is_indexed_once_and_not_kept(tmp_path: Path) -> None:
    index: Any = SimpleNamespace(folder=tmp_path / "index", embedder=HashEmbedder(), splitter=Splitter())
    file = tmp_path / "note.txt"
    file.write_text("The lighthouse is lit at dusk.\n", encoding="utf-8")
    *_, done = add_files(index, [(file, "note.txt"), (file, "../note.txt"), (file, "copy.txt")])
    assert [(each["name"], each["result"]) for each in done["files"]] == [
        ("note.txt", "added"),
        ("note.txt", "unchanged"),
        ("copy.txt", "added"),
    ]
    assert not file.exists()


# ---- What the browser sends (web.chat is imported where it is tested: it takes Gradio's seconds) ---------


def test_only_files_just_uploaded_are_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from web.chat import MOST_FILES, _uploads

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    file = tmp_path / "uploads" / "0a" / "note.txt"
    file.parent.mkdir(parents=True)
    file.write_text("text")
    (tmp_path / "uploads" / "link.txt").symlink_to("/etc/hostname")
    assert _uploads([{"path": str(file), "name": "note.txt"}]) == [(file, "note.txt")]
    for path in ("/etc/hostname", f"{file.parent}/../../x", str(tmp_path / "uploads" / "link.txt"), "", None):
        with pytest.raises(InvalidRequest, match="did not arrive"):
            _uploads([{"path": path, "name": "x.txt"}])
    for files in (None, [], "x", [{"path": str(file)}] * (MOST_FILES + 1)):
        with pytest.raises(InvalidRequest, match=f"1 to {MOST_FILES} files"):
            _uploads(files)


def test_history_keeps_the_last_whole_exchanges() -> None:
    from web.chat import _history

    exchanges = [{"question": f"q{number}", "answer": f"a{number}"} for number in range(9)]
    assert _history(exchanges)[0] == Exchange("q3", "a3")
    assert _history([{"question": "q"}, 3, None, {"question": 1, "answer": "a"}]) == []
    assert _history("text") == _history(None) == []


def test_nobody_looks_for_work_all_the_time() -> None:
    from web.chat import _page

    async def check() -> None:
        queue = _page(ScriptedPipeline(), {}, Slots(), None, False)._queue  # type: ignore[arg-type]
        assert 0.01 <= queue.sleep_when_free <= 0.1
        assert 0.01 <= queue.progress_update_sleep_when_free <= 0.1

    asyncio.run(check())


def test_the_page_serves_its_own_files_and_removes_nothing_unless_uploads_are_on(tmp_path: Path) -> None:
    from web.chat import mount_chat

    async def check() -> None:
        app = mount_chat(FastAPI(), ScriptedPipeline(), examples={})  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            font = await client.get("/web/fonts/ibm-plex-sans-latin-400-normal.woff2")
            assert font.status_code == 200
            assert "max-age" in font.headers["cache-control"]
            script = await client.get("/web/chat.js")
            assert (script.status_code, script.headers["cache-control"]) == (200, "no-cache")
            for path in ("/web/chat.py", "/web/../app.py", "/web/%2e%2e/app.py", "/web/chat.html", "/web/"):
                assert (await client.get(path)).status_code == 404, path
            config = (await client.get("/config")).json()
            chat = next(
                each for each in config["components"] if "stop" in each["props"].get("server_fns", ())
            )
            for name, problem in [("remove", "lets nobody"), ("judge", "keeps no feedback")]:
                said = await client.post(
                    "/gradio_api/component_server",
                    json={"session_hash": "s", "component_id": chat["id"], "fn_name": name, "data": {}},
                )
                assert problem in said.json()["problem"]

    asyncio.run(check())


# ---- Feedback -------------------------------------------------------------------------------------------


def test_feedback_is_appended_a_line_each_even_after_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "feedback.jsonl"
    append_feedback(path, {"rating": "good", "question": "ما هذا؟\n\u2028"})
    with path.open("a") as file:
        file.write('{"torn": ')
    threads = [
        threading.Thread(target=append_feedback, args=(path, {"number": number})) for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, torn, *rest = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["question"] == "ما هذا؟\n\u2028"
    assert torn == '{"torn": '
    assert sorted(json.loads(line)["number"] for line in rest) == list(range(20))
    assert all(json.loads(line)["at"].endswith("+00:00") for line in rest)


@pytest.mark.parametrize("record", [{"x": "a" * LONGEST_RECORD}, {"x": float("nan")}, {"x": {1}}])
def test_feedback_that_cannot_be_kept_is_refused(tmp_path: Path, record: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        append_feedback(tmp_path / "feedback.jsonl", record)
    assert not (tmp_path / "feedback.jsonl").exists()
    with pytest.raises(InvalidRequest, match="cannot be written"):
        append_feedback(Path(tempfile.gettempdir()), {"x": 1})
