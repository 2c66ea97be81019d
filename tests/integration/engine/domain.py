"""A small domain that can do all that one can: keep, remove, emit twice, repeat, wait for a time, and raise half-way."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct

from agents.domain import Domain
from agents.state import State, Table
from agents.timers import Timer, TimerTable, happen
from bookly.cache import TYPES, types
from bookly.cache.stale import Reach, Span, Stale
from bookly.events import EventType
from bookly.records.availability import (
    NotificationRequested,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationExpired,
    ReservationNoShow,
    ReservationUpdated,
    WaitlistJoined,
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


class Missed(Struct, frozen=True):
    times: int


class Suite(State):
    halls = Table("halls", Hall)
    bookings = Table("bookings", Booking)
    mended = Table("mended", Mended)
    missed = Table("missed", Missed)
    timers = TimerTable()


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


def set_alarm(event: WaitlistJoined, state: Suite) -> None:
    """It is due at the begin."""
    state.timers.set("alarm", event.waitlist_id, event.resource_id, event.starts_at, event.metadata)


def cancel_alarm(event: ReservationExpired, state: Suite) -> None:
    """Nobody waits any longer."""
    state.timers.cancel("alarm", event.reservation_id)


def miss(event: ReservationNoShow, state: Suite) -> None:
    """What happened here by time comes back, and is a repeat."""
    if event.reservation_id in state.missed:
        return state.repeat()
    state.missed[event.reservation_id] = Missed(1)
    return None


def ring(timer: Timer, state: Suite) -> None:
    """As if somebody had told of it; counted here, before it is read."""
    told = happen(timer, ReservationNoShow(timer.subject, timer.key, "ann", timer.due, timer.due + 1), state)
    state.missed[timer.subject] = Missed(state.missed.get(timer.subject, Missed(0)).times + 1)
    state.emit(NotificationRequested(f"{timer.subject}/missed", told.resource_id, "ann", "RESERVATION_EXPIRED"))


HANDLERS = (keep_booking, fill_hall, look_at_the_sign, give_up_booking, mend, set_alarm, cancel_alarm, miss)
DOMAIN = Domain.of("suite", Suite, HANDLERS, timers={"alarm": ring})

STALE = {
    ("suite", EventType.RESERVATION_CREATED): (
        Stale(TYPES["usage"], Reach.GRANULAR, ("resource_id",)),
        Stale(types.CALENDAR, Reach.CASCADE, ("resource_id",), "waitlist_id"),
        Stale(TYPES["availability"], Reach.GRANULAR, ("resource_id", Span.DAYS)),
    ),
    ("suite", EventType.RESERVATION_CANCELLED): (Stale(types.CALENDAR, Reach.CASCADE, ("resource_id",)),),
    ("suite", EventType.RESERVATION_NO_SHOW): (Stale(TYPES["usage"], Reach.GRANULAR, ("resource_id",)),),
    ("suite", EventType.WAITLIST_OFFERED): (Stale(TYPES["waitlist"], Reach.GRANULAR, ("resource_id",)),),  # nobody handles it
}
