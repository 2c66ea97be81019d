"""What availability must know of a resource to decide on its slots; and its end (flow 5)."""

from __future__ import annotations

from msgspec.structs import replace

from agents.availability.notifications import notify
from agents.availability.slots import calendar
from agents.availability.tables import AvailabilityState, Calendar, Resource, Slot
from agents.availability.waitlist import close_queue
from bookly.records.availability import ReservationCancelled
from bookly.records.resources import ResourceCreated, ResourceDeleted, ResourceStatusChanged, ResourceUpdated


def open_resource(event: ResourceCreated, state: AvailabilityState) -> None:
    """From now on its slots can be asked for."""
    if event.resource_id in state.resources:
        return state.repeat()
    state.resources[event.resource_id] = Resource(event.name, event.category_id, event.capacity, event.max_minutes)


def sync_resource(event: ResourceUpdated, state: AvailabilityState) -> None:
    """New booking rules hold for what is asked for from now on."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        return state.repeat()
    state.resources[event.resource_id] = replace(
        resource, name=event.name, category_id=event.category_id, capacity=event.capacity, max_minutes=event.max_minutes
    )


def sync_status(event: ResourceStatusChanged, state: AvailabilityState) -> None:
    """What is out of service takes no new reservations."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        return state.repeat()
    state.resources[event.resource_id] = replace(resource, status=event.status)


def cancel_future_reservations(event: ResourceDeleted, state: AvailabilityState) -> None:
    """What was planned on it is cancelled and everybody affected is told; what has begun runs to its end."""
    resource = state.resources.get(event.resource_id)
    if resource is None or resource.deleted:
        return state.repeat()
    state.resources[event.resource_id] = replace(resource, deleted=True)
    reserved = [slot for slot in calendar(state, event.resource_id) if slot.kind == "RESERVATION"]
    for slot in sorted(reserved, key=lambda slot: (slot.starts_at, slot.holder)):
        if _cancel(event, slot, state):
            reserved.remove(slot)
    if reserved:
        state.calendars[event.resource_id] = Calendar(tuple(reserved))
    else:
        del state.calendars[event.resource_id]
    close_queue(event.resource_id, state)


def _cancel(event: ResourceDeleted, slot: Slot, state: AvailabilityState) -> bool:
    reservation = state.reservations.get(slot.holder)
    if reservation is None or reservation.state not in {"PENDING", "CONFIRMED"} or slot.starts_at <= event.metadata.occurred_at:
        return False
    cancelled = replace(reservation, state="CANCELLED", reason="RESOURCE_DELETED", version=reservation.version + 1)
    state.reservations[slot.holder] = cancelled
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
    notify(state, "RESERVATION_CANCELLED", event.resource_id, reservation.user_id, reservation_id=slot.holder, detail="RESOURCE_DELETED")
    return True
