"""A tracer whose spans stay here, beside the process' own, of which there can be only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bookly.otel.contexts import traceparent_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.sampling import Sampler
    from opentelemetry.trace import Tracer


class Spans:
    def __init__(self, sampler: Sampler | None = None) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer: Tracer = provider.get_tracer("tests")

    def all(self) -> tuple[ReadableSpan, ...]:
        """Those that have ended."""
        return self._kept.get_finished_spans()

    def named(self, *names: str) -> list[ReadableSpan]:
        return [span for span in self.all() if span.name in names]

    def one(self, name: str) -> ReadableSpan:
        [span] = self.named(name)
        return span


def caused(child: ReadableSpan, parent: ReadableSpan) -> bool:
    """Whether it is the parent, in the same trace."""
    context, above = parent.get_span_context(), child.parent
    return above is not None and context is not None and (above.trace_id, above.span_id) == (context.trace_id, context.span_id)


def links_of(span: ReadableSpan) -> set[int]:
    """The ids of the spans that it links to."""
    return {link.context.span_id for link in span.links}


def id_of(span: ReadableSpan) -> int:
    context = span.get_span_context()
    assert context is not None
    return context.span_id


def headers_below(spans: Spans) -> tuple[tuple[str, bytes], ...]:
    """Of a record whose publisher has a span, which is still open."""
    return (("ce_id", b"1"), ("traceparent", traceparent_of(spans.tracer.start_span("publish")).encode()))
