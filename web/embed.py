"""The widget: its script, the page inside its frame, and a page that shows it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from web.guard import Access

_WEB = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors "
)


def embed_routes(access: Access) -> APIRouter:
    """GET /widget.js, /embed and /demo."""
    router = APIRouter(include_in_schema=False)

    @router.get("/widget.js")
    def widget() -> Response:
        # Any site may load the script, as a script; what it shows is decided by /embed.
        headers = {"cache-control": "public, max-age=3600", "cross-origin-resource-policy": "cross-origin"}
        return FileResponse(_WEB / "widget.js", media_type="text/javascript", headers=headers)

    @router.get("/embed")
    def embed(request: Request, site: str = "", token: str = "") -> Response:
        """The page inside the frame, which only the site that it names may show."""
        if urlsplit(site).netloc == request.headers.get("host"):
            frame = "'self'"
        elif access.admits_site(site, token):
            frame = site
        else:
            return _not_admitted(site)
        headers = {"content-security-policy": _POLICY + frame, "cache-control": "no-cache"}
        return FileResponse(_WEB / "embed.html", media_type="text/html", headers=headers)

    @router.get("/demo")
    def demo() -> Response:
        return FileResponse(_WEB / "demo.html", media_type="text/html")

    return router


def _not_admitted(site: str) -> Response:
    """What the frame says on a site that may not show the widget: to whoever set it up."""
    text = f"{site or 'This site'} may not show this widget: check its origin and its token."
    page = f'<!doctype html><html lang="en"><title>Not allowed</title><p>{escape(text)}</p></html>'
    policy = "default-src 'none'; frame-ancestors *"
    return HTMLResponse(page, 403, headers={"content-security-policy": policy})
