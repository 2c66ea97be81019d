"""Timers: what is to happen at a time if nothing else has happened by then (docs/decisions/0009-timers-are-tables.md).

A timer is a row, so it is committed, recovered and undone as rows are. It fires in the transaction that removes it.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from msgspec import Struct

from agents.state import Table, View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agents.state import State
    from bookly.records import Metadata, Record

    Rule = Callable[["Timer", Any], None]
    Event = TypeVar("Event", bound=Record)

AT_ONCE = 1_000  # timers of a partition that fire in one turn: bounds how long events wait behind a backlog
SLACK = 64  # entries of the order that may be out of date before it is built anew


class Timer(Struct, frozen=True, gc=False):
    """`due`: microseconds since 1970 (UTC). `subject`: what runs out, of this `kind`. `key`: of the events that this will be.

    `cause`, `correlation`: of the event that set it.
    """

    due: int
    kind: str
    subject: str
    key: str
    cause: str
    correlation: str


class Timers(View[Timer]):
    """The timers of one partition, at most one of a kind for a subject.

    Their order is kept beside the rows and never stored: a heap, built when it is first asked for. An entry counts only while
    the row says the same, so cancelling and undoing leave entries behind; they are dropped when met, or when they are too many.
    """

    __slots__ = ("_order",)

    def __init__(self, base: dict[str, Timer]) -> None:
        super().__init__(base)
        self._order: list[tuple[int, str]] | None = None  # rows are recovered after this was made

    def set(self, kind: str, subject: str, key: str, due: int, cause: Metadata) -> None:
        """From now on this one counts for the subject, and no earlier one of its kind."""
        self[name_of(kind, subject)] = Timer(due, kind, subject, key, cause.event_id, cause.correlation_id)

    def cancel(self, kind: str, subject: str) -> None:
        """It does not fire any more. One that is not set, or has fired, is no error."""
        name = name_of(kind, subject)
        if name in self:
            del self[name]

    def take(self, now: int) -> Timer | None:
        """The first one that is due, by time and then by name, out of the order and still in its row; None when there is none."""
        order = self._sorted()
        while order and order[0][0] <= now:
            due, name = heappop(order)
            timer = self.get(name)
            if timer is not None and timer.due == due:
                return timer
        return None

    def put_back(self, timer: Timer) -> None:
        """One that was taken and has not fired."""
        heappush(self._sorted(), (timer.due, name_of(timer.kind, timer.subject)))

    @property
    def remembered(self) -> int:
        """How many entries the order holds, those out of date included."""
        return len(self._order or ())

    def __setitem__(self, name: str, timer: Timer) -> None:
        super().__setitem__(name, timer)
        if self._order is not None:
            heappush(self._order, (timer.due, name))
            if len(self._order) > 2 * len(self.base) + SLACK:
                self._order = None

    def discard(self) -> None:
        """As for every view. What is there again may have been taken out of the order."""
        again = [name for name, timer in self._before.items() if timer is not None]
        super().discard()
        for name in again:
            self.put_back(self.base[name])

    def _sorted(self) -> list[tuple[int, str]]:
        if self._order is None:
            self._order = [(timer.due, name) for name, timer in self.base.items()]
            heapify(self._order)
        return self._order


class TimerTable(Table[Timer]):
    """Declares the timers of a domain, once: `timers = TimerTable()`."""

    def __init__(self) -> None:
        super().__init__("timers", Timer)

    def open(self, base: dict[str, Timer]) -> Timers:
        return Timers(base)

    if TYPE_CHECKING:

        @overload
        def __get__(self, state: None, owner: type) -> Self: ...
        @overload
        def __get__(self, state: State, owner: type) -> Timers: ...
        def __get__(self, state: State | None, owner: type) -> Self | Timers: ...


def name_of(kind: str, subject: str) -> str:
    """The key of a timer's row."""
    return f"{kind}/{subject}"


def fire(now: int, state: Any, rules: Mapping[str, Rule]) -> None:
    """Fire what is due, in order and at most AT_ONCE: the row goes, and the rule of its kind says what happens instead.

    A timer whose key waits behind a failed event waits as well: what it waits for may be among them.
    """
    timers: Timers = state.timers
    held: list[Timer] = []
    fired = 0
    try:
        while fired < AT_ONCE and (timer := timers.take(now)) is not None:
            if state.is_held(timer.key):
                held.append(timer)
                continue
            if timer.kind not in rules:
                raise LookupError(f"no rule for timers of the kind {timer.kind!r}: a kind is durable, as long as rows name it")
            timers.cancel(timer.kind, timer.subject)
            rules[timer.kind](timer, state)
            fired += 1
    finally:
        for timer in held:
            timers.put_back(timer)


def happen(timer: Timer, event: Event, state: Any) -> Event:
    """Publish what a timer that ran out brings about: at the time at which it was due, in the course of the event that set it.

    Its id follows from the timer, so doing it again publishes the same one. Handlers can be called with what this answers.
    """
    name = f"{name_of(timer.kind, timer.subject)}@{timer.due}"
    happened: Event = state.happen(event, name, timer.due, cause=timer.cause, correlation=timer.correlation)
    return happened
