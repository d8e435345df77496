"""Figures for Prometheus: requests and their times, answers and how they ended, the line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from prometheus_client import Metric

    from web.queueing import Slots

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 25, 60)


class Metrics:
    """The registry of one app, as the ASGI middleware's and the route's common ground."""

    def __init__(self, slots: Slots) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_SlotsCollector(slots))
        self.requests = Counter(
            "tricite_requests", "Requests, by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "tricite_request_seconds",
            "Time until a request was answered whole, by route.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def routes(self) -> APIRouter:
        """GET /metrics, in Prometheus' text form."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        router = APIRouter()

        @router.get("/metrics", tags=["server"], response_class=Response)
        def metrics() -> Response:
            """Figures for Prometheus."""
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        return router


class MeasureRequests:
    """ASGI middleware: counts and times every request by its route's pattern, never by its path."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status, started = 500, time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            route = getattr(scope.get("route"), "path", "") or "page"
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)


class _SlotsCollector:
    """Reads the line when it is asked; nothing is counted twice."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        yield GaugeMetricFamily(
            "tricite_answers_running", "Answers being written.", value=self._slots.running
        )
        yield GaugeMetricFamily("tricite_answers_waiting", "Answers in line.", value=self._slots.waiting)
        answers = CounterMetricFamily(
            "tricite_answers",
            "Answers, by the question's language and how they ended.",
            labels=["language", "outcome"],
        )
        for labels, count in list(self._slots.outcomes.items()):
            answers.add_metric(labels, count)
        yield answers
