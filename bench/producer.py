"""The SDK's two producers against bare fastavro and Producer.produce, on one broker, taking turns.

    python -m bench.producer [--quick] [--runs N]

Every side makes the same events, waits for acks=all with the same client settings, and ends when all are confirmed; opening and
closing count. The bare side neither validates nor writes headers.
"""

from __future__ import annotations

import asyncio
import gc
import io
import json
import resource
import time
import uuid
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import confluent_kafka
import fastavro

from bench.alone import alone
from bookly import BlockingProducer, EventType, Producer
from bookly.catalog import EVENTS
from bookly.events.availability import ReservationCreated

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack import Stack

EVENTS_A_RUN = 90_000
EVENTS_A_QUICK_RUN = 9_000
RESOURCES = 2_000
SPEC = EVENTS[EventType.RESERVATION_CREATED]
WHEN = datetime(2026, 11, 25, 9, tzinfo=UTC)
CLIENT = {
    "enable.idempotence": True,
    "acks": "all",
    "compression.type": "lz4",
    "linger.ms": 5,
    "partitioner": "murmur2_random",
}


class Run(NamedTuple):
    """One side, once. `cpu_us_per_event`: of this process, all threads."""

    side: str
    events_per_s: float
    cpu_us_per_event: float


def bare(stack: Stack, events: int) -> None:
    """What a service would write without the SDK."""
    client = confluent_kafka.Producer({"bootstrap.servers": stack.brokers, **CLIENT})
    schema = fastavro.parse_schema(json.loads(SPEC.schema))
    confirmed: list[None] = []

    def confirm(error: Any, _message: Any) -> None:
        assert error is None  # noqa: S101  # a run that loses an event measures something else
        confirmed.append(None)

    for number in range(events):
        own_id, room = str(uuid.uuid4()), f"room-{number % RESOURCES}"
        metadata: dict[str, Any] = {"event_id": own_id, "type": SPEC.type.value, "source": "bench", "version": SPEC.version}
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
                client.produce(SPEC.topic, body.getvalue(), room, on_delivery=confirm)
                break
            except BufferError:
                client.poll(0.01)
        client.poll(0)
    client.flush()
    assert len(confirmed) == events  # noqa: S101


def asynchronous(stack: Stack, events: int) -> None:
    """The asyncio producer."""

    async def publish() -> None:
        async with Producer(brokers=stack.brokers, registry=str(stack.registry), source="bench", warm_up=False) as producer:
            for number in range(events):
                await producer.enqueue(_reserved(number))

    asyncio.run(publish())


def blocking(stack: Stack, events: int) -> None:
    """Its blocking twin."""
    with BlockingProducer(brokers=stack.brokers, registry=str(stack.registry), source="bench", warm_up=False) as producer:
        for number in range(events):
            producer.enqueue(_reserved(number))


SIDES: dict[str, Callable[[Stack, int], None]] = {
    "bare fastavro + produce": bare,
    "Producer": asynchronous,
    "BlockingProducer": blocking,
}


def measure(stack: Stack, *, runs: int, quick: bool) -> dict[str, Any]:
    """The key producer_ratio_to_raw of build/bench.json: of neighbours in time, the median of the slower of the two producers."""
    events = EVENTS_A_QUICK_RUN if quick else EVENTS_A_RUN
    rounds = [{name: _run(name, stack, events) for name in SIDES} for _ in range(runs)]
    first, *ours = SIDES
    ratios = {name: median(one[name].events_per_s / one[first].events_per_s for one in rounds) for name in ours}
    return {
        "producer_ratio_to_raw": min(ratios.values()),
        "producer": {
            "ratios": ratios,
            "guarantee": "validated, typed, nine headers, acks=all, idempotent, each event confirmed",
            "runs": [run._asdict() for one in rounds for run in one.values()],
        },
    }


def _reserved(number: int) -> ReservationCreated:
    return ReservationCreated(
        reservation_id=f"res-{number}",
        resource_id=f"room-{number % RESOURCES}",
        category_id="rooms",
        user_id="u-4711",
        starts_at=WHEN,
        ends_at=WHEN,
        attendees=24,
    )


def _run(name: str, stack: Stack, events: int) -> Run:
    gc.collect()  # else one side pays for closing another's client
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    SIDES[name](stack, events)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Run(name, events / took, cpu / events * 1e6)


if __name__ == "__main__":
    alone("producer", measure)
