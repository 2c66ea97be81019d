"""The one promise that no reader of the log may ever see broken: a slot of a resource has one holder."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from bookly.records import availability as seen
from bookly.records import stockpile as visited

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.records import Record


class Slots:
    """Confirmed reservations and their slots, as the log has them so far."""

    def __init__(self, refused_moves: set[str]) -> None:
        self.overlaps = 0
        self._refused_moves = refused_moves
        self._held: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)  # by resource and reservation
        self._inside: set[str] = set()

    def see(self, event: Record) -> None:
        match event:
            case seen.ReservationConfirmed():
                self._hold(event)
            case seen.ReservationUpdated() if self._may_move(event):
                self._hold(event)
            case visited.CheckInCompleted() if event.reservation_id in self._held[event.resource_id]:
                self._inside.add(event.reservation_id)
            case visited.CheckOutCompleted() if event.reservation_id in self._inside:
                del self._held[event.resource_id][event.reservation_id]
            case seen.ReservationCancelled() | seen.ReservationNoShow() if event.reservation_id not in self._inside:
                self._held[event.resource_id].pop(event.reservation_id, None)
            case _:
                pass

    def _may_move(self, event: seen.ReservationUpdated) -> bool:
        held = event.reservation_id in self._held[event.resource_id] and event.reservation_id not in self._inside
        return held and event.metadata.event_id not in self._refused_moves

    def _hold(self, event: seen.ReservationConfirmed | seen.ReservationUpdated) -> None:
        slots = self._held[event.resource_id]
        slots.pop(event.reservation_id, None)
        self.overlaps += sum(start < event.ends_at and event.starts_at < end for start, end in slots.values())
        slots[event.reservation_id] = (event.starts_at, event.ends_at)


def double_bookings(events: Iterable[Record]) -> int:
    """Pairs of confirmed reservations that hold the same moment of a resource, at any time of the log.

    Only what is written counts: reservations confirmed, moved, given up, missed or over. A check-out is on another topic than the
    confirmation that it makes room for, so events are taken by the time at which they happened.
    """
    events = sorted(events, key=lambda event: event.metadata.occurred_at)
    refused = {str(event.metadata.causation_id) for event in events if isinstance(event, seen.ScheduleConflictDetected)}
    slots = Slots(refused)
    for event in events:
        slots.see(event)
    return slots.overlaps
