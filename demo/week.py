"""What happens in the week: steps of events. Between two steps everybody waits until all of it has been worked through.

There is no order between topics, so a step holds only events whose order across topics does not matter. What answers the agents
(decisions on requests, offers taken, visits of confirmed reservations) is read from the log, as people see it before they act.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import pi, sin
from typing import TYPE_CHECKING, NamedTuple

from bookly.records import availability as seen
from bookly.records import stockpile as asked
from demo.booking import Booking
from demo.running import Running
from demo.staff import Staff
from demo.university import MONDAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bookly._event import Event
    from bookly.records import Record
    from demo.university import University

WEIGHTS = (0.22, 0.20, 0.18, 0.17, 0.13, 0.05, 0.05)  # of the reservations, Monday to Sunday


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

    def spread(self, events: list[tuple[Event, str]], start: datetime, end: datetime) -> list[Happening]:
        """Put events between two times, in order; most before and after lunch."""
        start = max(start, self.now + timedelta(microseconds=1))
        happenings = []
        for number, (event, actor) in enumerate(events):
            share = (number + 1) / (len(events) + 1)
            rush = share + sin(4 * pi * share) / (5 * pi)
            happenings.append(Happening(event, max(start + (end - start) * rush, start + timedelta(microseconds=number)), actor))
        if happenings:
            self.now = happenings[-1].at
        return happenings


@dataclass
class Known:
    """What people have seen in the log and not answered yet."""

    rejected: list[seen.ReservationRejected] = field(default_factory=list)
    offered: list[seen.WaitlistOffered] = field(default_factory=list)
    requested: list[asked.ApprovalRequested] = field(default_factory=list)
    confirmed: dict[str, seen.ReservationConfirmed] = field(default_factory=dict)

    def learn(self, events: list[Record]) -> None:
        for event in events:
            match event:
                case seen.ReservationRejected() if event.reason == "CONFLICT":
                    self.rejected.append(event)
                case seen.WaitlistOffered():
                    self.offered.append(event)
                case asked.ApprovalRequested():
                    self.requested.append(event)
                case seen.ReservationConfirmed():
                    self.confirmed[event.reservation_id] = event
                case seen.ReservationCancelled() | seen.ReservationNoShow():
                    self.confirmed.pop(event.reservation_id, None)
                case asked.CheckInCompleted():
                    self.confirmed.pop(event.reservation_id, None)
                case _:
                    pass


def week(university: University, read_on: Callable[[], list[Record]]) -> Iterator[Step]:
    """The steps in order. `read_on` gives the events that are new since it was last asked; it is asked after each step."""
    clock, known = Clock(), Known()
    booking, staff, running = Booking(university), Staff(university), Running(university)
    yield Step("everybody and everything", clock.spread(staff.opening(), clock.now, MONDAY - timedelta(hours=1)))
    read_on()
    for number, weight in enumerate(WEIGHTS):
        day = MONDAY + timedelta(days=number)
        plans: tuple[tuple[str, tuple[float, float], Callable[[], list[tuple[Event, str]]]], ...] = (
            ("bookings", (7, 19), partial(booking.wishes, day, weight)),
            ("comings and goings", (19, 19.1), staff.comings_and_goings),
            ("waiting", (19.1, 20), partial(booking.joins, known)),
            ("decisions", (20, 21), partial(staff.decisions, known)),
            ("offers and changes", (21, 22), partial(booking.answers_and_changes, known, day)),
            ("maintenance", (22, 22.5), partial(running.maintenance, day, number)),
            ("visits", (22.5, 23), partial(running.visits, known, day)),
            ("no-shows", (23, 23.5), partial(running.no_shows, known, day)),
        )
        for name, hours, plan in plans:
            begin, end = (day + timedelta(hours=hour) for hour in hours)
            yield Step(f"{day:%A}: {name}", clock.spread(plan(), begin, end))
            known.learn(read_on())
