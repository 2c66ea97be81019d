"""A reservation is asked for, or asks for another slot: the one writer of the resource decides whether the slot can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from agents.availability.deadlines import OFFER, await_visitor
from agents.availability.decisions import apply_decision
from agents.availability.notifications import notify
from agents.availability.refusals import Refusal, why_not
from agents.availability.slots import calendar, hold, release
from agents.availability.tables import AvailabilityState, Reservation, Slot
from agents.availability.waitlist import offer_free_slots
from agents.index import add_latest
from bookly.records.availability import ReservationCreated, ReservationRejected, ReservationUpdated, ScheduleConflictDetected

if TYPE_CHECKING:
    from agents.availability.refusals import Wanted


NO_HOLD = ("", "")


def place_reservation(event: ReservationCreated, state: AvailabilityState) -> None:
    """The slot is held from now on, or the user is told why not."""
    if event.reservation_id in state.reservations:
        state.repeat()
        return
    offer = _own_offer(event, state)
    refusal = why_not(event, state, own=offer)
    if refusal is None:
        _place(event, offer, state)
    else:
        _refuse(event, refusal, state)


def move_reservation(event: ReservationUpdated, state: AvailabilityState) -> None:
    """The slot moves as a whole or not at all."""
    held = state.reservations.get(event.reservation_id)
    if held is None or held.resource_id != event.resource_id or held.state not in {"PENDING", "CONFIRMED"}:
        state.repeat()
        return
    moved = replace(held, starts_at=event.starts_at, ends_at=event.ends_at, attendees=event.attendees)
    if moved == held:
        state.repeat()
        return
    refusal = why_not(event, state, own=("RESERVATION", event.reservation_id))
    if refusal is None:
        _move(event, replace(moved, version=held.version + 1), state)
    else:
        _report_conflict(event, refusal, held.user_id, state)
        notify(state, "RESERVATION_CONFLICT", event.resource_id, held.user_id, reservation_id=event.reservation_id)


def _place(event: ReservationCreated, offer: tuple[str, str], state: AvailabilityState) -> None:
    """Take the offer that it names, hold the slot, apply a decision that was there first; look at the waitlist last, and once."""
    now = event.metadata.occurred_at
    freed = release(state, event.resource_id, *offer, now)
    if freed:
        state.timers.cancel(OFFER, offer[1])
    reservation = Reservation(event.resource_id, event.user_id, "PENDING", event.starts_at, event.ends_at, event.attendees)
    _keep(event, reservation, state)
    slot = Slot(event.starts_at, event.ends_at, "RESERVATION", event.reservation_id, event.user_id)
    hold(state, event.resource_id, slot, now)
    decision = state.decisions.get(event.reservation_id)
    if decision is not None:
        del state.decisions[event.reservation_id]
        freed |= apply_decision(event.reservation_id, reservation, decision, state)
    if freed:
        offer_free_slots(event.resource_id, now, state)


def _keep(event: ReservationCreated, reservation: Reservation, state: AvailabilityState) -> None:
    """A new one, placed or refused: its user finds it among the others."""
    state.reservations[event.reservation_id] = reservation
    add_latest(state.by_user, event.user_id, event.reservation_id)


def _move(event: ReservationUpdated, moved: Reservation, state: AvailabilityState) -> None:
    now = event.metadata.occurred_at
    release(state, event.resource_id, "RESERVATION", event.reservation_id, now)
    slot = Slot(event.starts_at, event.ends_at, "RESERVATION", event.reservation_id, moved.user_id)
    hold(state, event.resource_id, slot, now)
    state.reservations[event.reservation_id] = moved
    if moved.state == "CONFIRMED":
        await_visitor(event.reservation_id, moved, state)
    offer_free_slots(event.resource_id, now, state)


def _own_offer(event: ReservationCreated, state: AvailabilityState) -> tuple[str, str]:
    """The hold that it may take: the offer that it names, made to the same user. Of nobody else's, and of none, no hold."""
    if event.waitlist_id is None:
        return NO_HOLD
    offer = ("OFFER", event.waitlist_id, event.user_id)
    mine = any((slot.kind, slot.holder, slot.user_id) == offer for slot in calendar(state, event.resource_id))
    return ("OFFER", event.waitlist_id) if mine else NO_HOLD


def _refuse(event: ReservationCreated, refusal: Refusal, state: AvailabilityState) -> None:
    """A refused reservation is kept with its reason; a decision that was there first has nothing left to decide."""
    reservation = Reservation(event.resource_id, event.user_id, "REJECTED", event.starts_at, event.ends_at, event.attendees)
    _keep(event, replace(reservation, reason=refusal.reason), state)
    if event.reservation_id in state.decisions:
        del state.decisions[event.reservation_id]
    rejected = ReservationRejected(
        reservation_id=event.reservation_id,
        resource_id=event.resource_id,
        user_id=event.user_id,
        reason=refusal.reason,
        detail=refusal.detail,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )
    state.emit(rejected)
    if refusal.reason == "CONFLICT":
        _report_conflict(event, refusal, event.user_id, state)
    about = event.reservation_id
    notify(state, "RESERVATION_REJECTED", event.resource_id, event.user_id, reservation_id=about, detail=refusal.reason)


def _report_conflict(event: Wanted, refusal: Refusal, user_id: str, state: AvailabilityState) -> None:
    conflict = refusal.conflict
    state.emit(
        ScheduleConflictDetected(
            resource_id=event.resource_id,
            reservation_id=event.reservation_id,
            user_id=user_id,
            conflicting_id=conflict.holder if conflict else event.resource_id,
            conflicting_kind=conflict.kind if conflict else "RULE",
            starts_at=event.starts_at,
            ends_at=event.ends_at,
        )
    )
