"""The chat page: Gradio carries events and uploads between the browser and one pipeline, web/*.js draws.

Whatever the browser sends is checked here: it may come from any program, and so may files' paths.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from corpus.errors import InvalidRequest, TriciteError
from corpus.language import detect_language
from qa.answer import Exchange
from qa.render import answer_json
from web.documents import add_files, document_json, documents_json, find_document
from web.feedback import append_feedback
from web.problems import kind_of_error
from web.queueing import Slots, answer_in_turn
from web.turns import Turn, follow, language_tag, turn_json

if TYPE_CHECKING:
    from qa.pipeline import Pipeline

WEB = Path(__file__).parent

MOST_FILES = 20
"""Files of one upload."""

MOST_EXAMPLES = 3
"""Questions offered in a language and script."""

_STOPPED_EARLY = 256
"""Questions stopped before they had begun that are remembered."""

_FOLLOWED = 6
"""Exchanges of a conversation that a question follows up on."""

_LOOK_EVERY = 0.02
"""Seconds between two looks of Gradio at whether somebody did something on a page."""

_HEAD = """<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="web/chat.css"><link rel="stylesheet" href="web/fonts/fonts.css">"""
_NO_UPLOADS = {"state": "failed", "problem": "this server lets nobody add or remove documents", "kind": ""}
_ASSETS = (".js", ".css", ".json", ".woff2")
_log = logging.getLogger(__name__)


class _Assets(StaticFiles):
    """The page's own files and nothing else of this folder; fonts stay in the browser's cache."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not path.endswith(_ASSETS):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        lasting = path.endswith(".woff2")
        response.headers["cache-control"] = "public, max-age=2592000" if lasting else "no-cache"
        return response


def mount_chat(
    app: FastAPI,
    pipeline: Pipeline,
    *,
    examples: Mapping[str, Sequence[str]],
    queue: Slots | None = None,
    feedback: Path | None = None,
    upload: bool = False,
) -> FastAPI:
    """Mount the chat page at / and its files at /web; returns the app to serve.

    examples: language -> questions offered at first. queue: the line for the generator, shared with the
    API. feedback: the file for readers' judgements; without it they are not asked. upload: whether
    readers may add and remove documents.
    """
    # Gradio would sum up all past questions after each one, in pandas.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
    app.mount("/web", _Assets(directory=WEB))
    page = _page(pipeline, dict(examples), queue or Slots(), feedback, upload)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        head=_HEAD,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        max_file_size="50mb",
    )
    return mounted


def _page(
    pipeline: Pipeline,
    examples: Mapping[str, Sequence[str]],
    slots: Slots,
    feedback: Path | None,
    upload: bool,
) -> gr.Blocks:
    stops: dict[str, dict[str, threading.Event]] = defaultdict(dict)  # by session, then by question
    stopped_early: deque[str] = deque(maxlen=_STOPPED_EARLY)  # before they had begun

    def ask(data: gr.EventData, request: gr.Request) -> Iterator[dict[str, Any]]:
        asked, session = _fields(data._data), str(request.session_hash)
        turn = Turn(_text(asked.get("id"), 64), _text(asked.get("question"), 100_000))
        stopped = stops[session][turn.id] = threading.Event()
        if turn.id in stopped_early:
            stopped.set()
        try:
            history = _history(asked.get("history"))
            for _ in follow(pipeline, slots, turn, history, session, stopped.is_set):
                yield turn_json(turn)
        finally:
            stopped.set()
            stops[session].pop(turn.id, None)

    def leave(request: gr.Request) -> None:
        for stopped in stops.pop(str(request.session_hash), {}).values():
            stopped.set()

    # The functions that the page's script calls, each with one JSON value.
    def stop(turn_id: Any) -> bool:
        found = [own[turn_id] for own in list(stops.values()) if isinstance(turn_id, str) and turn_id in own]
        for stopped in found:
            stopped.set()
        if not found:
            stopped_early.append(_text(turn_id, 64))
        return bool(found)

    def documents(search: Any) -> dict[str, Any]:
        try:
            return documents_json(pipeline.index, _text(search, 200))
        except TriciteError as problem:
            return _problem(problem)

    def document(wanted: Any) -> dict[str, Any]:
        asked = _fields(wanted)
        start, end = (_number(asked.get(name)) for name in ("start", "end"))
        try:
            return document_json(find_document(pipeline.index, _text(asked.get("id"), 1000)), start, end)
        except TriciteError as problem:
            return _problem(problem)

    def judge(judgement: Any) -> dict[str, Any]:
        if feedback is None:
            return {"problem": "this server keeps no feedback"}
        said = _fields(judgement)
        kept = {name: value for name, value in said.items() if name in ("question", "answer", "rating")}
        try:
            append_feedback(feedback, {"from": "page"} | kept)
        except TriciteError as problem:
            return _problem(problem)
        return {}

    def remove(document_id: Any) -> dict[str, Any]:
        return _remove(pipeline, _text(document_id, 1000)) if upload else _NO_UPLOADS

    def add(data: gr.EventData) -> Iterator[dict[str, Any]]:
        sent = _fields(data._data)
        for step in _added(pipeline, sent.get("files")) if upload else [_NO_UPLOADS]:
            yield {"id": _text(sent.get("id"), 64), **step}

    def answer(question: str, history: list[Any]) -> Iterator[dict[str, Any]]:
        yield from _answers(pipeline, slots, question, _history(history))

    offered = {
        "examples": _offered(examples),
        "upload": upload,
        "most_files": MOST_FILES,
        "feedback": feedback is not None,
    }
    with gr.Blocks(title="Tricite", analytics_enabled=False, fill_width=True) as page:
        chat = gr.HTML(
            offered,
            html_template=(WEB / "chat.html").read_text(encoding="utf-8"),
            js_on_load=_connect("ask"),
            apply_default_css=False,
            server_functions=[stop, documents, document, judge, remove],
        )
        uploads = gr.HTML({}, html_template="", js_on_load=_connect("take_files"), elem_id="uploads")
        shown: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # The line of waiting questions is ours: Gradio's must not hold any of them back.
        chat.ask(ask, None, chat, api_name="turn", concurrency_limit=None, trigger_mode="multiple", **shown)
        uploads.take_files(add, None, uploads, concurrency_limit=1, **shown)
        gr.api(answer, api_name="ask", concurrency_limit=None)
        page.unload(leave)
    page.queue(max_size=256, api_open=False)
    # Gradio looks for work every millisecond, which takes a tenth of a core while nobody asks.
    page._queue.sleep_when_free = page._queue.progress_update_sleep_when_free = _LOOK_EVERY
    return page


def _offered(examples: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """(tag, question), at most MOST_EXAMPLES of a tag, which for Chinese says the script."""
    found: dict[str, list[str]] = defaultdict(list)
    for text in (each for texts in examples.values() for each in texts):
        found[language_tag(*detect_language(text))].append(text)
    return [(tag, text) for tag, texts in found.items() for text in texts[:MOST_EXAMPLES]]


def _connect(event: str) -> str:
    """The script that hands a component to the page's own: its event and its value carry the JSON."""
    return (
        'import(new URL("web/chat.js", document.baseURI).href).then((page) => page.connect('
        f'"{event}", {{ element, props, watch, server, upload, send: (data) => trigger("{event}", data) }}));'
    )


def _answers(
    pipeline: Pipeline, slots: Slots, question: str, history: Sequence[Exchange]
) -> Iterator[dict[str, Any]]:
    """For programs (gradio_client): the answer as POST /api/ask gives it."""
    from qa.answer import AnswerEvent

    try:
        for event in answer_in_turn(pipeline, slots, question, history=history, cancelled=bool):
            if isinstance(event, AnswerEvent):
                yield answer_json("", event.answer)
    except TriciteError as problem:
        raise gr.Error(str(problem)) from problem


def _added(pipeline: Pipeline, files: Any) -> Iterator[dict[str, Any]]:
    """The steps of add_files; a problem ends them as a failed one."""
    try:
        yield from add_files(pipeline.index, _uploads(files))
    except TriciteError as problem:
        yield {"state": "failed", **_problem(problem)}
    except Exception:
        _log.exception("an upload could not be indexed")
        yield {"state": "failed", "problem": ""}


def _remove(pipeline: Pipeline, document_id: str) -> dict[str, Any]:
    from index import remove_documents

    index = pipeline.index
    try:
        remove_documents(index.folder, [document_id], index.embedder, splitter=index.splitter)
    except TriciteError as problem:
        return _problem(problem)
    return {}


def _problem(error: TriciteError) -> dict[str, Any]:
    return {"problem": str(error), "kind": kind_of_error(error)}


# ---- What the browser sends -----------------------------------------------------------------------------


def _fields(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _text(value: Any, longest: int) -> str:
    """A string of characters that can be written out, or ""."""
    return value[:longest].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 40 else 0


def _history(exchanges: Any) -> list[Exchange]:
    """The last exchanges of [{"question", "answer"}]; what is none is left out."""
    found = []
    for each in exchanges if isinstance(exchanges, list) else []:
        question, answer = (_text(_fields(each).get(name), 4000) for name in ("question", "answer"))
        if question and answer:
            found.append(Exchange(question, answer))
    return found[-_FOLLOWED:]


def _uploads(files: Any) -> list[tuple[Path, str]]:
    """(path, name) of the files just uploaded. Raises InvalidRequest for a path that is no upload."""
    from gradio.utils import get_upload_folder

    folder = Path(get_upload_folder()).resolve()
    if not isinstance(files, list) or not 0 < len(files) <= MOST_FILES:
        raise InvalidRequest(f"an upload holds 1 to {MOST_FILES} files: send fewer at once")
    found = []
    for each in files:
        path = Path(_text(_fields(each).get("path"), 4000)).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise InvalidRequest("a file did not arrive: upload it again")
        found.append((path, _text(_fields(each).get("name"), 200)))
    return found
