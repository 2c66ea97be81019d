"""How much a resource is asked for and used."""

from __future__ import annotations

from msgspec.structs import replace

from agents.resources.status import set_status
from agents.resources.tables import Counted, ResourcesState, Usage
from bookly.records.availability import (
    ReservationCancelled,
    ReservationCreated,
    ReservationExpired,
    ReservationNoShow,
    ReservationRejected,
)
from bookly.records.stockpile import CheckInCompleted, CheckOutCompleted

MINUTE = 60_000_000  # microseconds


def count_reservation(event: ReservationCreated, state: ResourcesState) -> None:
    """Usage goes up with every reservation asked for, once."""
    counted = state.counted.get(event.reservation_id, Counted())
    if counted.created:
        state.repeat()
        return
    state.counted[event.reservation_id] = replace(counted, created=True)
    usage = state.usage.get(event.resource_id, Usage())
    state.usage[event.resource_id] = replace(usage, reserved=usage.reserved + 1, created_total=usage.created_total + 1)


def release_usage(event: ReservationCancelled, state: ResourcesState) -> None:
    """Usage goes down when a reservation is given up."""
    _release(event.reservation_id, event.resource_id, state)


def release_lost_usage(event: ReservationRejected | ReservationExpired | ReservationNoShow, state: ResourcesState) -> None:
    """A reservation that was refused, ran out or was not used no longer stands either."""
    _release(event.reservation_id, event.resource_id, state)


def record_check_in(event: CheckInCompleted, state: ResourcesState) -> None:
    """The resource is in use, until its visitor has left."""
    counted = state.counted.get(event.reservation_id, Counted())
    if counted.checked_in:
        state.repeat()
        return
    state.counted[event.reservation_id] = replace(counted, checked_in=True)
    set_status(event.resource_id, "IN_USE", state)


def record_check_out(event: CheckOutCompleted, state: ResourcesState) -> None:
    """The visit's whole minutes count as used, and the resource is free again."""
    counted = state.counted.get(event.reservation_id, Counted())
    if counted.checked_out:
        state.repeat()
        return
    state.counted[event.reservation_id] = replace(counted, checked_out=True)
    minutes = (event.checked_out_at - event.checked_in_at) // MINUTE
    usage = state.usage.get(event.resource_id, Usage())
    state.usage[event.resource_id] = replace(usage, check_outs=usage.check_outs + 1, used_minutes=usage.used_minutes + minutes)
    set_status(event.resource_id, "AVAILABLE", state)


def _release(reservation_id: str, resource_id: str, state: ResourcesState) -> None:
    counted = state.counted.get(reservation_id)
    if counted is None or not counted.created or counted.released:
        state.repeat()
        return
    state.counted[reservation_id] = replace(counted, released=True)
    usage = state.usage.get(resource_id, Usage())
    state.usage[resource_id] = replace(usage, reserved=usage.reserved - 1)
