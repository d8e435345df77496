"""Who may use the server, and the headers that hold browsers to it."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus.errors import InvalidRequest
from web.problems import problem

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_BODY_LIMIT = 1_000_000  # bytes of a request
_UPLOAD_LIMIT = 50_000_000  # bytes of an upload
_SHORTEST_TOKEN = 16
_UPLOAD = "/gradio_api/upload"
# What a browser needs before it can show a token, and what holds nothing of the documents.
_OPEN = re.compile(r"/(healthz|widget\.js|embed|demo|web/.*|favicon\.ico)")
_PROGRAMS = re.compile(r"/(api|v1)/.*|/metrics|/openapi\.json")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use the server.

    sites: origin ("https://host[:port]") of every other site that may show the widget and call the API ->
    the token that it must carry, "" for none. tokens: when there is one, every request needs one of them
    (or, inside a widget, its site's). hosts: the names the server may be called by, none for any.
    Raises InvalidRequest for an origin that is none and for a token that could be guessed.
    """

    sites: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    uploads: bool = False

    def __post_init__(self) -> None:
        for origin in self.sites:
            if not re.fullmatch(r"https?://[\w.-]+(:\d+)?", origin):
                raise InvalidRequest(
                    f"{origin!r} is not an origin: give it as https://host or https://host:port"
                )
        for token in (*self.tokens, *filter(None, self.sites.values())):
            if len(token) < _SHORTEST_TOKEN or not re.fullmatch(r"[\w.~+/=-]+", token, re.ASCII):
                raise InvalidRequest(
                    f"a token has {len(token)} characters: make one of at least {_SHORTEST_TOKEN} letters "
                    "and digits, as `openssl rand -hex 16` does"
                )

    def admits_site(self, origin: str, token: str) -> bool:
        """Whether a site with this token may show the widget: one whose questions will be answered."""
        if origin not in self.sites:
            return False
        return _same(token, self.sites[origin]) if self.sites[origin] else not self.tokens

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not be served; None when it may."""
        headers, path = request.headers, request.url.path
        host = re.sub(r":\d+$", "", headers.get("host", ""))
        if self.hosts and host.lower() not in self.hosts:
            return problem(path, 421, f"this server is not called {host!r}: add the name to TRICITE_HOSTS")
        if refused := self._size_refusal(headers, path):
            return refused
        if _OPEN.fullmatch(path) or request.method == "OPTIONS":
            return None
        credential = _credential(headers)
        if any(_same(credential, token) for token in self.tokens):
            return None
        origin, own = headers.get("origin", ""), _from_own_page(headers)
        if own or not origin:
            # The widget's frame is a page of ours that only its site may show.
            in_widget = own and any(token and _same(credential, token) for token in self.sites.values())
            if in_widget or not self.tokens:
                return None
        elif origin not in self.sites:
            return problem(path, 403, f"{origin} may not use this server: add it to TRICITE_ALLOWED_ORIGINS")
        elif self.sites[origin]:
            if _same(credential, self.sites[origin]):
                return None
            return problem(path, 401, f"{origin} must send its own token: see TRICITE_SITE_TOKENS")
        elif not self.tokens:
            return None
        # A browser asks its user for a password where the answer says Basic: for the page, not for programs.
        scheme = "Bearer" if _PROGRAMS.fullmatch(path) else 'Basic realm="Tricite", charset="UTF-8"'
        refused = problem(
            path, 401, "a token is missing or wrong: send the header `Authorization: Bearer TOKEN`"
        )
        refused.headers["www-authenticate"] = scheme
        return refused

    def _size_refusal(self, headers: Headers, path: str) -> Response | None:
        upload = path.endswith(_UPLOAD)
        if upload and not self.uploads:
            return problem(path, 404, "this server takes no uploads")
        if "transfer-encoding" in headers:
            return problem(path, 411, "the request has no Content-Length: send its length")
        length, limit = headers.get("content-length", "0"), _UPLOAD_LIMIT if upload else _BODY_LIMIT
        if not (length.isascii() and length.isdigit()) or int(length) > limit:
            return problem(path, 413, f"the request is over {limit:,} bytes: send less")
        return None


class Guard:
    """ASGI middleware: refuses what Access refuses, and sets the security headers."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app = app
        self._access = access
        # Sites that need no token may frame the chat page too; the widget's frame has its own policy.
        frames = [site for site, token in access.sites.items() if not token]
        # Gradio needs inline scripts and Function(); nothing may be loaded from, or sent, elsewhere.
        self._policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval';"
            " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
            " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
        ) + " ".join(["'self'", *frames])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", self._policy)
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("referrer-policy", "same-origin")
            await send(message)

        refusal = self._access.refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send_guarded)


def _same(given: str, token: str) -> bool:
    """Whether two tokens are equal, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), token.encode())


def _credential(headers: Headers) -> str:
    """The bearer token of a request, or the password that a browser sends; "" for none."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""


def _from_own_page(headers: Headers) -> bool:
    """Whether a page of this server sent the request. A proxy may hide our name; the browser knows it."""
    page = headers.get("origin") or headers.get("referer", "")
    return headers.get("sec-fetch-site") == "same-origin" or leads_here(page, headers)


def leads_here(address: str, headers: Headers) -> bool:
    """Whether an address is one of the server that the request names."""
    try:
        return urlsplit(address).netloc == headers.get("host")
    except ValueError:  # no address at all
        return False
