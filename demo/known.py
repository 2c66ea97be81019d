"""What people see in the log, and have not answered yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookly.records import availability as seen
from bookly.records import stockpile as asked

if TYPE_CHECKING:
    from bookly.records import Record


def moment(event: Record) -> tuple[int, str, str]:
    """When it happened; then what, and to whom, for an event may have several effects."""
    whom = getattr(event, "reservation_id", None) or getattr(event, "waitlist_id", None)
    return event.metadata.occurred_at, event.TYPE, whom or ""


@dataclass
class Known:
    """What people have seen in the log and not answered yet."""

    rejected: list[seen.ReservationRejected] = field(default_factory=list)
    offered: list[seen.WaitlistOffered] = field(default_factory=list)
    requested: list[asked.ApprovalRequested] = field(default_factory=list)
    confirmed: dict[str, seen.ReservationConfirmed] = field(default_factory=dict)
    asked: dict[str, seen.ReservationCreated] = field(default_factory=dict)

    def learn(self, events: list[Record]) -> None:
        """Partitions are read in any order; people see what happened in the order in which it happened, so a seed is one week."""
        for event in sorted(events, key=moment):
            match event:
                case seen.ReservationCreated():
                    self.asked[event.reservation_id] = event
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
