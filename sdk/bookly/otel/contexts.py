"""Spans as W3C headers, and headers as the parents of spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from bookly.tracing import is_traceparent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.trace import Span


def span_context(traceparent: str | bytes | None) -> SpanContext | None:
    """None for what is no W3C trace context."""
    text = traceparent.decode("ascii", "replace") if isinstance(traceparent, bytes) else traceparent
    if text is None or not is_traceparent(text):
        return None
    return SpanContext(int(text[3:35], 16), int(text[36:52], 16), is_remote=True, trace_flags=TraceFlags(int(text[53:], 16)))


def below(parent: SpanContext | Span | None) -> Context:
    """The context in which a span begins as its child; without one, as the root of a trace."""
    if parent is None:
        return Context()
    return set_span_in_context(NonRecordingSpan(parent) if isinstance(parent, SpanContext) else parent, Context())


def traceparent_of(span: Span) -> str:
    """For the headers of what it caused."""
    about = span.get_span_context()
    return f"00-{about.trace_id:032x}-{about.span_id:016x}-{about.trace_flags:02x}"


def caused_by(causes: Sequence[SpanContext]) -> tuple[Context, list[Link]]:
    """Of one cause it is the child. Of several it is nobody's: it begins a trace, with a link to each."""
    if len(causes) == 1:
        return below(causes[0]), []
    return Context(), [Link(cause) for cause in causes]
