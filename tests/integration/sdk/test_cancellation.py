"""A caller that is cancelled does not take its event back, and the event is not forgotten."""

from __future__ import annotations

import asyncio

import pytest

from bookly import Producer
from bookly.errors import DeliveryFailed
from bookly.testing import NOWHERE, InMemoryBroker, InMemorySchemas
from tests.integration.sdk.worlds import reservation


def producer_of(broker: InMemoryBroker, **settings: float) -> Producer:
    return Producer(source="test", transport=broker, schemas=InMemorySchemas(), **NOWHERE, **settings)  # type: ignore[arg-type]


async def test_a_cancelled_publish_is_still_delivered_before_the_producer_closes() -> None:
    broker = InMemoryBroker()
    async with producer_of(broker) as producer:
        broker.pause()
        publishing = asyncio.create_task(producer.publish(reservation()))
        await asyncio.sleep(0)
        publishing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publishing
        assert broker.records == []
        broker.resume()
    assert len(broker.records) == 1


async def test_a_cancelled_publish_that_fails_later_is_named_when_the_producer_closes() -> None:
    broker = InMemoryBroker(delivery_timeout=0.2)

    async def work() -> None:
        async with producer_of(broker) as producer:
            broker.pause()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(producer.publish(reservation()), 0.05)

    with pytest.raises(ExceptionGroup, match="1 event was not confirmed") as lost:
        await work()
    assert isinstance(lost.value.exceptions[0], DeliveryFailed)


async def test_a_producer_whose_closing_is_cancelled_gives_up_what_is_under_way_and_says_so() -> None:
    broker = InMemoryBroker()
    receipts = []
    enqueued = asyncio.Event()

    async def work() -> None:
        async with producer_of(broker) as producer:
            broker.pause()
            receipts.append(await producer.enqueue(reservation()))
            enqueued.set()

    working = asyncio.create_task(work())
    await enqueued.wait()
    working.cancel()
    with pytest.raises((asyncio.CancelledError, ExceptionGroup)):
        await working
    assert isinstance(receipts[0].exception(), DeliveryFailed)


async def test_a_broken_session_is_said_in_its_own_sentence() -> None:
    broker = InMemoryBroker()
    async with producer_of(broker) as producer:
        await producer.publish(reservation())
        broker.break_session("the idempotent session is broken for good (out of order)")
        with pytest.raises(DeliveryFailed, match="the idempotent session is broken for good"):
            await producer.publish(reservation())
