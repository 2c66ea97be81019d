"""The workload through the SDK, at a pace, and what the broker acknowledged of it."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer

from bookly import BlockingProducer, EventType
from bookly.errors import BooklyError
from bookly.settings import ProducerSettings
from bookly.transport import KafkaTransport
from faults.background import Background
from faults.log import Place
from faults.workload import SOURCE, Raw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bookly.delivery import Ticket
    from bookly.outgoing import Outgoing
    from bookly.registry import Registry
    from faults.workload import Sent

INPUT = "bookly.availability"
STEP_S = 0.02
MEGABYTE = 1_000_000
UNKNOWN_ID = 999_999
LARGE = {"message.max.bytes": MEGABYTE + 40_000}  # what the broker takes, not what the client thinks


class RenamingTransport(KafkaTransport):
    """Sends to the run's own topics."""

    topics: Mapping[str, str]

    def send(self, outgoing: Outgoing, ticket: Ticket) -> None:
        super().send(outgoing._replace(topic=self.topics[outgoing.topic]), ticket)


@dataclass
class Publisher:
    """Publishes one phase in a thread. An event that the broker does not confirm may or may not be in the log."""

    brokers: str
    registry: Registry
    registry_url: str
    topics: Mapping[str, str]
    acknowledged: list[tuple[Place, str]] = field(default_factory=list)
    failed: int = 0
    published: int = 0
    share: float = 0.0  # of the phase under way

    def start(self, phase: Sequence[Sent], lasting: float) -> None:
        self.share = 0.0
        self._thread = Background("publisher", lambda: self._publish(phase, lasting))

    def finish(self) -> None:
        """Return when the phase is published, as far as the broker confirmed it. Raises what went wrong on the way."""
        self._thread.finish()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def put(self, raw: Raw) -> None:
        """One record past the SDK. Returns when the broker has it."""
        producer = Producer({"bootstrap.servers": self.brokers, "partitioner": "murmur2_random", "log_level": 0, **LARGE})
        headers: Any = [("ce_id", f"broken-{raw.kind}".encode()), ("custom", b"\x00kept\xff")]
        producer.produce(self.topics[INPUT], key=raw.key, value=self._bytes(raw.kind), headers=headers)
        producer.flush(60)
        self.published += 1

    def _bytes(self, kind: str) -> bytes:
        known = struct.pack(">bI", 0, self.registry.schema_id(EventType.RESERVATION_CREATED))
        return {
            "magic": b"\x01not avro at all",
            "truncated": known + b"\x48cut short",
            "unknown-id": struct.pack(">bI", 0, UNKNOWN_ID) + b"\x02a",
            "1mb": known + b"\xff" * (MEGABYTE - 5),
        }[kind]

    def _publish(self, phase: Sequence[Sent], lasting: float) -> None:
        settings = ProducerSettings.of(
            {"brokers": self.brokers, "registry": self.registry_url, "source": SOURCE, "kafka": {"log_level": 0}}
        )
        transport = RenamingTransport(settings)
        transport.topics = self.topics
        began, receipts = time.monotonic(), []
        with BlockingProducer(
            transport=transport, schemas=self.registry, brokers=self.brokers, registry=self.registry_url, source=SOURCE
        ) as producer:
            for number, sent in enumerate(phase, 1):
                self.share = number / len(phase)
                if isinstance(sent, Raw):
                    producer.flush()  # else it would overtake events that wait for company
                    self.put(sent)
                    continue
                try:
                    receipts.append(producer.enqueue(sent))
                except BooklyError:
                    self.failed += 1
                ahead = began + lasting * self.share - time.monotonic()
                if ahead > STEP_S:
                    time.sleep(ahead)  # the pace of the workload
            for receipt in receipts:
                if receipt.exception() is not None:
                    self.failed += 1
                    continue
                delivery = receipt.result()
                self.acknowledged.append((self._place(delivery), delivery.event_id))
                self.published += 1

    def _place(self, delivery: Any) -> Place:
        catalogued = {name: topic for topic, name in self.topics.items()}
        return Place(catalogued[delivery.topic], delivery.partition, delivery.offset)
