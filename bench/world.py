"""The servers' side of the bench: topics and what is in them, the cache before a run and after it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its __init__ names them
from redis import Redis

from bench.errors import BenchError, Refused
from bench.events import events
from bench.peers.stopwatch import stale_keys
from bookly.catalog import EVENTS, EventType
from bookly.registry import Registry
from contracts.broker import create_topics
from contracts.registry import provision_registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stack import Stack

TOPIC = "bookly.availability"
PARTITIONS = 4
PATIENCE_S = 30.0
FOR_EVER = {"retention.ms": "-1", "compression.type": "lz4"}


class World:
    """The provisioned stack, with an input topic for each number of events that is asked for."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.brokers, self.redis, self.registry = stack.brokers, str(stack.redis), str(stack.registry)
        self._admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 0})
        self._cache = Redis.from_url(self.redis)
        self._seed = seed
        self._topics: dict[int, str] = {}
        self._stale: dict[int, list[str]] = {}

    def provision(self) -> None:
        """Topics and schemas, as everywhere; but the fold's topic keeps its events, whatever their time."""
        self.create([TOPIC], FOR_EVER)
        create_topics(self.brokers)
        provision_registry(self.registry)

    def fill(self, number: int, advance: Callable[[int], None], *, whole: bool) -> None:
        """Make the input of so many events: the whole goes to Bookly's own topic, a smaller one to a topic beside it."""
        topic = TOPIC if whole else f"bench.fold.{number}"
        if not whole:
            self.create([topic], FOR_EVER)
        registry = Registry(self.registry)
        schema_id = registry.schema_id(EventType.RESERVATION_CREATED)
        registry.close()
        producer = Producer(
            {
                "bootstrap.servers": self.brokers,
                "log_level": 0,  # it outlives the broker by a moment, and would say so
                "linger.ms": 50,
                "compression.type": "lz4",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
            }
        )
        resources = set()
        for index, made in enumerate(events(number, schema_id, self._seed), 1):
            _produce(producer, topic, made.resource_id.encode(), made.value, made.at)
            resources.add(made.resource_id)
            if index % 1000 == 0:
                producer.poll(0)
                advance(1000)
        if producer.flush(PATIENCE_S):
            raise BenchError(f"{topic} could not be filled within {PATIENCE_S:.0f} s: see the broker's log in build/bench/.stack")
        self._topics[number] = topic
        self._stale[number] = [key for resource_id in sorted(resources) for key in stale_keys(resource_id)]

    def topic(self, number: int) -> str:
        return self._topics[number]

    def create(self, topics: list[str], config: dict[str, str]) -> None:
        wanted = [NewTopic(topic, PARTITIONS, 1, config=config) for topic in topics]
        for future in self._admin.create_topics(wanted).values():
            future.result(PATIENCE_S)

    def warm_cache(self, number: int) -> None:
        """An entry for every key that the fold makes stale."""
        self._cache.mset(dict.fromkeys(self._stale[number], "cached"))

    def refuse_stale(self, name: str, number: int) -> None:
        """Raises Refused where an entry is still there."""
        left = int(self._cache.exists(*self._stale[number]))
        if left:
            raise Refused(f"{name} left {left:,} of {len(self._stale[number]):,} stale cache entries")

    def forget(self, group: str) -> None:
        """Delete what a run left on the broker: its changelogs would slow down those after it."""
        left = [topic for topic in self._admin.list_topics(timeout=PATIENCE_S).topics if group in topic]
        if left:
            for future in self._admin.delete_topics(left).values():
                future.result(PATIENCE_S)


def write_schema(target: Path) -> None:
    """The schema that the events are written with, without logical types: every peer reads integers and text, as we do."""
    plain = _without_logical_types(json.loads(EVENTS[EventType.RESERVATION_CREATED].schema))
    target.write_text(json.dumps(plain, indent=2), encoding="utf-8")


def _without_logical_types(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_logical_types(value) for key, value in schema.items() if key not in {"logicalType", "doc"}}
    if isinstance(schema, list):
        return [_without_logical_types(value) for value in schema]
    return schema


def _produce(producer: Any, topic: str, key: bytes, value: bytes, at: int) -> None:
    while True:
        try:
            producer.produce(topic, value, key, timestamp=at)
        except BufferError:
            producer.poll(0.1)
        else:
            return
