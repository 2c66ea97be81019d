"""A request as a span, named by its route: paths and queries name people, so FastAPI's own spans, which have both, stay off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.trace import SpanKind, StatusCode
from starlette.datastructures import Headers

from api.http.metrics import METHODS
from bookly.at_work import working_on
from bookly.otel.contexts import below, span_context

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Traced:
    """An ASGI app each of whose requests is a span, below the caller's if they say theirs. Of a web socket, each message is."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app, self._tracer = app, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        parent = below(span_context(Headers(scope=scope).get("traceparent")))
        about = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
        with self._tracer.start_as_current_span(
            method, parent, SpanKind.SERVER, about, record_exception=False, set_status_on_exception=False
        ) as span:
            working_on(trace_id=f"{span.get_span_context().trace_id:032x}")

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, noting)
            except Exception as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
                raise
            finally:
                route = getattr(scope.get("route"), "path", None)
                if route is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
