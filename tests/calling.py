"""What the tests of the HTTP API share: an app over the scripted pipeline, and calls of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from scripted import EXAMPLES, ScriptedPipeline

from app import create_app
from qa.settings import load_settings

HOSPITAL = "https://hospital.example"


def build_app(folder: Path, pipeline: ScriptedPipeline | None = None, **settings: Any) -> FastAPI:
    """create_app inside a running loop: outside of one Gradio opens loops that it never closes."""

    async def build() -> FastAPI:
        chosen = load_settings(
            **{"feedback": folder / "feedback.jsonl", "allowed_origins": [HOSPITAL]} | settings
        )
        return create_app(pipeline or ScriptedPipeline(), chosen, examples=EXAMPLES)  # type: ignore[arg-type]

    return asyncio.run(build())


def call(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        # A crash must still be answered: the transport would raise it here instead.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def events_of(text: str) -> list[tuple[str, Any]]:
    """(name, value) of server-sent events."""
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found
