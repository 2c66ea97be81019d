"""A reservation is asked for: the one writer of the resource decides whether its slot is free."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from agents.availability.decisions import apply_decision
from agents.availability.notifications import notify
from agents.availability.slots import calendar, hold, overlapping, release
from agents.availability.tables import AvailabilityState, Reservation, Resource, Slot
from agents.availability.waitlist import offer_free_slots
from bookly.records.availability import ReservationCreated, ReservationRejected, ReservationUpdated, ScheduleConflictDetected

MINUTE = 60_000_000  # microseconds


class Refusal(NamedTuple):
    """Why a slot cannot be had, and what stands in the way."""

    reason: str
    detail: str | None = None
    conflict: Slot | None = None


def place_reservation(event: ReservationCreated, state: AvailabilityState) -> None:
    """The slot is held from now on, or the user is told why not."""
    if event.reservation_id in state.reservations:
        return state.repeat()
    reservation = Reservation(event.resource_id, event.user_id, "PENDING", event.starts_at, event.ends_at, event.attendees)
    refusal = _why_not(event, state, own=("OFFER", event.waitlist_id), user_id=event.user_id)
    if refusal is not None:
        state.reservations[event.reservation_id] = replace(reservation, state="REJECTED", reason=refusal.reason)
        del state.decisions[event.reservation_id]
        return _refuse(event, refusal, state)
    taken = event.waitlist_id is not None and _offered(event, state) and release(state, event.resource_id, "OFFER", event.waitlist_id)
    state.reservations[event.reservation_id] = reservation
    slot = Slot(event.starts_at, event.ends_at, "RESERVATION", event.reservation_id, event.user_id)
    hold(state, event.resource_id, slot, event.metadata.occurred_at)
    decision = state.decisions.get(event.reservation_id)
    if decision is not None:
        del state.decisions[event.reservation_id]
        apply_decision(event.reservation_id, decision, state)
    if taken or decision is not None:
        offer_free_slots(event.resource_id, event.metadata.occurred_at, state)


def move_reservation(event: ReservationUpdated, state: AvailabilityState) -> None:
    """The slot moves as a whole or not at all."""
    reservation = state.reservations.get(event.reservation_id)
    if reservation is None or reservation.state not in {"PENDING", "CONFIRMED"}:
        return state.repeat()
    refusal = _why_not(event, state, own=("RESERVATION", event.reservation_id), user_id=reservation.user_id)
    if refusal is not None:
        _report_conflict(event, refusal, state)
        return notify(state, "RESERVATION_CONFLICT", event.resource_id, reservation.user_id, reservation_id=event.reservation_id)
    now = event.metadata.occurred_at
    release(state, event.resource_id, "RESERVATION", event.reservation_id)
    hold(state, event.resource_id, Slot(event.starts_at, event.ends_at, "RESERVATION", event.reservation_id, reservation.user_id), now)
    state.reservations[event.reservation_id] = replace(
        reservation, starts_at=event.starts_at, ends_at=event.ends_at, attendees=event.attendees, version=reservation.version + 1
    )
    offer_free_slots(event.resource_id, now, state)


def _why_not(
    event: ReservationCreated | ReservationUpdated, state: AvailabilityState, own: tuple[str, str | None], user_id: str
) -> Refusal | None:
    resource = state.resources.get(event.resource_id)
    if resource is None:
        return Refusal("UNKNOWN_RESOURCE")
    if resource.deleted:
        return Refusal("RESOURCE_DELETED")
    if resource.status == "OUT_OF_SERVICE":
        return Refusal("RESOURCE_UNAVAILABLE")
    return _broken_rule(event, resource) or _collision(event, state, own, user_id)


def _broken_rule(event: ReservationCreated | ReservationUpdated, resource: Resource) -> Refusal | None:
    if event.ends_at <= event.starts_at:
        return Refusal("RULE_VIOLATED", "it ends before it begins")
    if event.ends_at - event.starts_at > resource.max_minutes * MINUTE:
        return Refusal("RULE_VIOLATED", f"longer than {resource.max_minutes} minutes")
    if event.attendees > resource.capacity:
        return Refusal("RULE_VIOLATED", f"more than {resource.capacity} people")
    return None


def _collision(
    event: ReservationCreated | ReservationUpdated, state: AvailabilityState, own: tuple[str, str | None], user_id: str
) -> Refusal | None:
    """Maintenance first, then whoever came first; its own old slot or offer does not stand in the way."""
    others = [
        slot
        for slot in overlapping(calendar(state, event.resource_id), event.starts_at, event.ends_at)
        if (slot.kind, slot.holder) != own or slot.user_id != user_id
    ]
    for slot in others:
        if slot.kind == "MAINTENANCE":
            return Refusal("MAINTENANCE", slot.holder, slot)
    return Refusal("CONFLICT", others[0].holder, others[0]) if others else None


def _offered(event: ReservationCreated, state: AvailabilityState) -> bool:
    return any(
        (slot.kind, slot.holder, slot.user_id) == ("OFFER", event.waitlist_id, event.user_id)
        for slot in calendar(state, event.resource_id)
    )


def _refuse(event: ReservationCreated, refusal: Refusal, state: AvailabilityState) -> None:
    state.emit(
        ReservationRejected(
            reservation_id=event.reservation_id,
            resource_id=event.resource_id,
            user_id=event.user_id,
            reason=refusal.reason,
            detail=refusal.detail,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
        )
    )
    if refusal.reason == "CONFLICT":
        _report_conflict(event, refusal, state)
    notify(state, "RESERVATION_REJECTED", event.resource_id, event.user_id, reservation_id=event.reservation_id, detail=refusal.reason)


def _report_conflict(event: ReservationCreated | ReservationUpdated, refusal: Refusal, state: AvailabilityState) -> None:
    conflict = refusal.conflict
    state.emit(
        ScheduleConflictDetected(
            resource_id=event.resource_id,
            reservation_id=event.reservation_id,
            user_id=event.user_id,
            conflicting_id=conflict.holder if conflict else event.resource_id,
            conflicting_kind=conflict.kind if conflict else "RULE",
            starts_at=event.starts_at,
            ends_at=event.ends_at,
        )
    )
