"""An event's own span: from when its producer was given it until the broker has it. All who handle the event are its children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current
from opentelemetry.trace import Link, SpanKind, StatusCode

from bookly.delivery import Ticket
from bookly.otel.contexts import below, span_context, traceparent_of
from bookly.outgoing import Outgoing, outgoing
from bookly.sending import Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Span, Tracer

    from bookly.contract import Contract
    from bookly.delivery import Receipt
    from bookly.errors import DeliveryFailed
    from bookly.records import Record


class TracedOutgoing(Outgoing):
    """A record with the span of its event, which ends with the broker's answer. One that is never sent was never published."""

    span: Span


class TracedTicket(Ticket):
    def __init__(self, sent: Outgoing, receipt: Receipt, answered: Callable[[Ticket], None]) -> None:
        super().__init__(sent, receipt, answered)
        self._span = sent.span if isinstance(sent, TracedOutgoing) else None

    def settle(self, reason: Callable[[Any], str]) -> DeliveryFailed | None:
        failed = super().settle(reason)
        if self._span is not None:
            if failed is not None:
                self._span.set_status(StatusCode.ERROR, failed.reason)
            elif self.delivery is not None:
                self._span.set_attribute("messaging.destination.partition.id", str(self.delivery.partition))
                self._span.set_attribute("messaging.kafka.offset", self.delivery.offset)
            self._span.end()
        return failed


class TracedSender(Sender):
    ticket = TracedTicket


class Publishing:
    """What `outgoing` does, in a span: below the caller's traceparent, or else below the span that runs."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def outgoing(self, contract: Contract, record: Record, prefix: bytes, traceparent: str | None, limit: int) -> Outgoing:
        metadata, given = record.metadata, span_context(traceparent)
        span = begin_publishing(
            self._tracer,
            contract.type,
            contract.topic,
            metadata.event_id,
            metadata.correlation_id,
            get_current() if given is None else below(given),
        )
        wrong = traceparent if traceparent is not None and given is None else None  # it is refused with its name
        sent = TracedOutgoing(*outgoing(contract, record, prefix, wrong or traceparent_of(span), limit))
        sent.span = span
        return sent


def begin_publishing(tracer: Tracer, kind: str, topic: str, event_id: str, correlation_id: str, context: Any) -> Span:
    """The span of an event; whoever begins it ends it when the event is there for others to read."""
    return tracer.start_span(
        f"publish {kind}",
        context,
        SpanKind.PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.operation.name": "publish",
            "messaging.destination.name": topic,
            "messaging.message.id": event_id,
            "messaging.message.conversation_id": correlation_id,
            "bookly.event.type": kind,
        },
    )


def replayed(tracer: Tracer, topic: str, original: str | None, plan_id: str) -> str:
    """The traceparent of a copy: the root of a trace of its own, with a link to who published the original."""
    first = span_context(original)
    about = {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.operation.name": "replay",
        "messaging.destination.name": topic,
        "bookly.replay.id": plan_id,
    }
    span = tracer.start_span("replay", below(None), SpanKind.PRODUCER, about, [Link(first)] if first is not None else None)
    span.end()
    return traceparent_of(span)
