"""A message that knows its trace, from the feed to the socket."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from bookly.tracing import active_tracer

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


class Traced(str):
    """The text of a message, and the trace context of the record that it tells of."""

    __slots__ = ("traceparent",)

    def __new__(cls, text: str, headers: Any) -> Traced:
        """`headers`: as the client gives them."""
        made = super().__new__(cls, text)
        made.traceparent = dict(headers or ()).get("traceparent")
        return made

    traceparent: bytes | None


def delivering() -> Callable[[str], AbstractContextManager[Any]]:
    """In what a message is sent to a socket: in a span of its own below its record's, where this process keeps traces."""
    tracer = active_tracer()
    if tracer is None:
        return lambda _: nullcontext()
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  # only who has it installed gets here

    from bookly.otel.contexts import below, span_context  # noqa: PLC0415

    def deliver(text: str) -> AbstractContextManager[Any]:
        parent = span_context(text.traceparent) if isinstance(text, Traced) else None
        if parent is None:
            return nullcontext()  # a row of demand: of many events
        about = {
            "network.protocol.name": "websocket",
            "messaging.operation.type": "process",
            "messaging.operation.name": "deliver",
        }
        return tracer.start_as_current_span("deliver", below(parent), SpanKind.CONSUMER, about)

    return deliver
