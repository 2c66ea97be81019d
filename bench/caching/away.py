"""How many events a second a group takes while Redis is in trouble, to how many it takes while it is well."""

from __future__ import annotations

import statistics
import struct
import time
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from confluent_kafka import Producer

from agents.resources import DOMAIN
from bench.children import MeasureFailed
from bookly.headers import headers_of
from bookly.records import ENCODERS
from bookly.records.resources import ResourceUpdated
from bookly.registry import Registry
from bookly.testing import happened
from demo.barrier import Offsets
from faults.redis_away import NAMES, troubles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from demo.barrier import Place
    from faults.proxy import Proxy
    from stack import Stack

TOPIC = ResourceUpdated.TOPIC
EVENTS, ROOMS = 150_000, 200
PATIENCE_S = 120.0
LOOK_S = 0.005


def throughput(stack: Stack, way: Proxy, runs: int, events: int = EVENTS) -> Mapping[str, float]:
    """By trouble, the median over the runs; each is compared with a run just before it and one just after. The group runs."""
    group, wrong = Group(stack, events), troubles(stack.redis, way)
    group.fold(nullcontext)  # the first one starts the worker's connections and fills its tables
    ratios: dict[str, list[float]] = {name: [] for name in NAMES}
    well = group.fold(nullcontext)
    for _ in range(runs):
        for name in NAMES:
            meanwhile, before = group.fold(wrong[name]), well
            well = group.fold(nullcontext)
            ratios[name].append(2 * meanwhile / (before + well))
    return {name: round(statistics.median(found), 2) for name, found in ratios.items()}


class Group:
    """A group whose every event makes entries stale."""

    def __init__(self, stack: Stack, events: int) -> None:
        self._brokers, self._events, self._offsets = stack.brokers, events, Offsets(stack.brokers)
        with closing(Registry(str(stack.registry))) as registry:
            prefix = struct.pack(">bI", 0, registry.schema_id(ResourceUpdated.TYPE))
        rooms = [happened(ResourceUpdated(f"away-{n}", "a room", "rooms", 10, 60)) for n in range(ROOMS)]
        self._records: list[tuple[str, bytes, Any]] = [
            (room.resource_id, prefix + ENCODERS[ResourceUpdated](room), dict(headers_of(room.metadata, room.resource_id)))
            for room in rooms
        ]

    def fold(self, trouble: Callable[[], AbstractContextManager[None]]) -> float:
        """Events a second from when all of them can be read, at once, to the last commit."""
        producer, ends = self._written()
        with trouble():
            producer.commit_transaction(PATIENCE_S)
            begun = time.monotonic()
            while any(self._offsets.committed(DOMAIN.group).get(place, 0) <= last for place, last in ends.items()):
                if time.monotonic() - begun > PATIENCE_S:
                    raise MeasureFailed(f"{DOMAIN.group} has not committed {self._events:,} events within {PATIENCE_S:.0f} s")
                time.sleep(LOOK_S)  # how far a group is can only be asked
            return self._events / (time.monotonic() - begun)

    def _written(self) -> tuple[Producer, Mapping[Place, int]]:
        """A transaction that is not committed yet, and the last offset of each partition in it."""
        settings = {
            "bootstrap.servers": self._brokers,
            "partitioner": "murmur2_random",
            "log_level": 2,
            "compression.type": "lz4",
        }
        queue = {"queue.buffering.max.messages": 2 * self._events, "linger.ms": 20}
        producer = Producer({**settings, **queue, "transactional.id": f"away-{uuid4()}"})
        producer.init_transactions(PATIENCE_S)
        producer.begin_transaction()
        for number in range(self._events):
            key, value, headers = self._records[number % ROOMS]
            producer.produce(TOPIC, value, key, headers=headers)
            producer.poll(0)
        if producer.flush(PATIENCE_S):
            raise MeasureFailed(f"the broker has not taken {self._events:,} events within {PATIENCE_S:.0f} s")
        # a partition's end is the offset of the marker to come: the last record lies before it
        ends = self._offsets.ends({TOPIC})
        return producer, {place: end - 1 for place, end in ends.items() if end}
