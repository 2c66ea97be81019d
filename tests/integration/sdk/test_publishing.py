"""What publishing promises, on both producers, on real servers and on the stand-ins."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from bookly import EventPayload
from bookly.errors import BufferFull, DeliveryFailed, EventTooLarge, InvalidEvent, NotOpen
from tests.integration.sdk.worlds import TOPIC, WHEN, reservation

if TYPE_CHECKING:
    from tests.integration.sdk.worlds import InMemory, Real

    World = InMemory | Real


async def test_three_lines_publish_an_event(world: World) -> None:
    async with world.producer(source="booking-web") as producer:
        delivery = await producer.publish(reservation(), actor="u-1")

    (record,) = world.written(1)
    assert delivery.topic == TOPIC
    assert record.key == b"room-b204"
    assert record.headers["ce_id"].decode() == delivery.event_id
    assert record.value[:1] == b"\0"


async def test_headers_say_what_a_router_needs(world: World) -> None:
    cause = EventPayload.of(reservation(), source="booking-web")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with world.producer(source="desk") as producer:
        await producer.publish(reservation(), cause=cause, occurred_at=WHEN, traceparent=trace)

    (record,) = world.written(1)
    assert {name: value.decode() for name, value in record.headers.items() if name != "ce_id"} == {
        "ce_type": "availability.reservation.created",
        "ce_source": "desk",
        "ce_time": "2026-11-25T09:00:00.000000Z",
        "ce_subject": "room-b204",
        "ce_specversion": "1.0",
        "traceparent": trace,
        "correlation_id": str(cause.metadata.correlation_id),
        "content-type": "application/avro",
    }


async def test_a_payload_is_published_as_it_is(world: World) -> None:
    payload = EventPayload.of(reservation(), source="elsewhere", event_id=uuid.uuid4())
    async with world.producer() as producer:
        assert (await producer.publish(payload)).event_id == str(payload.metadata.event_id)
        with pytest.raises(InvalidEvent, match="field actor: cannot be given again"):
            await producer.publish(payload, actor="u-1")


async def test_a_producer_that_is_not_open_says_so(world: World) -> None:
    producer = world.producer()
    with pytest.raises(NotOpen, match="not open"):
        await producer.publish(reservation())
    async with producer:
        await producer.publish(reservation())
    with pytest.raises(NotOpen, match="not open"):
        await producer.publish(reservation())


async def test_events_of_a_key_arrive_in_the_order_in_which_they_were_enqueued(world: World) -> None:
    async with world.producer() as producer:
        receipts = [await producer.enqueue(reservation(number, resource_id=f"room-{number % 7}")) for number in range(700)]
        await producer.flush()
        deliveries = [await receipt for receipt in receipts]

    ids = {(delivery.partition, delivery.offset): delivery.event_id for delivery in deliveries}
    assert len(ids) == 700
    for room in range(7):
        offsets = [delivery.offset for delivery in deliveries[room::7]]
        assert offsets == sorted(offsets)
    assert {record.headers["ce_id"].decode() for record in world.written(700)} == set(ids.values())


async def test_a_wrong_event_is_refused_before_anything_is_sent(world: World) -> None:
    async with world.producer() as producer:
        with pytest.raises(InvalidEvent, match="ReservationCreated is invalid, field atendees: Extra inputs") as wrong_field:
            await producer.publish(reservation(atendees=3))
        with pytest.raises(InvalidEvent, match="field attendees: Input should be a valid integer"):
            await producer.publish(reservation(attendees="many"))
        with pytest.raises(InvalidEvent, match="field starts_at: Input should have timezone info"):
            await producer.publish(reservation(starts_at=WHEN.replace(tzinfo=None)))
        with pytest.raises(InvalidEvent, match=r"field metadata\.occurred_at: Input should have timezone info"):
            await producer.publish(reservation(), occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001  # naive on purpose
        with pytest.raises(InvalidEvent, match="field resource_id: is empty"):
            await producer.publish(reservation(resource_id=""))
        with pytest.raises(InvalidEvent, match="field traceparent"):
            await producer.publish(reservation(), traceparent="00-0-0-00")
        with pytest.raises(InvalidEvent, match="field purpose: is no text"):
            await producer.publish(reservation(purpose="\ud83d"))
    assert (wrong_field.value.event, wrong_field.value.field) == ("ReservationCreated", "atendees")
    assert world.written(0) == []


async def test_an_event_of_two_megabytes_is_refused_with_its_size_and_the_limit(world: World) -> None:
    async with world.producer() as producer:
        with pytest.raises(EventTooLarge, match=r"takes 2,\d{3},\d{3} bytes, the limit is 1,000,000") as refused:
            await producer.publish(reservation(purpose="x" * 2_000_000))
        await producer.publish(reservation(purpose="x" * 990_000))
    assert refused.value.size > 2_000_000
    assert len(world.written(1)) == 1


async def test_a_key_counts_as_often_as_the_record_carries_it(world: World) -> None:
    async with world.producer() as producer:
        with pytest.raises(EventTooLarge, match=r"takes 1,\d{3},\d{3} bytes, the limit is 1,000,000"):
            await producer.publish(reservation(resource_id="r" * 400_000))
    assert world.written(0) == []


async def test_what_the_broker_never_confirms_fails_within_the_delivery_timeout(world: World) -> None:
    async with world.producer(delivery_timeout=1.0) as producer:
        await producer.publish(reservation())
        world.pause()
        with pytest.raises(DeliveryFailed, match="no answer within the delivery timeout") as failed:
            await producer.publish(reservation())
        world.resume()
    assert failed.value.event == "availability.reservation.created"
    assert uuid.UUID(failed.value.event_id)


async def test_closing_names_the_events_that_nobody_was_told_of(world: World) -> None:
    async def work() -> None:
        async with world.producer(delivery_timeout=1.0) as producer:
            await producer.publish(reservation())
            world.pause()
            for number in range(2):
                await producer.enqueue(reservation(number))

    with pytest.raises(ExceptionGroup, match=r"2 events were not confirmed by the broker: availability\.") as lost:
        await work()
    world.resume()
    assert all(isinstance(error, DeliveryFailed) for error in lost.value.exceptions)


async def test_closing_after_an_error_keeps_the_error_and_adds_a_note(world: World) -> None:
    async def work() -> None:
        async with world.producer(delivery_timeout=1.0) as producer:
            await producer.publish(reservation())
            world.pause()
            await producer.enqueue(reservation())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        await work()
    world.resume()
    assert "1 event was not confirmed" in raised.value.__notes__[0]


async def test_a_full_buffer_is_waited_for_and_then_refused(world: World) -> None:
    async with world.producer(buffer_events=10, buffer_timeout=0.3, delivery_timeout=20.0) as producer:
        await producer.publish(reservation())
        world.pause()
        receipts = [await producer.enqueue(reservation(number)) for number in range(10)]
        with pytest.raises(BufferFull, match=r"no room in the send buffer for 0\.3 s"):
            await producer.enqueue(reservation(10))
        world.resume()
        for receipt in receipts:
            await receipt
        await producer.publish(reservation(11))
    assert len(world.written(12)) == 12


async def test_more_events_than_the_buffer_holds_all_arrive(world: World) -> None:
    async with world.producer(buffer_events=50) as producer:
        for number in range(1000):
            await producer.enqueue(reservation(number))
    assert len(world.written(1000)) == 1000
