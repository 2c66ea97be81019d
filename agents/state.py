"""What a handler may touch: rows of its domain's tables, and the events it causes.

Nothing here does I/O. Changes are kept when every handler of an event succeeded and put back when one raised, so a handler
that fails half-way leaves no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, overload
from uuid import UUID, uuid5

from bookly.records.envelope import Metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bookly.records import Record

Row = TypeVar("Row")
Happening = TypeVar("Happening", bound="Record")
BY_TIME = UUID("0e1b8f5e-6f0c-5d0b-9c0e-8a6b0f1f7a52")  # the name space of what no event has caused
CLOCK = "clock"  # the actor of what time does


class View(Generic[Row]):
    """Rows of one partition of a table. Rows are immutable: assign a new one.

    A change is made in place and the row before it is remembered, so reading costs what a dictionary costs, keeping is
    forgetting, and only the rare failure pays for putting things back.
    """

    __slots__ = ("_before", "base", "get", "told")

    def __init__(self, base: dict[str, Row]) -> None:
        self.base = base
        self.get = base.get  # type: ignore[method-assign,assignment]  # what Python runs is the dictionary's own
        self._before: dict[str, Row | None] = {}
        self.told: list[Callable[[Iterable[str]], None]] = []  # who is told which rows were put back

    if TYPE_CHECKING:

        @overload
        def get(self, key: str) -> Row | None: ...
        @overload
        def get(self, key: str, default: Row) -> Row: ...
        def get(self, key: str, default: Row | None = None) -> Row | None: ...

    def __contains__(self, key: str) -> bool:
        return key in self.base

    def __setitem__(self, key: str, row: Row) -> None:
        if key not in self._before:
            self._before[key] = self.get(key)
        self.base[key] = row

    def __delitem__(self, key: str) -> None:
        """Remove the row; the changelog gets a tombstone. Removing what is not there is no error."""
        if key not in self._before:
            self._before[key] = self.get(key)
        self.base.pop(key, None)

    @property
    def has_changed(self) -> bool:
        """Whether a row was written or removed since the last merge."""
        return bool(self._before)

    def merge(self) -> dict[str, Row | None]:
        """Keep the changes; the rows that changed as they were before, None for one that was not there."""
        before, self._before = self._before, {}
        return before

    def discard(self) -> None:
        """Put back the rows that were there at the last merge."""
        before, self._before = self._before, {}
        for key, row in before.items():
            if row is None:
                self.base.pop(key, None)
            else:
                self.base[key] = row
        for tell in self.told:
            tell(before)


class Table(Generic[Row]):
    """Declares a table of a domain: its durable name and the type of its rows (a frozen msgspec struct).

    On a state it reads as the view of the partition at hand. It has no `__set__`, so the view that the state
    keeps in its own dictionary is found first and the hot path pays for no descriptor. `indexes`: for a field, the table that
    handlers keep of the rows that share its value (agents/index.py).
    """

    def __init__(self, name: str, row: type[Row], indexes: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.row = row
        self.indexes = indexes or {}

    def open(self, base: dict[str, Row]) -> View[Row]:
        """The view of one partition's rows."""
        return View(base)

    @overload
    def __get__(self, state: None, owner: type) -> Self: ...
    @overload
    def __get__(self, state: State, owner: type) -> View[Row]: ...
    def __get__(self, state: State | None, owner: type) -> Self | View[Row]:
        return self


class State:
    """One partition of a domain's tables while a batch runs, and what its handlers have caused so far."""

    def __init__(self, source: str, data: Mapping[str, dict[str, Any]]) -> None:
        self.views: dict[str, View[Any]] = {}
        for attribute, table in tables_of(type(self)):
            view: View[Any] = table.open(data[table.name])
            self.views[table.name] = self.__dict__[attribute] = view
        self.emitted: list[Record] = []
        self.repeats = 0
        self.event: Any = None  # the one at hand: what its handlers emit is caused by it
        self.written_at: int | None = None  # when the log took it, by the broker (microseconds); None in a domain without a clock
        self.derived: dict[Any, Any] = {}  # what is made of the rows and can be made again: it ends with this owner
        self.is_held: Callable[[str], bool] = lambda _: False  # whether events of this key wait behind one that failed
        self._source = source
        self._emissions: dict[tuple[int, str], int] = {}  # since the last merge, by event at hand and type

    @property
    def cause(self) -> Metadata:
        """Of the event at hand."""
        return cast("Metadata", self.event.metadata)

    def emit(self, record: Record) -> None:
        """Publish an event caused by the one at hand, in the same transaction as the rows that it changes.

        Its id is derived from the cause (UUIDv5), so that a redelivery emits the same id; it happened when the cause
        happened, for a handler has no clock.
        """
        cause = self.cause
        event_type, emissions = record.TYPE, self._emissions
        if not self.emitted:
            emissions.clear()  # what was emitted before has been kept, or dropped
        counted = (id(self.event), event_type)  # not its event_id: the same event read twice in a slice emits the same ids twice
        number = emissions[counted] = emissions.get(counted, 0) + 1
        name = f"{self._source}/{event_type}#{number}"
        record.metadata = Metadata(
            event_id=str(uuid5(UUID(cause.event_id), name)),
            type=event_type,
            source=self._source,
            occurred_at=cause.occurred_at,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            version=record.VERSION,
            actor=cause.actor,
        )
        self.emitted.append(record)

    def happen(
        self, record: Happening, name: str, at: int, *, cause: str | None = None, correlation: str | None = None
    ) -> Happening:
        """Publish an event that time brings about, not another event. From here on it is the one at hand: handlers may be called
        with it, and what they emit is caused by it.

        `name`: what ran out (a timer, a window): the id is derived from it and from `cause`, the id of the event that it goes
        back to, if there is one; so the same name is the same event, and doing it again publishes the same id.
        """
        event_id = str(uuid5(UUID(cause) if cause else BY_TIME, f"{self._source}/{record.TYPE}/{name}"))
        record.metadata = Metadata(
            event_id=event_id,
            type=record.TYPE,
            source=self._source,
            occurred_at=at,
            correlation_id=correlation or event_id,
            causation_id=cause,
            version=record.VERSION,
            actor=CLOCK,
        )
        self.emitted.append(record)
        self.event = record
        return record

    def repeat(self) -> None:
        """Count an illegal or repeated transition: it changed nothing."""
        self.repeats += 1

    def discard(self) -> None:
        """Drop all that happened since the last merge."""
        self.event = None
        for view in self.views.values():
            view.discard()
        self.emitted.clear()
        self.repeats = 0


def tables_of(state: type[State]) -> Iterator[tuple[str, Table[Any]]]:
    """The tables that a state class declares, with the attribute that names each."""
    for attribute, value in vars(state).items():
        if isinstance(value, Table):
            yield attribute, value
