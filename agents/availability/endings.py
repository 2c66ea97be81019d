"""A reservation is given up, used or missed: from its last state to the next, and its slot is free when it no longer holds it."""

from __future__ import annotations

from msgspec.structs import replace

from agents.availability.deadlines import NO_SHOW
from agents.availability.slots import release
from agents.availability.tables import HOLDING, AvailabilityState
from agents.availability.waitlist import offer_free_slots
from agents.timers import Timer, happen
from bookly.records.availability import ReservationCancelled, ReservationExpired, ReservationNoShow
from bookly.records.stockpile import CheckInCompleted, CheckOutCompleted

Ending = ReservationCancelled | ReservationExpired | ReservationNoShow | CheckInCompleted | CheckOutCompleted


def cancel_reservation(event: ReservationCancelled, state: AvailabilityState) -> None:
    """What is given up can be used by others."""
    _move(event, {"PENDING", "CONFIRMED"}, "CANCELLED", state, reason=event.reason)


def expire_reservation(event: ReservationExpired, state: AvailabilityState) -> None:
    """What nobody decided on does not hold its slot for ever."""
    _move(event, {"PENDING"}, "EXPIRED", state)


def mark_no_show(event: ReservationNoShow, state: AvailabilityState) -> None:
    """Nobody came: the rest of the slot is free."""
    _move(event, {"CONFIRMED"}, "NO_SHOW", state)


def miss_visitor(timer: Timer, state: AvailabilityState) -> None:
    """Nobody has come by the end of the grace: as if staff had said so."""
    reservation = state.reservations.get(timer.subject)
    if reservation is not None and reservation.state == "CONFIRMED":
        missed = ReservationNoShow(
            timer.subject, reservation.resource_id, reservation.user_id, reservation.starts_at, reservation.ends_at
        )
        mark_no_show(happen(timer, missed, state), state)


def check_in(event: CheckInCompleted, state: AvailabilityState) -> None:
    """The visitor is there."""
    _move(event, {"CONFIRMED"}, "CHECKED_IN", state)


def check_out(event: CheckOutCompleted, state: AvailabilityState) -> None:
    """The visit is over, and with it the hold."""
    _move(event, {"CHECKED_IN"}, "COMPLETED", state)


def _move(event: Ending, sources: set[str], target: str, state: AvailabilityState, reason: str | None = None) -> None:
    """One legal transition; any other changes nothing and is counted."""
    reservation = state.reservations.get(event.reservation_id)
    if reservation is None or reservation.state not in sources:
        state.repeat()
        return
    state.reservations[event.reservation_id] = replace(reservation, state=target, reason=reason, version=reservation.version + 1)
    state.timers.cancel(NO_SHOW, event.reservation_id)
    if target not in HOLDING:
        release(state, reservation.resource_id, "RESERVATION", event.reservation_id, event.metadata.occurred_at)
        offer_free_slots(reservation.resource_id, event.metadata.occurred_at, state)
