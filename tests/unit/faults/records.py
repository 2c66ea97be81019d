"""Records of a run's input, as the harness reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from bookly.records.availability import ReservationCreated, WaitlistJoined
from bookly.records.envelope import Metadata
from bookly.records.stockpile import CheckInCompleted
from faults.log import Entry, Place

if TYPE_CHECKING:
    from bookly.records import Record

TOPIC, VISITS = "bookly.availability", "bookly.stockpile"


def created(reservation: str, resource: str = "room", purpose: str | None = None) -> ReservationCreated:
    return ReservationCreated(reservation, resource, "rooms", "u-1", 1, 2, 1, purpose)


def visited(reservation: str, resource: str = "room") -> CheckInCompleted:
    return CheckInCompleted(reservation, resource, "u-1", 1, "QR_CODE")


def ignored() -> WaitlistJoined:
    return WaitlistJoined("wl-1", "room", "u-1", 1, 2, 1)


def entry(
    offset: int, event: Record | None, *, topic: str = TOPIC, key: bytes | None = b"room", event_id: int | None = None
) -> Entry:
    """Where it stands; by default every record is another event."""
    if event is not None:
        own_id = str(UUID(int=1 + (offset if event_id is None else event_id) + (10_000 if topic == VISITS else 0)))
        event.metadata = Metadata(own_id, event.TYPE, "test", 1_000 + offset, own_id, 1)
    return Entry(Place(topic, 0, offset), key, b"bytes", (("ce_id", b"1"),), event)
