"""The widget: its script, the page inside its frame, and a page that shows it."""

from __future__ import annotations

from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from web.guard import Access, leads_here

_WEB = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors "
)

_REFUSALS = {
    "en": "The site <bdi>{site}</bdi> may not show this widget: check its origin and its token.",
    "ar": "لا يُسمح للموقع <bdi>{site}</bdi> بعرض هذه الأداة: تحقق من عنوانه ورمزه.",
    "zh-Hans": "网站 <bdi>{site}</bdi> 不可显示此小部件：请检查其来源和令牌。",
    "zh-Hant": "網站 <bdi>{site}</bdi> 不可顯示此小工具：請檢查其來源和權杖。",
}

_REFUSAL = (
    '<!doctype html><html lang="{language}" dir="{direction}"><title>403</title>'
    '<link rel="stylesheet" href="web/fonts/fonts.css"><link rel="stylesheet" href="web/embed.css">'
    '<main id="talk"><p>{text}</p></main></html>'
)


def embed_routes(access: Access) -> APIRouter:
    """GET /widget.js, /embed and /demo."""
    router = APIRouter(include_in_schema=False)

    @router.get("/widget.js")
    def widget() -> Response:
        # Any site may load the script, as a script; what it shows is decided by /embed.
        # Where it is loaded as a module it says so, which it can only with access-control-allow-origin.
        headers = {
            "cache-control": "public, max-age=3600",
            "cross-origin-resource-policy": "cross-origin",
            "access-control-allow-origin": "*",
        }
        return FileResponse(_WEB / "widget.js", media_type="text/javascript", headers=headers)

    @router.get("/embed")
    def embed(request: Request, site: str = "", token: str = "", language: str = "en") -> Response:
        """The page inside the frame, which only the site that it names may show."""
        if leads_here(site, request.headers):
            frame = "'self'"
        elif access.admits_site(site, token):
            frame = site
        else:
            return _not_admitted(site, language)
        headers = {"content-security-policy": _POLICY + frame, "cache-control": "no-cache"}
        return FileResponse(_WEB / "embed.html", media_type="text/html", headers=headers)

    @router.get("/demo")
    def demo() -> Response:
        return FileResponse(_WEB / "demo.html", media_type="text/html")

    return router


def _not_admitted(site: str, language: str) -> Response:
    """What the frame says on a site that may not show the widget: to whoever set it up."""
    language = language if language in _REFUSALS else "en"
    text = _REFUSALS[language].format(site=escape(site) or "?")
    direction = "rtl" if language == "ar" else "ltr"
    page = _REFUSAL.format(language=language, direction=direction, text=text)
    policy = "default-src 'none'; style-src 'self'; font-src 'self'; frame-ancestors *"
    return HTMLResponse(page, 403, headers={"content-security-policy": policy})
