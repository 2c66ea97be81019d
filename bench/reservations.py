"""Reservations to measure with: the real event, encoded by our own encoder, in Confluent's wire format."""

from __future__ import annotations

import struct
import uuid
from typing import TYPE_CHECKING, Final

from confluent_kafka import Producer

from bookly import EventType
from bookly.records import ENCODERS
from bookly.records.availability import ReservationCreated
from bookly.records.envelope import Metadata
from bookly.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BEGAN: Final = 1_790_000_000_000_000  # event time in microseconds since 1970
OVER_S = 12_600  # event time runs over three and a half hours
HOUR_S = 3_600
PATIENCE_S = 120.0
FILLING: Final = {"linger.ms": 20, "queue.buffering.max.messages": 500_000}
SETTINGS: Final = {"enable.idempotence": True, "compression.type": "lz4", "partitioner": "murmur2_random"}


def encoder(registry_url: str) -> Callable[[int, str, float], bytes]:
    """Gives the bytes of reservation `number` of a resource, asked for `share` (0 to 1) into the event time."""
    registry = Registry(registry_url)
    prefix = struct.pack(">bI", 0, registry.schema_id(EventType.RESERVATION_CREATED))
    registry.close()
    encode = ENCODERS[ReservationCreated]

    def encoded(number: int, resource: str, share: float) -> bytes:
        own_id, at = str(uuid.UUID(int=number + 1, version=4)), BEGAN + int(share * OVER_S * 1_000_000)
        about = Metadata(own_id, ReservationCreated.TYPE, "bench", at, own_id, ReservationCreated.VERSION)
        begin = BEGAN + 86_400_000_000
        event = ReservationCreated(
            f"res-{number}", resource, "rooms", "u-4711", begin, begin + HOUR_S * 1_000_000, 24, None, None, about
        )
        return prefix + encode(event)

    return encoded


def fill(brokers: str, topic: str, events: Iterable[tuple[str, bytes]]) -> None:
    """Put events (key, value) into a topic. Raises TimeoutError when the broker does not take them."""
    _send(Producer({"bootstrap.servers": brokers, **FILLING, **SETTINGS}), topic, events)


def fill_hidden(brokers: str, topic: str, events: Iterable[tuple[str, bytes]]) -> Producer:
    """The same in a transaction that the returned producer has yet to commit.

    Until then nobody sees the events, so workers can be ready when all come at once.
    """
    about = {"transactional.id": topic, "transaction.timeout.ms": 300_000}
    producer = Producer({"bootstrap.servers": brokers, **FILLING, **SETTINGS, **about})
    producer.init_transactions(PATIENCE_S)
    producer.begin_transaction()
    _send(producer, topic, events)
    return producer


def _send(producer: Producer, topic: str, events: Iterable[tuple[str, bytes]]) -> None:
    for key, value in events:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.05)
    if producer.flush(PATIENCE_S):
        raise TimeoutError(f"the broker did not take all events of {topic} within {PATIENCE_S:.0f} s")
