"""Stand-ins for the broker and the registry, so that a service tests what it publishes without servers.

    broker = InMemoryBroker()
    async with Producer(source="booking-web", transport=broker, schemas=InMemorySchemas(), **NOWHERE) as producer: ...
    assert broker.records[0].event == "availability.reservation.created"

They run the same tests as the real ones.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter, deque
from threading import Condition
from typing import TYPE_CHECKING, Any, NamedTuple

from bookly.catalog import EVENTS, EventType
from bookly.errors import BrokerUnavailable, DeliveryFailed, RegistryUnavailable, UnknownSchema
from bookly.fingerprints import fingerprint_of
from bookly.reading import decoder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookly.delivery import Ticket
    from bookly.outgoing import Outgoing
    from bookly.records import Record

NOWHERE = {"brokers": "in-memory", "registry": "in-memory"}
_PARTITIONS = 4


class Place(NamedTuple):
    """Where a record lies, asked as the real client's messages are."""

    of_topic: str
    of_partition: int
    of_offset: int

    def topic(self) -> str:
        return self.of_topic

    def partition(self) -> int:
        return self.of_partition

    def offset(self) -> int:
        return self.of_offset


class InMemoryBroker:
    """Confirms what it is sent, in order, and keeps it in `records`; can be away, silent, full or broken."""

    def __init__(self, *, buffer_events: int = 100_000, delivery_timeout: float = 30.0, away: bool = False) -> None:
        self.records: list[Outgoing] = []
        self._buffer_events, self._delivery_timeout, self._away = buffer_events, delivery_timeout, away
        self._waiting: deque[tuple[float, Outgoing, Ticket]] = deque()
        self._ends: Counter[tuple[str, int]] = Counter()
        self._changed = Condition()
        self._silent = self._abandoned = False
        self._broken = ""

    def pause(self) -> None:
        """Answer nothing from now on; what waits longer than the delivery timeout fails."""
        with self._changed:
            self._silent = True

    def resume(self) -> None:
        with self._changed:
            self._silent = False
            self._changed.notify_all()

    def break_session(self, reason: str) -> None:
        """From now on nothing is taken, as after a fatal error of the idempotent session."""
        self._broken = reason

    def connect(self, limit: float) -> None:
        if self._away:
            raise BrokerUnavailable("in-memory", limit, "it is away")

    def send(self, outgoing: Outgoing, ticket: Ticket) -> None:
        if self._broken:
            raise DeliveryFailed(outgoing.event, outgoing.event_id, self.reason(self._broken))
        with self._changed:
            if len(self._waiting) >= self._buffer_events:
                raise BufferError("full")
            self._waiting.append((time.monotonic() + self._delivery_timeout, outgoing, ticket))
            self._changed.notify_all()

    def poll(self, timeout: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting and not self._silent, timeout)
            while self._waiting and (not self._silent or self._abandoned or self._waiting[0][0] < time.monotonic()):
                _, outgoing, ticket = self._waiting.popleft()
                if self._silent:
                    ticket("no answer within the delivery timeout" if not self._abandoned else "the producer was closed", None)
                else:
                    ticket(None, self._keep(outgoing))

    def reason(self, failure: Any) -> str:
        return str(failure)

    def abandon(self) -> None:
        with self._changed:
            self._abandoned = self._silent = True

    def _keep(self, outgoing: Outgoing) -> Place:
        partition = zlib.crc32(outgoing.key) % _PARTITIONS
        offset = self._ends[outgoing.topic, partition]
        self._ends[outgoing.topic, partition] += 1
        self.records.append(outgoing)
        return Place(outgoing.topic, partition, offset)


class InMemorySchemas:
    """Gives each event type an id when first asked; `unknown` ones it does not know, and while `away` it answers nothing new."""

    def __init__(self, *, unknown: Iterable[str] = (), away: bool = False) -> None:
        self.away = away
        self._unknown = set(unknown)
        self._ids: dict[str, int] = {}

    def known_id(self, event_type: str) -> int | None:
        return self._ids.get(event_type)

    def schema_id(self, event_type: str) -> int:
        if event_type not in self._ids:
            if self.away:
                raise RegistryUnavailable("in-memory", event_type, "it is away")
            if event_type in self._unknown:
                raise UnknownSchema(f"The registry does not know {event_type}: provision it (make provision).")
            self._ids[event_type] = len(self._ids) + 1
        return self._ids[event_type]

    def version_id(self, subject: str, fingerprint: str) -> int:
        """The id of the version that this SDK writes, if it is that one: it knows no others."""
        if self.away:
            raise RegistryUnavailable("in-memory", subject, "it is away")
        for spec in EVENTS.values():
            if spec.subject == subject and fingerprint_of(spec.schema) == fingerprint:
                return self.schema_id(spec.type.value)
        raise UnknownSchema(f"The registry has no version of {subject} with the fingerprint {fingerprint}.")

    def warm_up(self, event_types: Iterable[str]) -> None:
        for event_type in event_types:
            if self.away:
                self.schema_id(event_type)
            if event_type not in self._unknown:
                self.schema_id(event_type)

    def decoder(self, schema_id: int) -> Callable[[bytes, int], Record]:
        """How to read a body written with the schema that has this id here. Raises UnknownSchema for one that it never gave."""
        for event_type, given_id in self._ids.items():
            if given_id == schema_id:
                return decoder_of(EVENTS[EventType(event_type)].schema, schema_id)
        raise UnknownSchema(f"The in-memory registry gave no event the schema id {schema_id}.")

    def close(self) -> None:
        """Nothing is open."""
