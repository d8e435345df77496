"""Requests that no route takes as they come: HEAD, wrong methods, and addresses that nobody serves."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from web.problems import problem

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class HeadAsGet:
    """ASGI middleware: HEAD is routed as GET is; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


def refusals(routers: Sequence[APIRouter]) -> APIRouter:
    """Routes that refuse what none of the routers takes below /api and /v1; they belong behind them.

    Without them the chat page, which takes every address, would answer in a form of its own.
    """
    router = APIRouter(include_in_schema=False)
    routes = [route for each in routers for route in each.routes if isinstance(route, Route)]

    @router.api_route("/api/{rest:path}", methods=_METHODS)
    @router.api_route("/v1/{rest:path}", methods=_METHODS)
    def refuse(request: Request) -> Response:
        path = request.url.path
        known = [route for route in routes if route.matches(request.scope)[0] is Match.PARTIAL]
        methods = ", ".join(sorted({method for route in known for method in route.methods or ()}))
        if not methods:
            return problem(path, 404, f"there is nothing at {path}: /docs lists the addresses")
        refused = problem(path, 405, f"{path} takes {methods}: send that instead of {request.method}")
        refused.headers["allow"] = methods
        return refused

    return router
