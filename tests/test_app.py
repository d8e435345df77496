"""The web app put together: its pages, its headers, its figures, and the address it serves on."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
from calling import HOSPITAL, build_app, call
from fastapi import FastAPI
from scripted import ENGLISH, UNANSWERED, ScriptedPipeline

from app import create_app, serve
from corpus.errors import InvalidRequest
from qa.settings import load_settings


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return build_app(tmp_path_factory.mktemp("app"))


def test_healthz_answers_when_the_pipeline_is_ready(app: FastAPI) -> None:
    response = call(app, "GET", "/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/healthz", "/widget.js", "/api/documents"])
def test_head_is_answered_as_get_is(app: FastAPI, path: str) -> None:
    head, get = call(app, "HEAD", path), call(app, "GET", path)
    assert head.status_code == get.status_code == 200
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/config", "/nothing-here", "/docs", "/demo"])
def test_every_answer_carries_the_security_headers(app: FastAPI, path: str) -> None:
    headers = call(app, "GET", path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self';" in policy
    assert "img-src 'self' data: blob:;" in policy
    assert policy.endswith(f"frame-ancestors 'self' {HOSPITAL}")
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/healthz", "/config", "/api/documents", "/v1/models"])
def test_only_allowed_origins_may_read_answers(app: FastAPI, path: str) -> None:
    for origin, allowed in [(HOSPITAL, True), ("https://attacker.test", False), ("null", False)]:
        headers = call(app, "GET", path, headers={"origin": origin, "host": "tricite.example"}).headers
        assert (headers.get("access-control-allow-origin") == origin) is allowed
        assert "access-control-allow-credentials" not in headers


def test_a_browser_may_ask_beforehand_and_only_for_allowed_origins(app: FastAPI) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, x-stainless-os",
    }
    for origin, status in [(HOSPITAL, 200), ("https://attacker.test", 400)]:
        response = call(app, "OPTIONS", "/api/ask", headers={"origin": origin, **asked})
        assert response.status_code == status
        assert (response.headers.get("access-control-allow-origin") == origin) is (status == 200)


def test_the_page_of_the_api_loads_nothing_from_elsewhere_and_describes_every_route(app: FastAPI) -> None:
    page = call(app, "GET", "/docs").text
    assert not re.findall(r'(?:src|href)="https?://(?!127\.0\.0\.1)', page)
    assert '"validatorUrl": null' in page
    assert len(call(app, "GET", "/swagger/swagger-ui-bundle.js").content) > 100_000
    paths = call(app, "GET", "/openapi.json").json()["paths"]
    assert set(paths) == {
        "/healthz",
        "/metrics",
        "/api/ask",
        "/api/search",
        "/api/documents",
        "/api/documents/{document_id}",
        "/api/feedback",
        "/v1/models",
        "/v1/models/{name}",
        "/v1/chat/completions",
    }
    assert all(method["description"] for path in paths.values() for method in path.values())


def test_metrics_count_requests_by_route_and_answers_by_outcome(tmp_path: Path) -> None:
    app = build_app(tmp_path)
    for question in (ENGLISH, UNANSWERED):
        call(app, "POST", "/api/ask", json={"question": question})
    call(app, "GET", "/api/documents/en-1")
    call(app, "GET", "/api/documents/none")
    call(app, "GET", "/secret-name-of-a-file")
    figures = call(app, "GET", "/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    lines = figures.text.splitlines()
    assert 'tricite_answers_total{language="en",outcome="answered"} 1.0' in lines
    assert 'tricite_answers_total{language="en",outcome="abstained"} 1.0' in lines
    assert 'tricite_requests_total{route="/api/ask",status="200"} 2.0' in lines
    assert 'tricite_requests_total{route="/api/documents/{document_id:path}",status="404"} 1.0' in lines
    assert "tricite_answers_waiting 0.0" in lines
    assert "tricite_answers_running 0.0" in lines
    assert "secret-name" not in figures.text


@pytest.mark.parametrize(
    "origin", ["hospital.example", "https://a.example/x", "https://a; script-src *", "*", "null"]
)
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    pipeline: Any = ScriptedPipeline()
    for settings in ({"allowed_origins": [origin]}, {"site_tokens": {origin: "0123456789abcdef"}}):
        with pytest.raises(InvalidRequest, match="not an origin"):
            create_app(pipeline, load_settings(**settings))


@pytest.mark.parametrize("token", ["short", "with a space in it", "ünïcödé-lëttërs-all"])
def test_a_token_that_is_weak_or_no_token_is_refused_and_not_shown(token: str) -> None:
    pipeline: Any = ScriptedPipeline()
    for settings in ({"tokens": [token]}, {"site_tokens": {HOSPITAL: token}}):
        with pytest.raises(InvalidRequest, match="make one of at least 16") as refused:
            create_app(pipeline, load_settings(**settings))
        assert token not in str(refused.value)


def test_serving_on_a_taken_port_says_so() -> None:
    pipeline: Any = ScriptedPipeline()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidRequest, match=f"cannot serve on 127.0.0.1 port {port} .*: choose another"):
            serve(pipeline, "127.0.0.1", port)
