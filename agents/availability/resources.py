"""What availability must know of a resource to decide on its slots; and its end (flow 5)."""

from __future__ import annotations

from msgspec.structs import replace

from agents.availability.deadlines import NO_SHOW, OFFER
from agents.availability.notifications import notify
from agents.availability.slots import calendar, write
from agents.availability.tables import AvailabilityState, Resource, Slot
from agents.availability.waitlist import close_queue
from bookly.records.availability import ReservationCancelled
from bookly.records.resources import ResourceCreated, ResourceDeleted, ResourceStatusChanged, ResourceUpdated


def open_resource(event: ResourceCreated, state: AvailabilityState) -> None:
    """From now on its slots can be asked for."""
    if event.resource_id in state.resources:
        state.repeat()
        return
    state.resources[event.resource_id] = Resource(event.name, event.category_id, event.capacity, event.max_minutes)


def sync_resource(event: ResourceUpdated, state: AvailabilityState) -> None:
    """New booking rules hold for what is asked for from now on."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        state.repeat()
        return
    state.resources[event.resource_id] = replace(
        resource, name=event.name, category_id=event.category_id, capacity=event.capacity, max_minutes=event.max_minutes
    )


def sync_status(event: ResourceStatusChanged, state: AvailabilityState) -> None:
    """What is out of service takes no new reservations."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        state.repeat()
        return
    state.resources[event.resource_id] = replace(resource, status=event.status)


def cancel_future_reservations(event: ResourceDeleted, state: AvailabilityState) -> None:
    """What was planned on it is cancelled and everybody affected is told; what has begun runs to its end."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        state.repeat()
        return
    state.resources[event.resource_id] = replace(resource, deleted=True)
    slots = calendar(state, event.resource_id)
    reserved = sorted((slot for slot in slots if slot.kind == "RESERVATION"), key=lambda slot: (slot.starts_at, slot.holder))
    left = [slot for slot in reserved if not _cancel(event, slot, state)]
    for slot in slots:
        if slot.kind == "OFFER":
            state.timers.cancel(OFFER, slot.holder)
    if slots:
        write(state, event.resource_id, left, event.metadata.occurred_at)
    close_queue(event.resource_id, state)


def _cancel(event: ResourceDeleted, slot: Slot, state: AvailabilityState) -> bool:
    """True when the reservation of this slot is cancelled: it had not begun, and nobody checked in."""
    reservation = state.reservations.get(slot.holder)
    if reservation is None or reservation.state not in {"PENDING", "CONFIRMED"} or slot.starts_at <= event.metadata.occurred_at:
        return False
    cancelled = replace(reservation, state="CANCELLED", reason="RESOURCE_DELETED", version=reservation.version + 1)
    state.reservations[slot.holder] = cancelled
    state.timers.cancel(NO_SHOW, slot.holder)
    state.emit(
        ReservationCancelled(
            reservation_id=slot.holder,
            resource_id=event.resource_id,
            user_id=reservation.user_id,
            reason="RESOURCE_DELETED",
            cancelled_by=event.deleted_by,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
        )
    )
    about = slot.holder
    notify(
        state, "RESERVATION_CANCELLED", event.resource_id, reservation.user_id, reservation_id=about, detail="RESOURCE_DELETED"
    )
    return True
