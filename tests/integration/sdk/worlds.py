"""Where a producer publishes to: real servers, or the stand-ins of bookly.testing. Tests ask both for the same things."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from confluent_kafka import Consumer, TopicPartition

from bookly.events.availability import ReservationCreated
from bookly.testing import NOWHERE, InMemoryBroker, InMemorySchemas
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack import Stack
    from tests.integration.sdk.verbs import Verbs

TOPIC = "bookly.availability"
WHEN = datetime(2026, 11, 25, 9, tzinfo=UTC)


class Written(NamedTuple):
    """A record as a reader finds it."""

    key: bytes
    value: bytes
    headers: dict[str, bytes]


def reservation(number: int = 0, *, resource_id: str = "room-b204", **fields: Any) -> ReservationCreated:
    """A valid event; `fields` change it."""
    valid: dict[str, Any] = {
        "reservation_id": f"res-{number}",
        "resource_id": resource_id,
        "category_id": "rooms",
        "user_id": "u-4711",
        "starts_at": WHEN,
        "ends_at": WHEN + timedelta(minutes=90),
        "attendees": 24,
    }
    return ReservationCreated(**{**valid, **fields})


@dataclass
class InMemory:
    """The stand-ins."""

    make: Callable[..., Verbs]
    schemas: InMemorySchemas = field(default_factory=InMemorySchemas)
    brokers: list[InMemoryBroker] = field(default_factory=list)

    def producer(self, **settings: Any) -> Verbs:
        ours = {name: settings[name] for name in ("buffer_events", "delivery_timeout") if name in settings}
        self.brokers.append(InMemoryBroker(**ours))
        return self.make(**{"source": "test", **NOWHERE, **settings}, transport=self.brokers[-1], schemas=self.schemas)

    def written(self, count: int) -> list[Written]:
        records = [record for broker in self.brokers for record in broker.records]
        assert len(records) == count
        return [Written(record.key, record.value, dict(record.headers)) for record in records]

    def pause(self) -> None:
        self.brokers[-1].pause()

    def resume(self) -> None:
        self.brokers[-1].resume()


class Real:
    """The stack's servers; reads the topic from where it ended when the test began."""

    def __init__(self, make: Callable[..., Verbs], stack: Stack) -> None:
        self.make, self.stack = make, stack
        self._consumer = Consumer(
            {**librdkafka_settings(stack.brokers), "group.id": uuid.uuid4().hex, "enable.partition.eof": True}
        )
        partitions = self._consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
        ends = [self._consumer.get_watermark_offsets(TopicPartition(TOPIC, number), timeout=10)[1] for number in partitions]
        self._consumer.assign([TopicPartition(TOPIC, number, end) for number, end in zip(partitions, ends, strict=True)])

    def producer(self, **settings: Any) -> Verbs:
        servers = {"brokers": self.stack.brokers, "registry": self.stack.registry, "warm_up": False}
        return self.make(**{"source": "test", **servers, **settings})

    def written(self, count: int) -> list[Written]:
        """All records since the beginning, read until the end of every partition."""
        records: list[Written] = []
        ended: set[int | None] = set()
        while len(ended) < len(self._consumer.assignment()) or len(records) < count:
            message = self._consumer.poll(20)
            assert message is not None, f"{len(records)} of {count} records within 20 s"
            if message.error() is not None:
                ended.add(message.partition())
                continue
            records.append(Written(message.key() or b"", message.value() or b"", dict(cast("Any", message.headers()))))
        assert len(records) == count
        return records

    def pause(self) -> None:
        self.stack.broker.pause()

    def resume(self) -> None:
        self.stack.broker.resume()

    def close(self) -> None:
        self._consumer.close()
