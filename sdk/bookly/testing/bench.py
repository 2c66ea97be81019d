"""Handlers without a broker: given what happened, when this happens, then these rows and events."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import msgspec

from bookly.cache.stale import STALE
from bookly.cache.staling import Tagger
from bookly.cache.types import TYPES
from bookly.errors import EventTooLarge, MalformedBytes, UnknownSchema
from bookly.reading import decode_record
from bookly.records import ENCODERS, NO_METADATA
from bookly.settings import EVENT_BYTES
from bookly.testing.events import DeadLetter, happened, said
from bookly.testing.in_memory import InMemorySchemas
from bookly.testing.parking import Bad, Parking, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bookly.cache.stale import StaleMap
    from bookly.records import Record
    from bookly.registry import Registry
    from bookly.testing.domain import Domain, Table

Event = TypeVar("Event", bound="Record")


def given(domain: Domain, *history: Record, dead_letters: bool = False, stale: StaleMap = STALE) -> DomainBench:
    """A domain on one empty partition to which this has happened. The rest is as for DomainBench."""
    return DomainBench(domain, dead_letters=dead_letters, stale=stale).when(*history)


class DomainBench:
    """One partition of a domain in memory. An event is applied wholly or, when a handler raises, not at all.

    What a handler raises is raised here, too: a test that expects no failure sees it. With `dead_letters` the bench answers as
    the engine does: the event becomes a dead letter, and later ones of its key that have a handler wait until `release`.
    `emitted`, `repeats`, `stale` and `dead_letters` are those of the last call; `tables` holds all rows that there are.
    """

    def __init__(self, domain: Domain, *, dead_letters: bool = False, stale: StaleMap = STALE) -> None:
        self.domain = domain
        self.tables: dict[str, dict[str, Any]] = {table.name: {} for table in domain.tables}
        self._state = domain.state(domain.name, self.tables)
        self._sets_aside = dead_letters
        self._parking = Parking()
        self._numbers = count()
        self._tagger = Tagger(stale)
        self._schemas = InMemorySchemas()
        self._start()

    def when(self, *events: Record) -> Self:
        """Run the handlers of each event in turn. One that has no metadata happens on MONDAY and gets an id."""
        self._start()
        for event in events:
            dated = happened(event) if event.metadata is NO_METADATA else event
            self._take(Taken(getattr(event, event.KEY_FIELD), event=dated, number=next(self._numbers)))
        return self

    def clock(self, now: int) -> Self:
        """Let time pass without an event, up to `now` (microseconds since 1970): about what a worker does once a second.

        What a domain raises then is raised here, whatever `dead_letters` says: it would end the process.
        """
        self._start()
        self._state.event = None
        try:
            self.domain.on_time(now, self._state)
            for emitted in self._state.emitted:
                _refuse_unwritable(emitted)
        except Exception:
            self._state.discard()
            raise
        self.stale.update(self._tagger.tags_of_all(self.domain.name, self._state.emitted))
        self._merge()
        return self

    def when_raw(self, value: bytes | None, key: str) -> Self:
        """Take a record as it lies on a topic. Raises MalformedBytes or UnknownSchema, or makes it a dead letter."""
        self._start()
        self._take(Taken(key, value, number=next(self._numbers)))
        return self

    def wire(self, event: Record) -> bytes:
        """The bytes that `when_raw` takes for an event."""
        dated = happened(event) if event.metadata is NO_METADATA else event
        return b"\0" + self._schemas.schema_id(event.TYPE).to_bytes(4, "big") + ENCODERS[type(event)](dated)

    def release(self, key: str, *, skip: bool = False) -> Self:
        """Try the failed record of a key again, or `skip` it for good; then those behind it in order, until one fails.

        Raises KeyError when nothing of this key has failed.
        """
        self._start()
        self._parking.release(key, self._attempt, skip=skip)
        return self

    def replay(self, key: str) -> Self:
        """Everything that ever came of this key comes again, as by a replay of its log: only what was skipped is tried again."""
        self._start()
        for record, failures in self._parking.take_up(key):
            self._take(record, failures + 1)
        return self

    def parked(self, key: str) -> list[Record | None]:
        """The events that wait behind the failed one of this key, in order; None for bytes that are none."""
        return self._parking.behind(key)

    def row(self, table: str, key: str) -> Any:
        """The row, or None. Raises KeyError when the domain has no such table."""
        return self._table(table).get(key)

    def rows(self, table: str) -> dict[str, Any]:
        """All rows of a table by key, as they are now. Raises KeyError when the domain has no such table."""
        return dict(self._table(table))

    @property
    def kinds(self) -> list[type[Record]]:
        """The classes of the emitted events, in order."""
        return [type(event) for event in self.emitted]

    def all(self, kind: type[Event]) -> list[Event]:
        """The emitted events of this class, in order."""
        return [event for event in self.emitted if isinstance(event, kind)]

    def one(self, kind: type[Event]) -> Event:
        """The only emitted event of this class. Raises AssertionError, which says what was emitted, where it is not one."""
        found = self.all(kind)
        if len(found) != 1:
            there = ", ".join(other.__name__ for other in self.kinds) or "nothing"
            raise AssertionError(f"{len(found)} {kind.__name__} were emitted, not one; in all: {there}")
        return found[0]

    def is_stale(self, cache_type: str, *parts: str, shows: Iterable[str] = ()) -> bool:
        """Whether the entry with this key went stale in the last call. `shows`: tags of what its loader would name."""
        return not self.stale.isdisjoint((*TYPES[cache_type].tags_of(*parts), *shows))

    def _table(self, name: str) -> dict[str, Any]:
        if name not in self.tables:
            raise KeyError(f"{self.domain.name} has no table {name!r}; it has {', '.join(self.tables)}")
        return self.tables[name]

    def _start(self) -> None:
        self.emitted: list[Record] = []
        self.repeats = 0
        self.stale: set[str] = set()  # the tags, as docs/caching.md names them
        self.dead_letters: list[DeadLetter] = []

    def _take(self, record: Taken, attempt: int = 1) -> None:
        record = self._read(record)
        if record.key in self._parking and (record.event is None or type(record.event) in self.domain.handlers):
            self._parking.park(record)
        elif not self._attempt(record, attempt):
            self._parking.hold(record, attempt)

    def _read(self, record: Taken) -> Taken:
        """With its event, or with the reason why its bytes are none."""
        if record.event is not None:
            return record
        try:
            return record._replace(event=decode_record(record.value, cast("Registry", self._schemas))[1])
        except MalformedBytes as error:
            return record._replace(bad=("MALFORMED", error))
        except UnknownSchema as error:
            return record._replace(bad=("UNKNOWN_SCHEMA", error))

    def _attempt(self, record: Taken, attempt: int) -> bool:
        """Apply it wholly; where that cannot be, it is a dead letter and leaves no other trace."""
        bad = record.bad or self._apply(record.event)
        if bad is None:
            return True
        reason, error = bad
        if not self._sets_aside:
            raise error
        names = [handler.__name__ for handler in self.domain.handlers.get(type(record.event), ())]
        self.dead_letters.append(DeadLetter(reason, said(error), ",".join(names), record.key, record.event, attempt))
        return False

    def _apply(self, event: Any) -> Bad | None:
        """All handlers of the event, or nothing and why."""
        self._state.event = event
        try:
            for handler in self.domain.handlers.get(type(event), ()):
                handler(event, self._state)
            for emitted in self._state.emitted:
                _refuse_unwritable(emitted)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises
            self._state.discard()
            return "HANDLER_RAISED", error
        self._merge()
        self.stale.update(self._tagger.tags(self.domain.name, event.TYPE, event))
        return None

    def _merge(self) -> None:
        for table in self.domain.tables:
            for key in self._state.views[table.name].merge():
                _refuse_unrecoverable(table, key, self.tables[table.name])
        self.emitted += self._state.emitted
        self.repeats += self._state.repeats
        self._state.discard()


def _refuse_unwritable(event: Record) -> None:
    """One that its schema does not allow, or that the broker would not take, is the handler's fault."""
    size = len(ENCODERS[type(event)](event))
    if size > EVENT_BYTES:
        raise EventTooLarge(type(event).__name__, event.metadata.event_id, size, EVENT_BYTES)


def _refuse_unrecoverable(table: Table, key: str, rows: Mapping[str, Any]) -> None:
    """A row that its changelog would bring back as another one would change with the next worker that takes over."""
    if not isinstance(key, str):
        raise AssertionError(  # noqa: TRY004  # what a test sees
            f"{table.name}: the key {key!r} is {type(key).__name__}, not text; a changelog keeps text"
        )
    if key not in rows:
        return
    row = rows[key]
    if row is None:
        raise AssertionError(f"{table.name}[{key}] was set to None, which a changelog keeps as no row: delete it instead")
    stored = msgspec.json.decode(msgspec.json.encode(row), type=table.row)
    if stored != row:
        raise AssertionError(f"{table.name}[{key}] is not what its changelog would bring back: {row} became {stored}")
