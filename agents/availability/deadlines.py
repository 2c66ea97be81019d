"""What availability waits for, and until when: timers that are set when waiting begins and cancelled when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.availability.tables import AvailabilityState, Reservation

MINUTE = 60_000_000  # microseconds
NO_SHOW_AFTER = 15 * MINUTE  # how late a visitor may be
NO_SHOW = "no_show"  # by reservation_id
OFFER = "offer"  # by waitlist_id


def await_visitor(reservation_id: str, confirmed: Reservation, state: AvailabilityState) -> None:
    """From its begin on, or from now if it was confirmed or moved later than that, the visitor has NO_SHOW_AFTER to come."""
    cause = state.cause
    due = max(confirmed.starts_at, cause.occurred_at) + NO_SHOW_AFTER
    state.timers.set(NO_SHOW, reservation_id, confirmed.resource_id, due, cause)


def await_answer(waitlist_id: str, resource_id: str, expires_at: int, state: AvailabilityState) -> None:
    """An offer holds its slot until then."""
    state.timers.set(OFFER, waitlist_id, resource_id, expires_at, state.cause)
