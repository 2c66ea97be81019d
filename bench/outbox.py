"""What an event in an outbox costs, and how fast a relay publishes: `python -m bench.outbox`, on servers of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, NullPool, create_engine

from bookly.events.resources import ResourceStatus, ResourceStatusChanged
from bookly.outbox import METADATA, BlockingOutbox, Relay
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from stack import Stack
from stack.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = {1: 3_000, 10: 5_000, 1_000: 20_000}  # by the number of keys that they are spread over
_OUTBOX = BlockingOutbox(source="bench")
_LOOK_S = 0.02


def write(engine: Engine, keys: int, count: int) -> float:
    """Seconds for an event, many in a transaction."""
    begun = time.perf_counter()
    with engine.begin() as connection:
        for number in range(count):
            event = ResourceStatusChanged(
                resource_id=f"room-{number % keys}", status=ResourceStatus.AVAILABLE, previous=ResourceStatus.IN_USE
            )
            _OUTBOX.write(connection, event)
    return (time.perf_counter() - begun) / count


async def publish(relay: Relay, count: int) -> float:
    """Events a second, from the first that is seen to be published to the last."""
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    while not relay.figures.published:  # noqa: ASYNC110  # looked at from outside, as a scraper does
        await asyncio.sleep(_LOOK_S)
    begun, first = time.perf_counter(), relay.figures.published
    while relay.figures.published < count:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)
    rate = (count - first) / (time.perf_counter() - begun)
    stop.set()
    await running
    return rate


def measured() -> Iterator[dict[str, float]]:
    """For each number of keys."""
    with tempfile.TemporaryDirectory() as place, Stack.start(place) as stack, postgres(Path(place) / "postgres") as server:
        provision_broker(stack.brokers)
        provision_registry(str(stack.registry))
        engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
        METADATA.create_all(engine)
        for keys, count in EVENTS.items():
            written_s = write(engine, keys, count)
            relay = Relay(str(server), source="bench", brokers=stack.brokers, registry=str(stack.registry))
            rate = asyncio.run(publish(relay, count))
            yield {"keys": keys, "events": count, "write_us": round(written_s * 1e6), "published_per_s": round(rate)}


if __name__ == "__main__":
    for figures in measured():
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()
