"""Tells the browser with the page itself what the page's script will ask for, a second before it does."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MODULES = ("chat", "conversations", "copying", "documents", "dom", "language", "panel", "turn")
_LINK = ", ".join(f"<web/{name}.js>; rel=modulepreload" for name in _MODULES)


class Preload:
    """ASGI middleware: adds a Link header to the page at /."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_linked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message).append("link", _LINK)
            await send(message)

        page = scope["type"] == "http" and scope["path"] == "/"
        await self._app(scope, receive, send_linked if page else send)
