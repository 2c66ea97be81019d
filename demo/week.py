"""What happens in the week: steps of events. Between two steps everybody waits until all of it has been worked through.

There is no order between topics, so a step holds only events whose order across topics does not matter. What answers the agents
(decisions on requests, offers taken, visits of confirmed reservations) is read from the log, as people see it before they act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from demo.booking import Booking
from demo.known import Known
from demo.running import Running
from demo.staff import Staff
from demo.university import MONDAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bookly._event import Event
    from bookly.records import Record
    from demo.university import University

    Planned = list[tuple[Event, str]]  # an event and who does it

WEIGHTS = (0.22, 0.20, 0.18, 0.17, 0.13, 0.05, 0.05)  # of the reservations, Monday to Sunday
RUSH = (2, 5, 9, 12, 10, 6, 3, 7, 11, 9, 5, 2)  # of a day's bookings, from seven to seven: before and after lunch


class Happening(NamedTuple):
    """An event to be published, when it became true, and who did it."""

    event: Event
    at: datetime
    actor: str


class Step(NamedTuple):
    name: str
    happenings: list[Happening]


@dataclass
class Clock:
    """Simulated time: every event has its own moment, later than all before."""

    now: datetime = MONDAY - timedelta(hours=12)

    def spread(self, events: Planned, start: datetime, end: datetime, rush: Sequence[float] = (1,)) -> list[Happening]:
        """Put events between two times, in order; `rush` weighs the equal parts of that time."""
        happenings: list[Happening] = []
        for number, (event, actor) in enumerate(events, 1):
            at = start + (end - start) * reached(number / (len(events) + 1), rush)
            self.now = max(at, self.now + timedelta(microseconds=1))
            happenings.append(Happening(event, self.now, actor))
        return happenings


def mingled(*plans: Planned) -> Planned:
    """All at the same time, each in its own order."""
    placed = [((place + 1) / (len(plan) + 1), plan[place]) for plan in plans for place in range(len(plan))]
    return [planned for _, planned in sorted(placed, key=lambda one: one[0])]


def reached(share: float, rush: Sequence[float]) -> float:
    """The part of the time after which this share of the events has happened."""
    left = share * sum(rush)
    for part, weight in enumerate(rush):
        if left <= weight:
            return (part + left / weight) / len(rush)
        left -= weight
    return 1.0


class Plan(NamedTuple):
    """What is done between two hours of a day. `draw` is asked when it is time: what people do depends on what they have seen."""

    name: str
    begin: float
    end: float
    draw: Callable[[], Planned]


class Week:
    """`read_on` gives the events of the log that are new since it was last asked; it is asked after each step."""

    def __init__(self, university: University, read_on: Callable[[], list[Record]]) -> None:
        self._read_on, self._clock, self._known = read_on, Clock(), Known()
        self._booking, self._staff, self._running = Booking(university), Staff(university), Running(university)

    def steps(self) -> Iterator[Step]:
        """The steps in order."""
        opening = self._clock.spread(self._staff.opening(), self._clock.now, MONDAY - timedelta(hours=1))
        yield Step("everybody and everything", opening)
        self._known.learn(self._read_on())
        for number in range(len(WEIGHTS)):
            day = MONDAY + timedelta(days=number)
            for plan in self._plans(day, number):
                begin, end = day + timedelta(hours=plan.begin), day + timedelta(hours=plan.end)
                rush = RUSH if plan.name == "bookings" else (1,)
                yield Step(f"{day:%A}: {plan.name}", self._clock.spread(plan.draw(), begin, end, rush))
                self._known.learn(self._read_on())

    def _plans(self, day: datetime, number: int) -> tuple[Plan, ...]:
        booking, staff, running, known = self._booking, self._staff, self._running, self._known
        return (
            Plan("bookings", 7, 19, lambda: mingled(booking.wishes(day, WEIGHTS[number]), staff.comings_and_goings())),
            Plan("waiting", 19, 20, lambda: booking.joins(known)),
            Plan("decisions", 20, 21, lambda: staff.decisions(known)),
            Plan("offers and changes", 21, 22, lambda: booking.answers(known) + booking.changes(known, day)),
            Plan("second thoughts", 22, 22.25, lambda: booking.withdrawals(known)),
            Plan("maintenance", 22.25, 22.5, lambda: running.maintenance(day, number)),
            Plan("visits", 22.5, 23, lambda: running.visits(known, day)),
            Plan("no-shows", 23, 23.5, lambda: running.no_shows(known, day)),
        )


def week(university: University, read_on: Callable[[], list[Record]]) -> Iterator[Step]:
    """The steps of a university's week, to be published one after the other."""
    return Week(university, read_on).steps()
