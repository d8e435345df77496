"""The web app: chat page, widget and HTTP API over one pipeline, put together. It holds no logic."""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from corpus.errors import InvalidRequest
from qa.settings import Settings, load_settings
from web.addresses import HeadAsGet, refusals
from web.api import add_error_handlers, api_routes
from web.embed import embed_routes
from web.guard import LOOPBACK, Access, Guard
from web.metrics import MeasureRequests, Metrics
from web.openai_api import openai_routes
from web.preload import Preload
from web.queueing import Slots
from web.reference import mount_reference

if TYPE_CHECKING:
    from qa.pipeline import Pipeline

_SERVED_ELSEWHERE = 8
"""Answers that a model on another machine, or none at all, writes at once."""


def create_app(
    pipeline: Pipeline,
    settings: Settings | None = None,
    *,
    examples: Mapping[str, Sequence[str]] | None = None,
) -> FastAPI:
    """The whole web app over one pipeline, which must be safe to call from several threads.

    examples: language -> questions offered on the empty page. Raises InvalidRequest for bad settings.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from web.chat import mount_chat  # takes seconds, as Gradio is imported with it

    settings = settings or load_settings()
    access = _access(settings)
    slots = Slots(settings.answers_at_once or _at_once(settings.generator), settings.answers_waiting)
    metrics = Metrics(slots)
    # FastAPI's own pages for the API load their scripts from elsewhere.
    app = FastAPI(title="Tricite", docs_url=None, redoc_url=None, swagger_ui_oauth2_redirect_url=None)
    app.add_middleware(Preload)
    app.add_middleware(Guard, access=access)
    # Without this Gradio lets any site call it on a public host.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(access.sites),
        allow_methods=["GET", "POST"],
        allow_headers=["*"],  # clients name themselves in headers of their own
        expose_headers=["retry-after"],
    )
    app.add_middleware(MeasureRequests, metrics=metrics)
    app.add_middleware(HeadAsGet)
    add_error_handlers(app)
    api = [api_routes(pipeline, slots, settings.feedback), openai_routes(pipeline, slots)]
    for router in (*api, refusals(api)):
        app.include_router(router)
    app.include_router(embed_routes(access))
    app.include_router(metrics.routes())
    mount_reference(app)
    return mount_chat(
        app,
        pipeline,
        examples=examples or {},
        queue=slots,
        feedback=settings.feedback,
        upload=settings.upload,
    )


def serve(
    pipeline: Pipeline,
    host: str,
    port: int,
    settings: Settings | None = None,
    *,
    examples: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Serve until interrupted. Raises InvalidRequest when the address cannot be used."""
    import uvicorn

    settings = settings or load_settings()
    if host in ("localhost", "::1") or host.startswith("127."):
        # A foreign name that leads to this machine is a page that wants to read its documents.
        settings = settings.model_copy(update={"hosts": [*LOOPBACK, *settings.hosts]})
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise InvalidRequest(f"cannot serve on {host} port {port} ({error}): choose another") from error
    with listener:
        # Loads the model and the dictionaries now, so that who asks first need not wait for them.
        for words in ("ready", "مستعد", "准备好"):
            pipeline.search(words)
        app = create_app(pipeline, settings, examples=examples)
        # What is loaded stays: the collector need not go through it while people wait.
        gc.collect()
        gc.freeze()
        # Open pages hold a connection each: an interrupt must not wait for them.
        config = uvicorn.Config(app, access_log=False, timeout_graceful_shutdown=2, timeout_keep_alive=75)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        logging.getLogger("uvicorn.error").info("Tricite serves %s (Ctrl+C to stop)", address)
        uvicorn.Server(config).run(sockets=[listener])


def _access(settings: Settings) -> Access:
    sites = dict.fromkeys(settings.allowed_origins, "") | settings.site_tokens
    return Access(sites, tuple(settings.tokens), tuple(settings.hosts), settings.upload)


def _at_once(generator: str) -> int:
    local = generator.split(":")[0] in ("embedded", "gguf", "transformers")
    return 1 if local else _SERVED_ELSEWHERE
