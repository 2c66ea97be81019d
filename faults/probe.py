"""The domain under test: small, and every way in which an event can be lost, doubled or misplaced shows in a row.

No result depends on which of its two topics is read first, so a fold over the log knows every row.
"""

from __future__ import annotations

from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from agents.state import State, Table
from bookly.records.availability import ReservationCancelled, ReservationConfirmed, ReservationCreated
from bookly.records.reports import DemandPeakDetected
from bookly.records.stockpile import CheckInCompleted

HOUR = 3_600_000_000  # microseconds
GRACE = 2 * HOUR
POISON = "poison"  # the purpose of a reservation that no handler can bear

Handled = ReservationCreated | ReservationConfirmed | ReservationCancelled | CheckInCompleted


class Chain(Struct, frozen=True):
    """Which records of a key were applied, in which order: a digest that one record too many, too few or misplaced changes."""

    count: int = 0
    digest: str = ""
    latest: int = 0


class Seen(Struct, frozen=True):
    """How often an event was applied."""

    times: int = 0


class Count(Struct, frozen=True):
    created: int = 0
    confirmed: int = 0
    cancelled: int = 0
    visits: int = 0
    version: int = 0


class Window(Struct, frozen=True):
    """Reservations asked for in an hour of event time; `late` came after the watermark had left their grace."""

    count: int = 0
    late: int = 0


class Booking(Struct, frozen=True):
    resource_id: str
    state: str
    version: int = 1


class ProbeState(State):
    chains = Table("chains", Chain)  # by topic and resource
    seen = Table("seen", Seen)  # by event id
    counts = Table("counts", Count)  # by resource
    windows = Table("windows", Window)  # by resource and hour
    bookings = Table("bookings", Booking)  # by reservation


def link(event: Handled, state: ProbeState) -> None:
    """Every record of a resource lengthens the chain of its topic, repeated events too."""
    key = f"{event.TOPIC}|{event.resource_id}"
    chain = state.chains.get(key, Chain())
    digest = blake2b(f"{chain.digest}{event.metadata.event_id}".encode(), digest_size=8).hexdigest()
    state.chains[key] = Chain(chain.count + 1, digest, max(chain.latest, event.metadata.occurred_at))


def count(event: Handled, state: ProbeState) -> None:
    """What happened to a resource, each event once."""
    if event.metadata.event_id in state.seen:
        state.repeat()
        return
    before = state.counts.get(event.resource_id, Count())
    field = {"availability.reservation.created": "created", "availability.reservation.confirmed": "confirmed"}
    name = field.get(event.TYPE, "visits" if isinstance(event, CheckInCompleted) else "cancelled")
    state.counts[event.resource_id] = replace(before, version=before.version + 1, **{name: getattr(before, name) + 1})


def count_by_hour(event: ReservationCreated, state: ProbeState) -> None:
    """The demand of an hour; who comes later than the grace is counted apart. `link` has moved the watermark."""
    if event.metadata.event_id in state.seen:
        return
    at = event.metadata.occurred_at
    watermark = state.chains.get(f"{event.TOPIC}|{event.resource_id}", Chain()).latest
    key = f"{event.resource_id}|{at // HOUR}"
    window = state.windows.get(key, Window())
    is_late = at + GRACE < watermark
    state.windows[key] = Window(window.count + (not is_late), window.late + is_late)


def ask(event: ReservationCreated, state: ProbeState) -> None:
    """A reservation begins. One that is poison fails here, after rows were changed."""
    if event.reservation_id not in state.bookings:
        state.bookings[event.reservation_id] = Booking(event.resource_id, "PENDING")
    if event.purpose == POISON:
        raise ValueError(f"reservation {event.reservation_id} is poison")


def confirm(event: ReservationConfirmed, state: ProbeState) -> None:
    """A pending reservation is confirmed, once, and the world is told."""
    booking = state.bookings.get(event.reservation_id)
    if booking is None or booking.state != "PENDING":
        state.repeat()
        return
    state.bookings[event.reservation_id] = replace(booking, state="CONFIRMED", version=booking.version + 1)
    number = state.counts.get(event.resource_id, Count()).confirmed
    state.emit(DemandPeakDetected(event.resource_id, event.starts_at, "confirmed", number, float(booking.version)))


def cancel(event: ReservationCancelled, state: ProbeState) -> None:
    """What is pending or confirmed can be given up, once."""
    booking = state.bookings.get(event.reservation_id)
    if booking is None or booking.state == "CANCELLED":
        state.repeat()
        return
    state.bookings[event.reservation_id] = replace(booking, state="CANCELLED", version=booking.version + 1)


def remember(event: Handled, state: ProbeState) -> None:
    """Last of all: from now on the event is a repeat."""
    event_id = event.metadata.event_id
    state.seen[event_id] = Seen(state.seen.get(event_id, Seen()).times + 1)


HANDLERS = (link, count, count_by_hour, ask, confirm, cancel, remember)
