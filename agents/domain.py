"""A domain: its tables and the handlers that react to events. All that the engine needs to run it, and nothing that runs."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from agents.state import State, Table, tables_of
from agents.timers import TimerTable, fire
from bookly import EventType
from bookly.catalog import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from agents.timers import Rule

    Handler = Callable[[Any, Any], None]
    Clock = Callable[[int, Any], None]


class DomainError(Exception):
    """A domain is declared in a way that cannot work; the message says which handler and why."""


@dataclass(frozen=True)
class Domain:
    """One consumer group. `handlers`: by event class, in the order in which they are called.

    `timers`: what happens when a timer of a kind runs out. `clock`: told about once a second what time it is (microseconds since
    1970, UTC) for each partition, also when no event comes.
    """

    name: str
    state: type[State]
    handlers: Mapping[type[Any], tuple[Handler, ...]]
    timers: Mapping[str, Rule] = field(default_factory=dict)
    clock: Clock | None = None

    @classmethod
    def of(
        cls,
        name: str,
        state: type[State],
        handlers: Iterable[Handler],
        *,
        timers: Mapping[str, Rule] | None = None,
        clock: Clock | None = None,
    ) -> Domain:
        """Read from each handler's first annotation which events it is for. Raises DomainError on a double or missing claim."""
        if timers and not any(isinstance(table, TimerTable) for _, table in tables_of(state)):
            raise DomainError(f"{name} has rules for timers and no table of them: declare `timers = TimerTable()`")
        claims: dict[type[Any], list[Handler]] = {}
        for handler in handlers:
            for event in events_of(handler):
                claimed = claims.setdefault(event, [])
                if handler in claimed:
                    raise DomainError(f"{name}: {handler.__name__} is listed twice for {event.__name__}")
                claimed.append(handler)
        return cls(name, state, {event: tuple(claimed) for event, claimed in claims.items()}, timers or {}, clock)

    @property
    def has_clock(self) -> bool:
        """Whether anything here happens by time alone."""
        return bool(self.timers) or self.clock is not None

    def without_timers(self) -> Domain:
        """The same, in which timers are set and never run out: what they stand for comes from outside."""
        return replace(self, timers={})

    def on_time(self, now: int, state: State) -> None:
        """What happens by time alone, up to `now` (microseconds since 1970, UTC)."""
        if self.timers:
            fire(now, state, self.timers)
        if self.clock is not None:
            self.clock(now, state)

    @property
    def group(self) -> str:
        return f"bookly-{self.name}"

    @property
    def dead_letters(self) -> str:
        return f"bookly.{self.name}.dead"

    @property
    def control(self) -> str:
        """Where operators tell the group to release a key."""
        return f"bookly.{self.name}.control"

    @property
    def replay(self) -> str:
        """Where operators give the group records once more."""
        return f"bookly.{self.name}.replay"

    @property
    def tables(self) -> tuple[Table[Any], ...]:
        return tuple(table for _, table in tables_of(self.state))

    def changelog(self, table: str) -> str:
        return f"{self.group}-{table}-changelog"

    @property
    def parked(self) -> str:
        """The changelog of what waits behind failed records, which the engine keeps for every domain."""
        return self.changelog("parked")

    @property
    def given_up(self) -> str:
        """The changelog of failed records that nobody tries again, which the engine keeps for every domain."""
        return self.changelog("given_up")

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that carry at least one event it handles, in order."""
        handled = {event.TYPE for event in self.handlers}
        return tuple(sorted({spec.topic for spec in EVENTS.values() if spec.type.value in handled}))

    @property
    def inputs(self) -> tuple[str, ...]:
        """All that the group consumes."""
        return (*self.topics, self.control, self.replay)

    def reasons_of_timers(self) -> tuple[tuple[str, str, str], ...]:
        """The kind of each timer, its rule, and why it is there, as documents show it."""
        return tuple((kind, rule.__name__, " ".join((inspect.getdoc(rule) or "").split())) for kind, rule in self.timers.items())

    def subscriptions(self) -> tuple[Subscription, ...]:
        """What it reacts to, as documents show it."""
        return tuple(
            Subscription(
                self.group, EventType(event.TYPE), handler.__name__, (inspect.getdoc(handler) or "").partition("\n\n")[0]
            )
            for event, handlers in self.handlers.items()
            for handler in handlers
        )


def events_of(handler: Handler) -> tuple[type[Any], ...]:
    """The event classes in a handler's first annotation: one class, or a union of them."""
    parameters = list(inspect.signature(handler).parameters)
    where = f"{handler.__module__}.{handler.__name__}"
    if inspect.iscoroutinefunction(handler):
        raise DomainError(
            f"{where} is async: nobody would await it, and its events would vanish. A handler does no I/O: make it a def"
        )
    try:
        annotation = get_type_hints(handler).get(parameters[0]) if len(parameters) == 2 else None
    except NameError as error:
        raise DomainError(f"{where} has an annotation that is no name of its module: {error}") from None
    events = get_args(annotation) or ((annotation,) if annotation else ())
    for event in events:
        if getattr(event, "__module__", "").startswith("bookly.events."):
            light = event.__module__.replace("events", "records")
            raise DomainError(
                f"{where} takes {event.__module__}.{event.__name__}, which services publish: take {light}.{event.__name__}"
            )
    if not events or not all(hasattr(event, "TYPE") for event in events):
        raise DomainError(f"{where} must be (event, state): the event a class of bookly.records")
    return events


@dataclass(frozen=True)
class Subscription:
    """One handler of one group for one event, as documents show it."""

    group: str
    event_type: EventType
    handler: str
    doc: str
