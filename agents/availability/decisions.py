"""An approval is decided: the reservation is confirmed, refused or expires, and its user is told (flow 2)."""

from __future__ import annotations

from msgspec.structs import replace

from agents.availability.deadlines import await_visitor
from agents.availability.notifications import notify
from agents.availability.slots import release
from agents.availability.tables import AvailabilityState, Decision, Reservation
from agents.availability.waitlist import offer_free_slots
from bookly.records.availability import ReservationConfirmed, ReservationExpired, ReservationRejected
from bookly.records.stockpile import ApprovalExpired, ApprovalGranted, ApprovalRejected


def confirm_reservation(event: ApprovalGranted, state: AvailabilityState) -> None:
    """A granted approval confirms its reservation."""
    _decide(event, Decision("CONFIRMED", event.approval_id, event.automatic), state)


def reject_reservation(event: ApprovalRejected, state: AvailabilityState) -> None:
    """A refused approval sets the slot free for whoever waits."""
    _decide(event, Decision("REJECTED", event.approval_id, reason="NOT_APPROVED"), state)


def let_reservation_expire(event: ApprovalExpired, state: AvailabilityState) -> None:
    """Nobody decided in time: the slot is free again."""
    _decide(event, Decision("EXPIRED", event.approval_id), state)


def _decide(event: ApprovalGranted | ApprovalRejected | ApprovalExpired, decision: Decision, state: AvailabilityState) -> None:
    """Carry the decision out, or keep the first one until its reservation arrives."""
    reservation = state.reservations.get(event.reservation_id)
    if reservation is None and event.reservation_id not in state.decisions:
        state.decisions[event.reservation_id] = decision
    elif reservation is None or reservation.state != "PENDING":
        state.repeat()
    elif apply_decision(event.reservation_id, reservation, decision, state):
        offer_free_slots(reservation.resource_id, event.metadata.occurred_at, state)


def apply_decision(reservation_id: str, pending: Reservation, decision: Decision, state: AvailabilityState) -> bool:
    """Carry a decision out on a pending reservation. True when its slot is free now: the caller looks at the waitlist last."""
    decided = replace(pending, state=decision.state, reason=decision.reason, version=pending.version + 1)
    state.reservations[reservation_id] = decided
    freed = decision.state != "CONFIRMED"
    if freed:
        release(state, decided.resource_id, "RESERVATION", reservation_id, state.cause.occurred_at)
    else:
        await_visitor(reservation_id, decided, state)
    state.emit(_outcome(reservation_id, decided, decision))
    notify(state, f"RESERVATION_{decision.state}", decided.resource_id, decided.user_id, reservation_id=reservation_id)
    return freed


def _outcome(
    reservation_id: str, decided: Reservation, decision: Decision
) -> ReservationConfirmed | ReservationRejected | ReservationExpired:
    resource, user, starts_at, ends_at = decided.resource_id, decided.user_id, decided.starts_at, decided.ends_at
    if decision.state == "CONFIRMED":
        return ReservationConfirmed(reservation_id, resource, user, decision.approval_id, decision.automatic, starts_at, ends_at)
    if decision.state == "EXPIRED":
        return ReservationExpired(reservation_id, resource, user, starts_at, ends_at)
    return ReservationRejected(
        reservation_id=reservation_id,
        resource_id=resource,
        user_id=user,
        reason="NOT_APPROVED",
        detail=decision.approval_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
