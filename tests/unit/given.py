"""Handlers without a broker: given what happened, when this happens, then these rows and events."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import NAMESPACE_URL, uuid5

import msgspec

from bookly.records import ENCODERS, NO_METADATA, Metadata

if TYPE_CHECKING:
    from agents.domain import Domain
    from bookly.records import Record

MIDNIGHT = 1_795_392_000_000_000  # 2026-11-23T00:00Z, a Monday: when events happen unless a test says otherwise
HOUR = 3_600_000_000

Event = TypeVar("Event", bound="Record")
_numbers = count(1)


def hour(number: float) -> int:
    """So many hours after MIDNIGHT, in microseconds."""
    return MIDNIGHT + int(number * HOUR)


def at(number: float, event: Event, actor: str | None = None) -> Event:
    """The event, happening at this hour, with an id of its own."""
    event_id = str(uuid5(NAMESPACE_URL, f"{event.TYPE}/{next(_numbers)}"))
    event.metadata = Metadata(event_id, event.TYPE, "test", hour(number), event_id, event.VERSION, None, actor)
    return event


def given(domain: Domain, *history: Record) -> Bench:
    """A domain on one empty partition to which this has happened."""
    return Bench(domain).when(*history)


class Bench:
    """One partition of a domain in memory. Every event is applied wholly or, when a handler raises, not at all."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.tables: dict[str, dict[str, Any]] = {table.name: {} for table in domain.tables}
        self.emitted: list[Record] = []
        self.repeats = 0
        self._state = domain.state(domain.name, self.tables)

    def when(self, *events: Record) -> Self:
        """Run the handlers of each event in turn. `emitted` and `repeats` are those of the last call."""
        self.emitted, self.repeats = [], 0
        for event in events:
            self._apply(at(0, event) if event.metadata is NO_METADATA else event)
        return self

    def row(self, table: str, key: str) -> Any:
        """The row, or None."""
        return self.tables[table].get(key)

    @property
    def kinds(self) -> list[type[Record]]:
        """The classes of the emitted events, in order."""
        return [type(event) for event in self.emitted]

    def all(self, kind: type[Event]) -> list[Event]:
        """The emitted events of this class, in order."""
        return [event for event in self.emitted if isinstance(event, kind)]

    def one(self, kind: type[Event]) -> Event:
        """The only emitted event of this class."""
        (event,) = self.all(kind)
        return event

    def _apply(self, event: Record) -> None:
        self._state.begin(event.metadata)
        try:
            for handler in self.domain.handlers.get(type(event), ()):
                handler(event, self._state)
            for emitted in self._state.emitted:
                ENCODERS[type(emitted)](emitted)  # an event that cannot be written is the handler's fault
        except Exception:
            self._state.discard()
            raise
        self._merge()

    def _merge(self) -> None:
        for table in self.domain.tables:
            for key, row in self._state.views[table.name].merge().items():
                stored = None if row is None else msgspec.json.decode(msgspec.json.encode(row), type=table.row)
                assert stored == row, f"{table.name}[{key}] is not what its changelog would bring back: {row} became {stored}"
        self.emitted += self._state.emitted
        self.repeats += self._state.repeats
        self._state.discard()
