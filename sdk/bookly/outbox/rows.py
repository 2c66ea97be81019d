"""An event on its way: what is written of it in the transaction, and the record that the relay makes of that."""

from __future__ import annotations

import json
import time
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from bookly.errors import MalformedBytes
from bookly.outgoing import Outgoing

SHARDS = 64  # more relays than these would have nothing to do

if TYPE_CHECKING:
    from bookly.spec import EventSpec


class Row(NamedTuple):
    """What the relay reads."""

    id: int
    lane: int
    event_id: str
    event_type: str
    topic: str
    key: str
    headers: str
    subject: str
    fingerprint: str
    body: bytes

    def record(self, prefix: bytes) -> Outgoing:
        """As it goes to the broker; `prefix` is the magic byte and the schema's id. Raises MalformedBytes."""
        try:
            headers = [(name, text.encode()) for name, text in json.loads(self.headers)]
        except (ValueError, TypeError, AttributeError) as error:
            raise MalformedBytes(f"{self.event_type} {self.event_id}: its row has no headers ({type(error).__name__})") from None
        return Outgoing(self.topic, self.key.encode(), prefix + bytes(self.body), headers, self.event_type, self.event_id)


def values_of(sent: Outgoing) -> dict[str, Any]:
    """The columns of an event whose value is its body alone."""
    lane = lane_of(sent.topic, sent.key)
    subject, fingerprint = _written_with(sent.event)
    return {
        "lane": lane,
        "shard": lane % SHARDS,
        "event_id": sent.event_id,
        "event_type": sent.event,
        "topic": sent.topic,
        "key": sent.key.decode(),
        "headers": json.dumps([(name, value.decode()) for name, value in sent.headers], ensure_ascii=False),
        "subject": subject,
        "fingerprint": fingerprint,
        "body": sent.value,
        "written_at": now(),
    }


def lane_of(topic: str, key: bytes) -> int:
    """64 bits, signed, as a bigint and an advisory lock are. Two keys that share a lane would only wait for each other."""
    return int.from_bytes(blake2b(topic.encode() + b"\0" + key, digest_size=8).digest(), "big", signed=True)


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


@cache
def _written_with(event_type: str) -> tuple[str, str]:
    from bookly.catalog import EVENTS, EventType  # noqa: PLC0415  # the generated part loads when it is needed
    from bookly.fingerprints import fingerprint_of  # noqa: PLC0415

    spec: EventSpec = EVENTS[EventType(event_type)]
    return spec.subject, fingerprint_of(spec.schema)
