"""Servers that are away, end and come back while a producer publishes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bookly import EventType
from bookly.catalog import EVENTS
from bookly.errors import BrokerUnavailable, DeliveryFailed, RegistryUnavailable, UnknownSchema
from bookly.events.availability import CancellationReason, ReservationCancelled
from tests.integration.sdk.worlds import WHEN, reservation
from tests.nobody import forget

if TYPE_CHECKING:
    from tests.integration.sdk.worlds import Real

NOBODY = "127.0.0.1:1"


async def test_a_broker_that_is_away_at_the_start_is_named_within_the_limit(real: Real) -> None:
    began = time.monotonic()
    with pytest.raises(BrokerUnavailable, match=rf"No Kafka broker at {NOBODY} answered within 0\.5 s: .*refused") as raised:
        async with real.producer(brokers=NOBODY, connect_timeout=0.5):
            pass
    assert time.monotonic() - began < 3
    assert raised.value.brokers == NOBODY


async def test_every_event_is_confirmed_once_or_fails_when_the_broker_is_killed_and_comes_back(real: Real) -> None:
    broker = real.stack.broker
    outcomes: Counter[str] = Counter()
    async with real.producer(delivery_timeout=60.0) as producer:
        await producer.publish(reservation())
        receipts = []
        for number in range(3000):
            if number == 1000:
                await asyncio.to_thread(broker.kill)
            if number == 2000:
                await asyncio.to_thread(broker.start)
            receipts.append(await producer.enqueue(reservation(number, resource_id=f"room-{number % 50}")))
        confirmed = set()
        for receipt in receipts:
            try:
                confirmed.add((await receipt).event_id)
                outcomes["confirmed"] += 1
            except DeliveryFailed:
                outcomes["failed"] += 1
    records = real.written(outcomes["confirmed"] + 1)
    ids = [record.headers["ce_id"].decode() for record in records]
    assert sum(outcomes.values()) == 3000
    assert confirmed <= set(ids)
    assert len(set(ids)) == len(ids)


async def test_a_registry_that_is_away_at_the_start_is_named_within_the_limit(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(monkeypatch, "BOOKLY_REGISTRY_")  # its URL names somebody, and is plain
    began = time.monotonic()
    with pytest.raises(RegistryUnavailable, match=r"registry at http://127\.0\.0\.1:1 gave no answer about bookly\.") as raised:
        async with real.producer(registry="http://user:secret@127.0.0.1:1", connect_timeout=2.0, warm_up=True):
            pass
    assert time.monotonic() - began < 4
    assert "secret" not in str(raised.value)


async def test_a_registry_that_hangs_is_given_up_within_the_limit(real: Real) -> None:
    real.stack.registry.pause()
    began = time.monotonic()
    with pytest.raises(RegistryUnavailable):
        async with real.producer(connect_timeout=2.0, warm_up=True):
            pass
    assert time.monotonic() - began < 4


async def test_a_registry_that_goes_away_later_does_not_matter(real: Real) -> None:
    async with real.producer(warm_up=True) as producer:
        real.stack.registry.pause()
        await producer.publish(reservation())
    assert len(real.written(1)) == 1


async def test_without_warm_up_an_event_published_before_needs_no_registry(real: Real) -> None:
    async with real.producer(warm_up=False, connect_timeout=2.0) as producer:
        await producer.publish(reservation())
        real.stack.registry.pause()
        await producer.publish(reservation())
    assert len(real.written(2)) == 2


@pytest.mark.parametrize("warm_up", [True, False])
async def test_an_event_that_the_registry_does_not_know_is_refused_while_the_others_go_on(
    real: Real, warm_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {spec.type.value: spec.schema for spec in EVENTS.values()}
    texts[EventType.RESERVATION_CREATED.value] = texts[EventType.RESERVATION_UPDATED.value]
    monkeypatch.setattr("bookly.spec._schemas", lambda: texts)
    cancelled = ReservationCancelled(
        reservation_id="res-1",
        resource_id="room",
        user_id="u",
        starts_at=WHEN,
        ends_at=WHEN,
        reason=CancellationReason.BY_USER,
    )
    async with real.producer(warm_up=warm_up) as producer:
        with pytest.raises(UnknownSchema, match=r"ReservationCreatedEvent.*make provision"):
            await producer.publish(reservation())
        await producer.publish(cancelled)
    assert len(real.written(1)) == 1
