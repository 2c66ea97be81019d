"""A small domain that can do all that one can: keep, remove, emit twice, repeat, and raise after it has done half of it."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct

from agents.domain import Domain
from agents.state import State, Table
from bookly.cache import TYPES, types
from bookly.cache.stale import Reach, Span, Stale
from bookly.events import EventType
from bookly.records.availability import (
    NotificationRequested,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationUpdated,
    WaitlistOfferExpired,
)

BROKEN = "bug"  # the user whose reservations raise, until their resource is mended
MISSPELT = "typo"  # the user to whom a message is emitted that cannot be written
VERBOSE = "words"  # the user to whom a message is emitted that is larger than the broker takes


class Hall(Struct, frozen=True):
    reservations: tuple[str, ...] = ()


class Booking(Struct, frozen=True):
    user_id: str
    starts_at: int


class Mended(Struct, frozen=True):
    by: str


class Suite(State):
    halls = Table("halls", Hall)
    bookings = Table("bookings", Booking)
    mended = Table("mended", Mended)


def keep_booking(event: ReservationCreated, state: Suite) -> None:
    """Keeps it once, and tells of it: a confirmation and two messages."""
    if event.reservation_id in state.bookings:
        return state.repeat()
    state.bookings[event.reservation_id] = Booking(event.user_id, event.starts_at)
    state.emit(
        ReservationConfirmed(event.reservation_id, event.resource_id, event.user_id, "apr", True, event.starts_at, event.ends_at)
    )
    template = "NO_SUCH_TEMPLATE" if event.user_id == MISSPELT else "RESERVATION_CONFIRMED"
    user_id = event.user_id * 250_000 if event.user_id == VERBOSE else event.user_id
    for number in (1, 2):
        state.emit(NotificationRequested(f"{event.reservation_id}/{number}", event.resource_id, user_id, template))
    return None


def fill_hall(event: ReservationCreated, state: Suite) -> None:
    """Writes down in which order they came. Raises for BROKEN when it and the handler before it have done their part."""
    hall = state.halls.get(event.resource_id, Hall())
    if event.reservation_id not in hall.reservations:
        state.halls[event.resource_id] = Hall((*hall.reservations, event.reservation_id))
    if event.user_id == BROKEN and event.resource_id not in state.mended:
        raise ValueError(f"{event.resource_id} is not mended")


def look_at_the_sign(event: ReservationUpdated, state: Suite) -> None:
    """Never returns while the file that the resource is called after is there: a handler that hangs, until people mend it."""
    while Path(event.resource_id).exists():
        time.sleep(0.05)
    state.mended[event.resource_id] = Mended(event.reservation_id)


def give_up_booking(event: ReservationCancelled, state: Suite) -> None:
    """Removes it."""
    del state.bookings[event.reservation_id]


def mend(event: WaitlistOfferExpired, state: Suite) -> None:
    """Mends the resource that the offer is called after: an event of another key, for that one may be held."""
    state.mended[event.waitlist_id] = Mended(event.resource_id)


DOMAIN = Domain.of("suite", Suite, (keep_booking, fill_hall, look_at_the_sign, give_up_booking, mend))

STALE = {
    ("suite", EventType.RESERVATION_CREATED): (
        Stale(TYPES["usage"], Reach.GRANULAR, ("resource_id",)),
        Stale(types.CALENDAR, Reach.CASCADE, ("resource_id",), "waitlist_id"),
        Stale(TYPES["availability"], Reach.GRANULAR, ("resource_id", Span.DAYS)),
    ),
    ("suite", EventType.RESERVATION_CANCELLED): (Stale(types.CALENDAR, Reach.CASCADE, ("resource_id",)),),
    ("suite", EventType.WAITLIST_OFFERED): (Stale(TYPES["waitlist"], Reach.GRANULAR, ("resource_id",)),),  # nobody handles it
}
