"""An approval is decided: the reservation is confirmed, refused or expires, and its user is told (flow 2)."""

from __future__ import annotations

from msgspec.structs import replace

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
    reservation = state.reservations.get(event.reservation_id)
    if reservation is None:
        if event.reservation_id in state.decisions:
            return state.repeat()
        state.decisions[event.reservation_id] = decision
        return None
    if reservation.state != "PENDING":
        return state.repeat()
    apply_decision(event.reservation_id, decision, state)
    offer_free_slots(event.resource_id, event.metadata.occurred_at, state)


def apply_decision(reservation_id: str, decision: Decision, state: AvailabilityState) -> None:
    """Carry a decision out on a pending reservation."""
    pending = state.reservations.get(reservation_id)
    assert pending is not None
    decided = replace(pending, state=decision.state, reason=decision.reason, version=pending.version + 1)
    state.reservations[reservation_id] = decided
    if decision.state == "CONFIRMED":
        _confirmed(reservation_id, decided, decision, state)
    else:
        release(state, decided.resource_id, "RESERVATION", reservation_id)
        _lost(reservation_id, decided, decision, state)
    notify(state, f"RESERVATION_{decision.state}", decided.resource_id, decided.user_id, reservation_id=reservation_id)


def _confirmed(reservation_id: str, reservation: Reservation, decision: Decision, state: AvailabilityState) -> None:
    state.emit(
        ReservationConfirmed(
            reservation_id=reservation_id,
            resource_id=reservation.resource_id,
            user_id=reservation.user_id,
            approval_id=decision.approval_id,
            automatic=decision.automatic,
            starts_at=reservation.starts_at,
            ends_at=reservation.ends_at,
        )
    )


def _lost(reservation_id: str, reservation: Reservation, decision: Decision, state: AvailabilityState) -> None:
    resource, user, starts_at, ends_at = reservation.resource_id, reservation.user_id, reservation.starts_at, reservation.ends_at
    if decision.state == "EXPIRED":
        state.emit(ReservationExpired(reservation_id, resource, user, starts_at, ends_at))
    else:
        state.emit(
            ReservationRejected(
                reservation_id=reservation_id,
                resource_id=resource,
                user_id=user,
                reason=decision.reason or "NOT_APPROVED",
                detail=decision.approval_id,
                starts_at=starts_at,
                ends_at=ends_at,
            )
        )
