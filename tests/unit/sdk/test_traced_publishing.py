"""An event's own span: below the caller's, over those who handle it, and open until the broker has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.trace import StatusCode

from bookly import BlockingProducer, Producer
from bookly.errors import DeliveryFailed, InvalidEvent
from bookly.events.resources import ResourceStatus, ResourceStatusChanged
from bookly.otel.contexts import span_context
from bookly.testing import InMemoryBroker, InMemorySchemas
from tests.unit.spans import Spans, caused, id_of

if TYPE_CHECKING:
    from bookly.outgoing import Outgoing

EVENT = ResourceStatusChanged(resource_id="room-1", status=ResourceStatus.AVAILABLE, previous=ResourceStatus.IN_USE)
NAME = "publish resources.status.changed"
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Spans:
    """Of a process that keeps traces."""
    kept = Spans()
    monkeypatch.setattr("bookly.sending.active_tracer", lambda: kept.tracer)
    return kept


def producer_of(broker: InMemoryBroker) -> Producer:
    return Producer(source="tests", transport=broker, schemas=InMemorySchemas(), brokers="nowhere", registry="nowhere")


def span_in(record: Outgoing) -> int:
    context = span_context(dict(record.headers)["traceparent"])
    assert context is not None
    return context.span_id


async def test_it_is_the_child_of_the_span_that_runs_and_the_records_traceparent(spans: Spans) -> None:
    broker = InMemoryBroker()
    async with producer_of(broker) as producer:
        with spans.tracer.start_as_current_span("command"):
            delivery = await producer.publish(EVENT)
    published = spans.one(NAME)
    assert caused(published, spans.one("command"))
    assert [span_in(record) for record in broker.records] == [id_of(published)]
    assert published.attributes is not None
    assert published.attributes["messaging.message.id"] == delivery.event_id
    assert published.attributes["messaging.kafka.offset"] == delivery.offset


def test_a_thread_has_it_too_and_a_trace_that_the_caller_gives_comes_first(spans: Spans) -> None:
    broker = InMemoryBroker()
    with (
        BlockingProducer(
            source="tests", transport=broker, schemas=InMemorySchemas(), brokers="nowhere", registry="nowhere"
        ) as producer,
        spans.tracer.start_as_current_span("command"),
    ):
        producer.publish(EVENT, traceparent=GIVEN)
    parent = spans.one(NAME).parent
    assert parent is not None
    assert (f"{parent.trace_id:032x}", f"{parent.span_id:016x}") == tuple(GIVEN.split("-")[1:3])


async def test_it_is_open_until_the_broker_has_it_and_says_when_it_has_not(spans: Spans) -> None:
    broker = InMemoryBroker(delivery_timeout=0.2)
    async with producer_of(broker) as producer:
        broker.pause()
        receipt = await producer.enqueue(EVENT)
        assert spans.all() == ()
        with pytest.raises(DeliveryFailed):
            await receipt
        broker.resume()
    assert spans.one(NAME).status.status_code is StatusCode.ERROR


async def test_a_traceparent_that_is_none_is_refused_as_ever_and_nothing_was_published(spans: Spans) -> None:
    async with producer_of(InMemoryBroker()) as producer:
        with pytest.raises(InvalidEvent, match="is no W3C trace context"):
            await producer.publish(EVENT, traceparent="00-abc")
    assert spans.all() == ()
