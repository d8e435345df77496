"""The web app: a chat page (Gradio) and HTTP routes (FastAPI) over one pipeline. It renders, no more.

Questions, titles and document text are untrusted: every piece is escaped where it enters the HTML, and
the whole is cleaned against an allow-list once more before it leaves.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus.errors import InvalidRequest, TriciteError
from qa.render import answer_json, search_json
from web.page import WEB, Turn, follow, interface_strings, sources_html, turn_html

if TYPE_CHECKING:
    from qa.pipeline import Pipeline

FAILED = "something went wrong on the server: try again; its log has the details"
_BODY_LIMIT = 1_000_000  # bytes of a request
_TURNS_KEPT = 20
_log = logging.getLogger(__name__)


# ---- The page ----------------------------------------------------------------------------------------


def _chat_page(pipeline: Pipeline, examples: Mapping[str, Sequence[str]]) -> tuple[gr.Blocks, gr.I18n]:
    """The Gradio blocks and their translations."""
    # Gradio looks for the browser's whole tag: zh alone would leave zh-TW in English.
    tags = ["en", "ar", "zh", "zh-CN", "zh-SG", "zh-TW", "zh-HK"]
    say = gr.I18n(**{tag: interface_strings(tag) for tag in tags})
    running: dict[str, threading.Event] = {}

    def ask(question: str, turns: list[Turn], request: gr.Request) -> Iterator[tuple[Any, ...]]:
        strings = interface_strings(request.headers.get("accept-language", ""))
        cancelled = running[request.session_hash] = threading.Event()
        past = "".join(turn_html(turn, strings) for turn in turns)
        turn = Turn(turns[-1].number + 1 if turns else 1, question)
        turns = [*turns, turn][-_TURNS_KEPT:]
        box, gone = gr.update(value="", submit_btn=False, stop_btn=True), gr.update(visible=False)
        yield box, gone, gone, turns, past, turn_html(turn, strings), sources_html(turns, strings)
        try:
            for _ in follow(pipeline, turn, cancelled, strings["failed"]):
                yield *[gr.skip()] * 5, turn_html(turn, strings), sources_html(turns, strings)
        finally:
            cancelled.set()
            running.pop(request.session_hash, None)
        yield gr.update(submit_btn=True, stop_btn=False), *[gr.skip()] * 6

    def stop(request: gr.Request) -> None:
        if request.session_hash in running:
            running[request.session_hash].set()

    with gr.Blocks(title="Tricite", analytics_enabled=False, fill_width=True) as page:
        turns = gr.State([])
        with gr.Row(elem_id="page"):
            with gr.Column(scale=3, elem_id="chat"):
                gr.HTML("<h1>Tricite</h1>", elem_id="name", js_on_load=None)
                gr.Markdown(say("tagline"), elem_id="tagline")
                past = gr.HTML(elem_id="past", js_on_load=None)
                current = gr.HTML(elem_id="current", js_on_load=None)
                with gr.Column(elem_id="examples") as offered:
                    gr.Markdown(say("examples"))
                    buttons = [
                        gr.Button(text, elem_classes=["example", f"example-{language}"])
                        for language, texts in examples.items()
                        for text in texts
                    ]
                box = gr.Textbox(
                    label=say("question"), placeholder=say("placeholder"), elem_id="question", max_lines=6,
                    submit_btn=True, autofocus=True,
                )  # fmt: skip
            with gr.Column(scale=2, elem_id="sources"):
                gr.Markdown(say("sources"), elem_id="sources-heading")
                sources = gr.HTML(elem_id="found", js_on_load=None)
                hint = gr.Markdown(say("no_sources"), elem_id="hint")
        shown: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        outputs = [box, offered, hint, turns, past, current, sources]
        for trigger, text in [(box.submit, box), *((button.click, button) for button in buttons)]:
            trigger(ask, [text, turns], outputs, concurrency_id="ask", **shown)
        box.stop(stop, queue=False, **shown)
        page.unload(stop)
    page.queue(max_size=64, default_concurrency_limit=4, api_open=False)
    return page, say


# ---- HTTP --------------------------------------------------------------------------------------------


class SearchRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str
    k: int = Field(10, ge=1, le=100)


class AskRequest(BaseModel):
    """history and stream may be sent, but a server that does not follow them says so."""

    model_config = ConfigDict(extra="forbid")

    question: str
    history: list[Any] = Field([], max_length=0)
    stream: Literal[False] = False


class _Guard:
    """ASGI middleware: refuses large bodies and uploads, and sets the security headers."""

    def __init__(self, app: ASGIApp, *, frame_ancestors: Sequence[str]) -> None:
        self._app = app
        # Gradio needs inline scripts and Function(); nothing may be loaded from, or sent, elsewhere.
        policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval';"
            " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
            " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
        ) + " ".join(["'self'", *frame_ancestors])
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        refusal = _refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send_guarded)


def _refusal(request: Request) -> JSONResponse | None:
    if request.url.path.endswith("/gradio_api/upload"):
        return _problem(404, "this server takes no uploads")
    if "transfer-encoding" in request.headers:
        return _problem(411, "the request has no Content-Length: send its length")
    if int(request.headers.get("content-length") or 0) > _BODY_LIMIT:
        return _problem(413, f"the request is over {_BODY_LIMIT:,} bytes: send a shorter question")
    return None


def _problem(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    """The first thing wrong with a request's body, in one line and without the body."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    where = where if isinstance(first["loc"][-1], str) and where else "the body"
    return _problem(422, f'{where}: {first["msg"]}; send JSON such as {{"question": "..."}}')


def _refused(_: Request, error: Exception) -> JSONResponse:
    return _problem(400 if isinstance(error, InvalidRequest) else 503, str(error))


def _failed(_: Request, error: Exception) -> JSONResponse:
    return _problem(500, FAILED)


def create_app(
    pipeline: Pipeline,
    *,
    allowed_origins: Sequence[str] = (),
    examples: Mapping[str, Sequence[str]] | None = None,
) -> FastAPI:
    """The whole web app over one pipeline, which must be safe to call from several threads.

    allowed_origins: sites ("https://host[:port]") that may call the API and frame the page.
    examples: language -> questions offered on the empty page. Raises InvalidRequest for a bad origin.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    for origin in allowed_origins:
        if not re.fullmatch(r"https?://[\w.-]+(:\d+)?", origin):
            raise InvalidRequest(f"{origin!r} is not an origin: give it as https://host or https://host:port")
    # The interactive API pages load their scripts from elsewhere, so they stay off.
    app = FastAPI(title="Tricite", docs_url=None, redoc_url=None)
    # Without this Gradio lets any site call it on a public host.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["content-type"],
    )
    app.add_middleware(_Guard, frame_ancestors=allowed_origins)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(TriciteError, _refused)
    app.add_exception_handler(Exception, _failed)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/api/ask")
    def ask(request: AskRequest) -> dict[str, Any]:
        return answer_json(uuid.uuid4().hex, pipeline.ask(request.question))

    @app.post("/api/search")
    def search(request: SearchRequest) -> dict[str, Any]:
        hits = pipeline.search(request.question, request.k)
        language = pipeline.language(request.question)
        return search_json(uuid.uuid4().hex, request.question, language, hits, pipeline.index)

    page, translations = _chat_page(pipeline, examples or {})
    script = (WEB / "chat.js").read_text(encoding="utf-8")
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        css_paths=WEB / "chat.css",
        head=f"<script>{script}</script>",
        i18n=translations,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
    )
    return mounted


def serve(
    pipeline: Pipeline,
    host: str,
    port: int,
    *,
    allowed_origins: Sequence[str] = (),
    examples: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Serve until interrupted. Raises InvalidRequest when the address cannot be used."""
    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise InvalidRequest(f"cannot serve on {host} port {port} ({error}): choose another") from error
    with listener:
        app = create_app(pipeline, allowed_origins=allowed_origins, examples=examples)
        # Open pages hold a connection each: an interrupt must not wait for them.
        settings = uvicorn.Config(app, access_log=False, timeout_graceful_shutdown=2)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        logging.getLogger("uvicorn.error").info("Tricite serves %s (Ctrl+C to stop)", address)
        uvicorn.Server(settings).run(sockets=[listener])
