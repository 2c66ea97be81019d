"""What was expected beside what was found, flow by flow. Equal figures with an unequal fact are no pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookly.records import availability as seen
from bookly.records import stockpile as asked
from demo.oracle.facts import FLOWS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from bookly.records import Record
    from demo.oracle.facts import Fact, Facts


@dataclass(frozen=True)
class Verdict:
    """One flow. `found` counts the expected facts that are there, less those that nobody expected."""

    flow: str
    expected: int
    missing: Counter[Fact]
    unexpected: Counter[Fact]

    @property
    def found(self) -> int:
        return self.expected - self.missing.total() - self.unexpected.total()

    @property
    def right(self) -> bool:
        return not self.missing and not self.unexpected


def verdicts(expected: Facts, found: Facts) -> list[Verdict]:
    """The five flows in their order."""
    return [Verdict(flow, expected[flow].total(), expected[flow] - found[flow], found[flow] - expected[flow]) for flow in FLOWS]


def double_bookings(events: Iterable[Record]) -> int:
    """Pairs of confirmed reservations that hold the same moment of a resource, at any prefix of its log."""
    slots: dict[str, tuple[str, int, int]] = {}
    count = 0
    ending = (seen.ReservationCancelled, seen.ReservationNoShow, seen.ReservationExpired, asked.CheckOutCompleted)
    for event in events:
        match event:
            case seen.ReservationConfirmed():
                place = (event.resource_id, event.starts_at, event.ends_at)
                count += sum(
                    resource == place[0] and start < place[2] and place[1] < end for resource, start, end in slots.values()
                )
                slots[event.reservation_id] = place
            case seen.ReservationUpdated():
                slots.pop(event.reservation_id, None)  # whether it moved, the tables say: they are compared row by row
            case _ if isinstance(event, ending):
                slots.pop(event.reservation_id, None)
            case _:
                pass
    return count
