"""What is on the broker when a run is quiet: its input, its dead letters, what is parked, its rows and what it emitted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from api.tables import read_log
from bookly.errors import MalformedBytes, UnknownSchema
from bookly.reading import decode_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka import Message

    from bookly.records import Record
    from bookly.registry import Registry
    from faults.domains import RunDomain

DEAD, PARKED = "dead", "parked"
HEAD = "head"  # of the line that waits: the failed record itself, which is a dead letter, too
OURS = "parked."


class Place(NamedTuple):
    """Of a record. The topic has the catalogue's name."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class Entry:
    """A record of the input. `event` is None where the bytes are none; `own`: the domain itself emitted it."""

    place: Place
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    event: Record | None
    own: bool = False


class Aside(NamedTuple):
    """A record that was set aside, `where` it lies now, and what was kept of it."""

    place: Place
    where: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Emission(NamedTuple):
    """An event that the domain emitted; two with one id are the same fact told twice."""

    key: str
    event_type: str
    event_id: str


Rows: TypeAlias = dict[tuple[int, str], Any]  # by partition and key: an index has a row of a key in each


@dataclass
class Found:
    """All of it."""

    entries: list[Entry] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=dict)
    emitted: list[Emission] = field(default_factory=list)

    def aside_of(self) -> dict[Place, str]:
        return {each.place: each.where for each in self.aside if each.where != HEAD}


@dataclass
class LogReader:
    """Reads one run's topics."""

    brokers: str
    registry: Registry
    domain: RunDomain

    def read(self, emits: str) -> Found:
        """Everything that is committed. `emits`: the catalogue's topic that the domain emits to."""
        catalogued = {name: topic for topic, name in self.domain.renamed.items()}
        found = Found()
        for message in read_log(self.brokers, *catalogued):
            topic = catalogued[str(message.topic())]
            entry = self._entry(message, topic)
            if message.topic() in self.domain.topics:
                found.entries.append(entry)
            if topic == emits and entry.own and entry.event is not None:
                event = entry.event
                key = str(getattr(event, event.KEY_FIELD))
                found.emitted.append(Emission(key, event.TYPE, event.metadata.event_id))
        found.aside = [*self._dead_letters(catalogued), *self._parked(catalogued)]
        found.rows = {table.name: self._rows(table.name) for table in self.domain.tables}
        return found

    def _entry(self, message: Message, topic: str) -> Entry:
        place = Place(topic, int(message.partition() or 0), int(message.offset() or 0))
        try:
            event = decode_record(message.value(), self.registry)[1]
        except (MalformedBytes, UnknownSchema):
            event = None
        own = event is not None and event.metadata.source == self.domain.name
        return Entry(place, message.key(), message.value(), headers_of(message), event, own)

    def _dead_letters(self, catalogued: Mapping[str, str]) -> list[Aside]:
        return [dead_letter(message, catalogued) for message in read_log(self.brokers, self.domain.dead_letters)]

    def _parked(self, catalogued: Mapping[str, str]) -> list[Aside]:
        """In the order in which they would be released."""
        waiting: dict[bytes, Message] = {}
        for message in read_log(self.brokers, self.domain.parked):
            name = message.key() or b""
            waiting.pop(name, None)
            if message.value() is not None:
                waiting[name] = message
        return [parked(name, waiting[name], catalogued) for name in sorted(waiting)]

    def _rows(self, table: str) -> Rows:
        rows: Rows = {}
        for message in read_log(self.brokers, self.domain.changelog(table)):
            key, value = (message.partition() or 0, (message.key() or b"").decode()), message.value()
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = json.loads(value)
        return rows


def headers_of(message: Message) -> tuple[tuple[str, bytes], ...]:
    found: Any = message.headers() or ()  # typed too widely: it is a list of pairs
    return tuple((name, value or b"") for name, value in found)


def dead_letter(message: Message, catalogued: Mapping[str, str]) -> Aside:
    """By its headers: where the record came from, and the headers that it had there."""
    headers = headers_of(message)
    about = dict(headers)
    place = Place(
        catalogued[about["dead.topic"].decode()], int(about["dead.partition"].decode()), int(about["dead.offset"].decode())
    )
    kept = tuple(header for header in headers if not header[0].startswith("dead."))
    return Aside(place, DEAD, message.key(), message.value(), kept)


def parked(name: bytes, message: Message, catalogued: Mapping[str, str]) -> Aside:
    """By the headers that were put before its own: where it came from, and whether it waits or is what is waited for."""
    headers = headers_of(message)
    ours = {header.removeprefix(OURS): value.decode() for header, value in headers if header.startswith(OURS)}
    place = Place(catalogued[ours["topic"]], int(ours["partition"]), int(ours["offset"]))
    value = None if ours["empty"] == "1" else message.value()
    kept = tuple(header for header in headers if not header[0].startswith(OURS))
    return Aside(place, PARKED if ours["attempt"] == "0" else HEAD, name.rpartition(b"|")[0], value, kept)
