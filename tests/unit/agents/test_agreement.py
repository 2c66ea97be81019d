"""availability and stockpile read each other's topics in any interleaving; when all is read, reservation and approval agree."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hypothesis import given as drawing
from hypothesis import settings
from hypothesis import strategies as st

from agents import domains
from bookly.records.availability import ReservationConfirmed, ReservationCreated
from bookly.records.stockpile import ApprovalRequested, CheckInCompleted
from bookly.testing import given
from tests.unit.clock import at
from tests.unit.facts import asked, came, cancelled, granted, left, no_show, not_approved, room, undecided

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record

    Move = Callable[[], object]

RESERVATIONS = {"r-1": "auditoriums", "r-2": "auditoriums", "r-3": "rooms"}  # of one slot; the third needs no approval
TOPICS = ("bookly.availability", "bookly.stockpile")
GROUPS = ("availability", "stockpile")
# What people do, and the event that they saw before: nobody decides on what was not asked, or enters what is not confirmed.
ACTS: list[tuple[type[Record], Callable[[str], Record]]] = [
    (ApprovalRequested, granted),
    (ApprovalRequested, not_approved),
    (ApprovalRequested, undecided),
    (ReservationCreated, cancelled),
    (ReservationConfirmed, came),
    (ReservationConfirmed, no_show),
    (CheckInCompleted, left),
]
AGREE = {
    "PENDING": {"OPEN"},
    "CONFIRMED": {"GRANTED"},
    # WITHDRAWN: a cancellation that availability refused as too late, and stockpile read before the decision (docs/flows.md)
    "CHECKED_IN": {"GRANTED", "WITHDRAWN"},
    "COMPLETED": {"GRANTED", "WITHDRAWN"},
    "NO_SHOW": {"GRANTED", "WITHDRAWN"},
    "EXPIRED": {"EXPIRED", "WITHDRAWN"},  # WITHDRAWN: the user cancelled at the same time
    "CANCELLED": {"WITHDRAWN", "GRANTED", "REJECTED", "EXPIRED"},
    "REJECTED": {"REJECTED", "SUPERSEDED", "GRANTED", "EXPIRED", "WITHDRAWN"},
}


class Broker:
    """Two topics as lists, and two groups that have each read so far."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Record]] = {topic: [] for topic in TOPICS}
        self.groups = {
            group: given(domains()[group], *([room(capacity=300)] if group == "availability" else [])) for group in GROUPS
        }
        self.read = {(group, topic): 0 for group in GROUPS for topic in TOPICS}

    def publish(self, event: Record) -> None:
        self.topics[event.TOPIC].append(event)

    def consume(self, group: str, topic: str) -> bool:
        """One event of a topic by a group; False when there is no more."""
        place = self.read[group, topic]
        if place == len(self.topics[topic]):
            return False
        self.read[group, topic] = place + 1
        for emitted in self.groups[group].when(self.topics[topic][place]).emitted:
            self.publish(emitted)
        return True

    def drain(self) -> None:
        while sum(self.consume(group, topic) for group, topic in self.read):
            pass

    def happened(self, kind: type[Record], reservation: str) -> bool:
        return any(type(e) is kind and e.reservation_id == reservation for log in self.topics.values() for e in log)  # type: ignore[attr-defined]


def moves(broker: Broker, done: set[object]) -> list[Move]:
    """All that can happen next: a group reads on, or somebody does what they have not done yet and have seen the reason for."""
    reading = [partial(broker.consume, *place) for place, read in broker.read.items() if read < len(broker.topics[place[1]])]
    acting: list[Move] = []
    for name, category in RESERVATIONS.items():
        if name not in done:
            acting.append(partial(do, broker, done, name, at(0, asked(name, 9, 10, category=category))))
        for number, (seen, act) in enumerate(ACTS):
            if (name, number) not in done and broker.happened(seen, name):
                acting.append(partial(do, broker, done, (name, number), at(0, act(name))))
    return reading + acting


def do(broker: Broker, done: set[object], what: object, event: Record) -> None:
    done.add(what)
    broker.publish(event)


@settings(max_examples=300, deadline=None)
@drawing(st.lists(st.integers(0, 999), min_size=20, max_size=70))
def test_reservation_and_approval_agree_when_all_is_read(choices: list[int]) -> None:
    broker, done = Broker(), set[object]()
    for choice in choices:
        possible = moves(broker, done)
        if possible:
            possible[choice % len(possible)]()
    broker.drain()
    reservations, approvals = broker.groups["availability"].tables["reservations"], broker.groups["stockpile"].tables["approvals"]
    assert set(reservations) == set(approvals)
    for name, row in reservations.items():
        assert approvals[name].state in AGREE[row.state], f"{name}: {row.state} and {approvals[name].state}"
        ended = {"CHECKED_IN", "COMPLETED", "CANCELLED", "NO_SHOW"}
        assert row.state in ended or not broker.happened(CheckInCompleted, name), f"{name}: a check-in was lost"
    assert broker.groups["availability"].tables["decisions"] == {}
