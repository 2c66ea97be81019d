"""What a scraper sees: requests by route and status, sockets, and how each type of cache entries fares."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.registry import Collector

from bookly.metrics import METRICS, family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.http.ports import Edge

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Live(Collector):
    """Reads the hub and the caches' counts when it is asked, and costs nothing in between."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def collect(self) -> Iterable[Metric]:
        hub = self._edge.hub
        figures = {
            "bookly_api_ready": int(self._edge.unready() is None),
            "bookly_api_sockets": hub.listeners,
            "bookly_api_socket_messages_total": hub.told,
            "bookly_api_socket_dropped_total": hub.dropped,
        }
        for name, value in figures.items():
            figure = family(name)
            figure.add_metric((), value)
            yield figure
        cache = family("bookly_cache_total")
        for (kind, outcome), count in sorted(self._edge.counts().items()):
            cache.add_metric((kind, outcome), count)
        yield cache


class Measured:
    """An ASGI app whose requests are counted and timed by the route's path: what callers choose is no label."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        requests, seconds = METRICS["bookly_api_requests_total"], METRICS["bookly_api_seconds"]
        self._requests = Counter(requests.name, requests.meaning, requests.labels, registry=registry)
        self._seconds = Histogram(seconds.name, seconds.meaning, seconds.labels, buckets=BUCKETS, registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = str(getattr(scope.get("route"), "path", "none"))
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._requests.labels(method, route, str(status)).inc()
            self._seconds.labels(route).observe(time.perf_counter() - begun)
