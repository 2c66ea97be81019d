"""Emitted events to records: the generated encoder, the schema id, the headers of the catalogue, the partition of the key."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from aiokafka.partitioner import murmur2

from agents.engine.outgoing import Outgoing
from bookly.errors import EventTooLarge
from bookly.headers import headers_of
from bookly.records import ENCODERS
from bookly.settings import EVENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bookly.records import Record


class Encoding:
    """`ids`: the schema id of each event type. `partitions`: how many each topic has (all the same number)."""

    def __init__(self, ids: Mapping[str, int], partitions: int) -> None:
        self._prefixes = {event_type: struct.pack(">bI", 0, schema_id) for event_type, schema_id in ids.items()}
        self._partitions = partitions

    def encode(self, records: Iterable[Record], traceparents: Iterable[str] | None = None) -> list[Outgoing]:
        """Raises InvalidEvent when a handler has put into an event what its schema does not allow, EventTooLarge for too much.

        `traceparents`: of each, where traces are kept; else all events of one correlation belong to one trace.
        """
        if traceparents is None:
            return [self._encode(record) for record in records]
        return [self._encode(*each) for each in zip(records, traceparents, strict=True)]

    def _encode(self, record: Record, traceparent: str | None = None) -> Outgoing:
        key = getattr(record, record.KEY_FIELD)
        value = self._prefixes[record.TYPE] + ENCODERS[type(record)](record)
        if len(value) > EVENT_BYTES:
            raise EventTooLarge(type(record).__name__, record.metadata.event_id, len(value), EVENT_BYTES)
        headers = headers_of(record.metadata, key, traceparent)
        return Outgoing(record.TOPIC, self.partition_of(key.encode()), key.encode(), value, headers)

    def partition_of(self, key: bytes) -> int:
        """The partition that every producer of ours chooses for a key: murmur2, as Java's default partitioner does."""
        return int(murmur2(key) & 0x7FFFFFFF) % self._partitions
