"""Why a slot cannot be had: rules 2 to 7 of a reservation (docs/flows.md), in their order. Pure questions, nothing changes."""

from __future__ import annotations

from typing import NamedTuple

from agents.availability.slots import calendar, overlapping
from agents.availability.tables import AvailabilityState, Resource, Slot
from bookly.records.availability import ReservationCreated, ReservationUpdated

MINUTE = 60_000_000  # microseconds
Wanted = ReservationCreated | ReservationUpdated


class Refusal(NamedTuple):
    """The reason, what to say besides, and the slot that stands in the way, if it is one."""

    reason: str
    detail: str | None = None
    conflict: Slot | None = None


def why_not(event: Wanted, state: AvailabilityState, own: tuple[str, str]) -> Refusal | None:
    """None when the slot can be had. `own`: (kind, holder) of the hold that is not in its way, its old slot or its offer."""
    resource = state.resources.get(event.resource_id)
    if resource is None:
        return Refusal("UNKNOWN_RESOURCE")
    if resource.deleted:
        return Refusal("RESOURCE_DELETED")
    if resource.status == "OUT_OF_SERVICE":
        return Refusal("RESOURCE_UNAVAILABLE")
    return _broken_rule(event, resource) or _collision(event, state, own)


def _broken_rule(event: Wanted, resource: Resource) -> Refusal | None:
    if event.ends_at <= event.starts_at:
        return Refusal("RULE_VIOLATED", "it ends before it begins")
    if event.ends_at - event.starts_at > resource.max_minutes * MINUTE:
        return Refusal("RULE_VIOLATED", f"longer than {resource.max_minutes} minutes")
    if event.attendees > resource.capacity:
        return Refusal("RULE_VIOLATED", f"more than {resource.capacity} people")
    return None


def _collision(event: Wanted, state: AvailabilityState, own: tuple[str, str]) -> Refusal | None:
    """Maintenance first, then the earliest slot of somebody else."""
    slots = calendar(state, event.resource_id)
    found = overlapping(slots, event.starts_at, event.ends_at, event.metadata.occurred_at)
    others = [slot for slot in found if (slot.kind, slot.holder) != own]
    for slot in others:
        if slot.kind == "MAINTENANCE":
            return Refusal("MAINTENANCE", slot.holder, slot)
    return Refusal("CONFLICT", others[0].holder, others[0]) if others else None
