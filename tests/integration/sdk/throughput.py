"""Both producers against bare fastavro and Producer.produce, on one broker, taking turns.

    python -m tests.integration.sdk.throughput [EVENTS] [RUNS]

Every side makes the same events, waits for acks=all with the same client settings, and ends when all are confirmed.
"""

from __future__ import annotations

import asyncio
import io
import json
import resource
import statistics
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import confluent_kafka
import fastavro

from bookly import BlockingProducer, EventType, Producer
from bookly.catalog import EVENTS
from bookly.events.availability import ReservationCreated
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from stack import Stack
from tests.integration.sdk.worlds import TOPIC, WHEN

if TYPE_CHECKING:
    from collections.abc import Callable

RESOURCES = 2000


def bare(stack: Stack, events: int) -> None:
    """What a service would write without the SDK: no validation, no headers."""
    settings = {
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "lz4",
        "linger.ms": 5,
        "partitioner": "murmur2_random",
    }
    client = confluent_kafka.Producer({"bootstrap.servers": stack.brokers, **settings})
    schema = fastavro.parse_schema(json.loads(EVENTS[EventType.RESERVATION_CREATED].schema))
    confirmed: list[None] = []

    def confirm(error: Any, _message: Any) -> None:
        assert error is None
        confirmed.append(None)

    for number in range(events):
        own_id, room = str(uuid.uuid4()), f"room-{number % RESOURCES}"
        metadata: dict[str, Any] = {
            "event_id": own_id,
            "type": "availability.reservation.created",
            "source": "bench",
            "version": 2,
        }
        metadata |= {"occurred_at": datetime.now(UTC), "correlation_id": own_id, "causation_id": None, "actor": None}
        data: dict[str, Any] = {
            "reservation_id": f"res-{number}",
            "resource_id": room,
            "category_id": "rooms",
            "user_id": "u-4711",
        }
        data |= {"starts_at": WHEN, "ends_at": WHEN, "attendees": 24, "purpose": None, "waitlist_id": None}
        body = io.BytesIO()
        body.write(b"\0\0\0\0\1")
        fastavro.schemaless_writer(body, schema, {"metadata": metadata, "data": data})
        while True:
            try:
                client.produce(TOPIC, body.getvalue(), room, on_delivery=confirm)
                break
            except BufferError:
                client.poll(0.01)
        client.poll(0)
    client.flush()
    assert len(confirmed) == events


def reserved(number: int) -> ReservationCreated:
    return ReservationCreated(
        reservation_id=f"res-{number}",
        resource_id=f"room-{number % RESOURCES}",
        category_id="rooms",
        user_id="u-4711",
        starts_at=WHEN,
        ends_at=WHEN,
        attendees=24,
    )


def ours(stack: Stack, events: int) -> None:
    """The asyncio producer."""

    async def publish() -> None:
        async with Producer(brokers=stack.brokers, registry=stack.registry, source="bench", warm_up=False) as producer:
            for number in range(events):
                await producer.enqueue(reserved(number))

    asyncio.run(publish())


def blocking(stack: Stack, events: int) -> None:
    """Its blocking twin."""
    with BlockingProducer(brokers=stack.brokers, registry=stack.registry, source="bench", warm_up=False) as producer:
        for number in range(events):
            producer.enqueue(reserved(number))


def measured(side: Callable[[Stack, int], None], stack: Stack, events: int) -> tuple[float, float]:
    """Events a second, and CPU microseconds an event of this process and its threads."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    side(stack, events)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return events / took, cpu / events * 1e6


def main(events: int = 200_000, runs: int = 5) -> None:
    sides = {"bare fastavro + produce": bare, "Producer": ours, "BlockingProducer": blocking}
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as folder, Stack.start(Path(folder)) as stack:
        provision_broker(stack.brokers)
        provision_registry(stack.registry)
        for _ in range(runs):
            for name, side in sides.items():
                results[name].append(measured(side, stack, events))
    base = statistics.median(rate for rate, _ in results["bare fastavro + produce"])
    for name, pairs in results.items():
        rates = [rate for rate, _ in pairs]
        median, cpu = statistics.median(rates), statistics.median(cpu for _, cpu in pairs)
        spread = f"{min(rates):,.0f}-{max(rates):,.0f}"
        sys.stdout.write(f"{name:24} {median:8,.0f} events/s ({spread}), {cpu:.1f} us CPU an event, ratio {median / base:.2f}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
