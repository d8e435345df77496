"""What the page at / needs before Gradio's own scripts run, for which Gradio has no place."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MODULES = ("chat", "conversations", "copying", "documents", "dom", "language", "panel", "turn")
_LINK = ", ".join(f"<web/{name}.js>; rel=modulepreload" for name in _MODULES)
_HEAD = b"<head>"
_CLOCK = b'<script src="web/clock.js"></script>'


class Preload:
    """ASGI middleware for the page at /: names the modules that its script will ask for a second later, and
    has clock.js run first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}

        async def send_changed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message  # goes out with the body, whose length it names
                return
            if message["type"] == "http.response.body" and start:
                headers = MutableHeaders(scope=start)
                if start["status"] == 200:
                    body = message.get("body", b"").replace(_HEAD, _HEAD + _CLOCK, 1)
                    added = len(body) - len(message.get("body", b""))
                    message = {**message, "body": body}
                    headers.append("link", _LINK)
                    if "content-length" in headers:
                        headers["content-length"] = str(int(headers["content-length"]) + added)
                await send(start)
                start = {}
            await send(message)

        page = scope["type"] == "http" and scope["path"] == "/"
        await self._app(scope, receive, send_changed if page else send)
