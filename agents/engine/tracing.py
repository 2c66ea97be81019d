"""What an event brings about, as spans: handled, its emitted events published, committed, the caches told (docs/decisions/0017).

An event has one parent, the span of who published it. What is done for many at once, a commit or a call to Redis, is a child
where it has one cause, and else a root with a link to each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import time_ns
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Link, SpanKind, StatusCode

from agents.engine.committing import Committing
from agents.engine.handling import Handling
from bookly.otel.contexts import below, caused_by, span_context, traceparent_of
from bookly.otel.publishing import begin_publishing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faust.types import TP
    from opentelemetry.trace import Span, SpanContext, Tracer

    from agents.domain import Domain
    from agents.engine.encoding import Encoding
    from agents.engine.outgoing import Outgoing
    from agents.engine.partition import Partition, Transaction
    from agents.engine.pulse import Pulse
    from bookly.cache.invalidator import Invalidator
    from bookly.records import Record

LINKS = 128  # of a span, as OpenTelemetry has it by itself


@dataclass(slots=True)
class Traces:
    """What a transaction comes from (no more than can be linked, and how many in all), and the events that it publishes."""

    causes: list[SpanContext] = field(default_factory=list)
    many: int = 0
    published: list[Span] = field(default_factory=list)

    def add(self, cause: SpanContext) -> None:
        self.many += 1
        if cause.trace_flags.sampled and len(self.causes) < LINKS:
            self.causes.append(cause)


class TracedHandling(Handling):
    def __init__(self, domain: Domain, encoding: Encoding, tracer: Tracer) -> None:
        super().__init__(domain, encoding)
        self._group, self._tracer = domain.group, tracer

    def handle(
        self,
        partition: Partition,
        tp: TP,
        records: Sequence[Any],
        events: Sequence[Record],
        written_at: Sequence[int | None],
    ) -> list[Outgoing]:
        """As its base. Of many events that fail together nothing is told: each is tried again by itself, and tells it then."""
        state = partition.state
        done: list[tuple[Span, int]] = []
        published: list[Span] = []
        for record, event, state.written_at in zip(records, events, written_at, strict=True):
            state.event = event
            handlers = self._handlers.get(type(event), ())
            if not handlers:
                continue
            span = self._begin(tp, record, event)
            try:
                for handler in handlers:
                    handler(event, state)
            except Exception as error:
                if len(events) == 1:
                    span.set_status(StatusCode.ERROR, type(error).__name__)  # what it says may be personal; the log has it
                    span.end()
                raise
            published += self._publish(state.emitted[len(published) :], span)
            done.append((span, time_ns()))
        outgoing = self._encoding.encode(state.emitted, [traceparent_of(span) for span in published])
        for span, ended_at in done:
            span.end(ended_at)
        _note(partition, (span for span, _ in done), published)
        return outgoing

    def by_time(self, partition: Partition) -> list[Outgoing]:
        """Each is the root of a trace: nobody has caused it."""
        published = self._publish(partition.state.emitted, None)
        outgoing = self._encoding.encode(partition.state.emitted, [traceparent_of(span) for span in published])
        _note(partition, published, published)
        return outgoing

    def _begin(self, tp: TP, record: Any, event: Record) -> Span:
        headers, metadata = dict(record.headers), event.metadata
        replayed = span_context(headers.get("replay.traceparent"))
        about = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": tp.topic,
            "messaging.destination.partition.id": str(tp.partition),
            "messaging.kafka.offset": record.offset,
            "messaging.consumer.group.name": self._group,
            "messaging.message.id": metadata.event_id,
            "messaging.message.conversation_id": metadata.correlation_id,
            "bookly.event.type": event.TYPE,
        }
        parent = below(span_context(headers.get("traceparent")))
        links = [Link(replayed)] if replayed is not None else None
        return self._tracer.start_span(f"process {event.TYPE}", parent, SpanKind.CONSUMER, about, links)

    def _publish(self, emitted: Sequence[Record], cause: Span | None) -> list[Span]:
        return [
            begin_publishing(self._tracer, one.TYPE, one.TOPIC, one.metadata.event_id, one.metadata.correlation_id, below(cause))
            for one in emitted
        ]


def _note(partition: Partition, causes: Iterable[Span], published: Iterable[Span]) -> None:
    """For the transaction that all of it will be part of."""
    if partition.traces is None:
        partition.traces = Traces()
    for cause in causes:
        partition.traces.add(cause.get_span_context())
    partition.traces.published += published


class TracedCommitting(Committing):
    def __init__(self, invalidator: Invalidator, pulse: Pulse, tracer: Tracer) -> None:
        super().__init__(invalidator, pulse)
        self._tracer = tracer

    async def write(self, partition: Partition, transaction: Transaction) -> None:
        traces: Traces | None = transaction.traces
        if traces is None or not traces.causes:
            await super().write(partition, transaction)
            return
        parent, links = caused_by(traces.causes)
        about: dict[str, Any] = {
            "messaging.consumer.group.name": partition.domain.group,
            "messaging.destination.partition.id": str(partition.number),
            "bookly.events": traces.many,
            "bookly.records": len(transaction.records),
        }
        with self._tracer.start_as_current_span("commit", parent, attributes=about, links=links) as span:
            await super().write(partition, transaction)
        for published in traces.published:
            published.end()
        traces.causes = [span.get_span_context()]

    async def forget(self, taken: Sequence[tuple[Partition, Transaction]]) -> None:
        causes = [
            cause for _, transaction in taken if transaction.stale and transaction.traces for cause in transaction.traces.causes
        ]
        if not causes:
            await super().forget(taken)
            return
        parent, links = caused_by(causes)
        tags = {tag for _, transaction in taken for tag in transaction.stale}
        about: dict[str, Any] = {"db.system.name": "redis", "bookly.tags": len(tags)}
        with self._tracer.start_as_current_span("invalidate", parent, SpanKind.CLIENT, about, links) as span:
            await super().forget(taken)
            span.set_attribute("bookly.tags.waiting", self._invalidator.pending)
