"""The raw loop that latency is measured against: `python -m bench.raw NAME TOPIC ORDER`, until SIGTERM.

confluent-kafka, fastavro and dictionaries; a changelog record a dirty key a batch, UNLINK of two keys a resource, a commit of
offsets; no transaction, nothing fenced. It takes what is there as soon as one message is. ORDER says when caches are emptied:

    early    as soon as the batch is counted; the changelog is not waited for. The fastest, but a reader may fill the cache again
             from rows that are not durable, or be left with a stale entry
    late     when changelog and offsets are, as the engine does
"""

from __future__ import annotations

import io
import json
import signal
import sys
import time
from collections import Counter
from typing import Any, Final

import fastavro
import redis
from confluent_kafka import Consumer, Message, Producer

from bench.recovering import used_cpu
from bench.worker import tell
from bookly import EventType
from bookly.catalog import EVENTS
from bookly.settings import Settings

AT_ONCE = 2_000
TELL_S = 0.1
HOUR: Final = 3_600_000_000


class RawFold:
    def __init__(self, name: str, topic: str, settings: Settings) -> None:
        servers = {"bootstrap.servers": settings.brokers}
        self.consumer = Consumer(
            {**servers, "group.id": group(name), "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        )
        self.consumer.subscribe([topic], on_assign=lambda _, places: tell({"took_over": [place.partition for place in places]}))
        self._producer = Producer({**servers, "linger.ms": 0, "compression.type": "lz4", "queue.buffering.max.messages": 500_000})
        self._redis = redis.Redis.from_url(settings.redis)
        self._schema = fastavro.parse_schema(json.loads(EVENTS[EventType.RESERVATION_CREATED].schema))
        self._changelogs = changelogs(name)
        self._counts: tuple[Counter[str], Counter[str]] = Counter(), Counter()

    def batch(self) -> list[Message]:
        """What is there, without waiting for more; nothing after a tenth of a second."""
        first = self.consumer.poll(0.1)
        return [] if first is None else [first, *self.consumer.consume(AT_ONCE - 1, 0)]

    def apply(self, messages: list[Message], *, late: bool) -> None:
        dirty: tuple[dict[str, int], dict[str, int]] = {}, {}
        resources = set()
        for message in messages:
            resource, hour = self._read(message)
            resources.add(resource)
            for counts, changed, key in zip(self._counts, dirty, (resource, f"{resource}|{hour}"), strict=True):
                counts[key] += 1
                changed[key] = message.partition() or 0
        for topic, counts, changed in zip(self._changelogs, self._counts, dirty, strict=True):
            for key, partition in changed.items():
                self._producer.produce(topic, str(counts[key]).encode(), key, partition)
        if late:
            self._producer.flush()
            self.consumer.commit(asynchronous=False)
            self._empty(resources)
        else:
            self._producer.poll(0)
            self._empty(resources)
            self.consumer.commit(asynchronous=False)

    def _read(self, message: Message) -> tuple[str, int]:
        event: Any = fastavro.schemaless_reader(io.BytesIO((message.value() or b"")[5:]), self._schema, None)
        at = int(event["metadata"]["occurred_at"].timestamp() * 1e6)
        return str(event["data"]["resource_id"]), at - at % HOUR

    def _empty(self, resources: set[str]) -> None:
        self._redis.unlink(*(f"fold:{kind}:{resource}" for kind in ("resource", "list") for resource in resources))


def group(name: str) -> str:
    return f"bench-raw-{name}"


def changelogs(name: str) -> tuple[str, str]:
    return f"{group(name)}-by_resource", f"{group(name)}-by_hour"


def main(name: str, topic: str, order: str) -> None:
    fold = RawFold(name, topic, Settings.from_environment())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    applied, told, told_at, began = 0, 0, 0.0, (0.0, 0.0)
    try:
        while True:
            messages = fold.batch()
            if messages and not applied:
                began = time.monotonic(), used_cpu()
            if messages:
                fold.apply(messages, late=order == "late")
                applied += len(messages)
            now = time.monotonic()
            if applied > told and (not messages or now - told_at > TELL_S):
                told, told_at = applied, now
                at = now if messages else now - 0.1
                tell({"applied": applied, "began": began[0], "at": at, "cpu_s": used_cpu() - began[1]})
    except KeyboardInterrupt:
        fold.consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
