"""Who may use the server: sizes, hosts, tokens, origins."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from starlette.requests import Request

from web.guard import Access

TOKEN, SITE_TOKEN = "0123456789abcdef-api", "0123456789abcdef-site"
OPEN_SITE, TOKEN_SITE = "https://open.example", "https://hospital.example"
SITES = {OPEN_SITE: "", TOKEN_SITE: SITE_TOKEN}


def status(access: Access, path: str = "/api/ask", method: str = "POST", **headers: str) -> int:
    """The status that refuses a request; 200 when it may be served."""
    refused = access.refusal(_request(path, method, headers))
    return refused.status_code if refused else 200


def _request(path: str, method: str, headers: dict[str, str]) -> Request:
    given = {
        "host": "tricite.example:7860",
        **{name.replace("_", "-"): each for name, each in headers.items()},
    }
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "query_string": b""}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return Request({**scope, "server": ("tricite.example", 7860), "scheme": "http", "headers": raw})


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_without_settings_programs_and_own_pages_may_ask_and_foreign_pages_may_not() -> None:
    access = Access()
    assert status(access) == 200
    assert status(access, origin="http://tricite.example:7860") == 200
    assert status(access, origin="https://tricite.example", sec_fetch_site="same-origin") == 200
    for foreign in ("https://attacker.test", "http://tricite.example", "null", "http://["):
        assert status(access, origin=foreign) == 403
        assert status(access, "/gradio_api/queue/join", origin=foreign) == 403


def test_a_site_without_a_token_may_ask_and_one_with_a_token_must_send_it() -> None:
    access = Access(SITES)
    assert status(access, origin=OPEN_SITE) == 200
    assert status(access, origin=TOKEN_SITE) == 401
    assert status(access, origin=TOKEN_SITE, **bearer(SITE_TOKEN)) == 200
    assert status(access, origin=TOKEN_SITE, **bearer(SITE_TOKEN + "x")) == 401
    # A site's token is of no use on another site.
    assert status(access, origin="https://attacker.test", **bearer(SITE_TOKEN)) == 403


def test_with_tokens_every_request_needs_one_but_what_holds_no_document() -> None:
    access = Access(SITES, tokens=(TOKEN, "another-token-0123456"))
    for path in (
        "/api/ask",
        "/v1/models",
        "/metrics",
        "/",
        "/gradio_api/queue/join",
        "/docs",
        "/openapi.json",
    ):
        assert status(access, path) == 401
        assert status(access, path, **bearer("wrong")) == 401
        assert status(access, path, **bearer(TOKEN)) == 200
        assert status(access, path, **bearer("another-token-0123456")) == 200
    for path in ("/healthz", "/widget.js", "/embed", "/web/fonts/fonts.css"):
        assert status(access, path, "GET") == 200
    assert status(access, "/embedded/secret", "GET") == 401
    assert status(access, method="OPTIONS") == 200


def test_with_tokens_a_sites_token_works_on_its_site_and_inside_its_widget_only() -> None:
    access = Access(SITES, tokens=(TOKEN,))
    assert status(access, origin=TOKEN_SITE, **bearer(SITE_TOKEN)) == 200
    assert status(access, sec_fetch_site="same-origin", **bearer(SITE_TOKEN)) == 200
    assert (
        status(
            access,
            "/api/documents/x",
            "GET",
            referer="http://tricite.example:7860/embed",
            **bearer(SITE_TOKEN),
        )
        == 200
    )
    assert status(access, **bearer(SITE_TOKEN)) == 401
    assert status(access, origin=OPEN_SITE) == 401
    assert status(access, origin=OPEN_SITE, **bearer(TOKEN)) == 200


def test_a_site_may_show_the_widget_where_its_questions_will_be_answered() -> None:
    assert Access(SITES).admits_site(OPEN_SITE, "")
    assert Access(SITES).admits_site(TOKEN_SITE, SITE_TOKEN)
    assert not Access(SITES).admits_site(TOKEN_SITE, "")
    assert not Access(SITES).admits_site("https://attacker.test", "")
    assert Access(SITES, tokens=(TOKEN,)).admits_site(TOKEN_SITE, SITE_TOKEN)
    assert not Access(SITES, tokens=(TOKEN,)).admits_site(OPEN_SITE, "")


def test_a_refusal_below_v1_has_the_form_that_openais_clients_read() -> None:
    refused = Access().refusal(_request("/v1/models", "GET", {"origin": "https://attacker.test"}))
    assert refused is not None
    assert "may not use this server" in json.loads(bytes(refused.body))["error"]["message"]


def test_a_browser_is_asked_for_a_password_for_the_page_alone() -> None:
    access = Access(tokens=(TOKEN,))
    for path, scheme in (("/", "Basic"), ("/api/ask", "Bearer"), ("/v1/models", "Bearer")):
        refused = access.refusal(_request(path, "GET", {}))
        assert refused is not None
        assert refused.headers["www-authenticate"].split()[0] == scheme
    for password, expected in ((TOKEN, 200), ("wrong", 401)):
        basic = base64.b64encode(f"anyone:{password}".encode()).decode()
        assert status(access, "/", "GET", authorization=f"Basic {basic}") == expected
    assert status(access, "/", "GET", authorization="Basic %%%") == 401


def test_a_name_that_is_not_the_servers_is_refused() -> None:
    access = Access(hosts=("localhost", "[::1]"))
    assert status(access, host="localhost:7860") == 200
    assert status(access, host="LOCALHOST") == 200
    assert status(access, host="[::1]:7860") == 200
    assert status(access, host="attacker.test") == 421
    assert status(access, "/healthz", "GET", host="attacker.test:7860") == 421


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/under/a/prefix/gradio_api/upload"])
def test_uploads_pass_only_where_they_are_wanted_and_fit(path: str) -> None:
    assert status(Access(), path) == 404
    access = Access(uploads=True)
    assert status(access, path, content_length="50000000") == 200
    assert status(access, path, content_length="50000001") == 413
    assert status(access, path, transfer_encoding="chunked") == 411


def test_a_body_too_large_or_of_unknown_length_is_refused() -> None:
    assert status(Access(), content_length="1000000") == 200
    for length in ("1000001", "-1", "1e3", "٣"):
        refused = Access().refusal(_request("/api/ask", "POST", {}))
        assert refused is None
        assert status(Access(), content_length=length.encode("utf-8").decode("latin-1")) == 413
    assert status(Access(), transfer_encoding="chunked") == 411


def test_a_refusal_is_one_line_that_says_what_to_do_and_holds_no_token() -> None:
    access = Access(SITES, tokens=(TOKEN,), hosts=("tricite.example",))
    for headers in ({}, {"origin": "https://attacker.test"}, {"origin": TOKEN_SITE}, {"host": "x.test"}):
        refused = access.refusal(_request("/api/ask", "POST", headers))
        assert refused is not None
        error = json.loads(bytes(refused.body))["error"]
        assert "\n" not in error
        assert ": " in error
        assert TOKEN not in error
        assert SITE_TOKEN not in error
