"""Maintenance blocks the calendar (flow 3). What it collides with stays as it is: people decide."""

from __future__ import annotations

from agents.availability.notifications import notify
from agents.availability.slots import calendar, hold, overlapping, release
from agents.availability.tables import AvailabilityState, Seen, Slot
from agents.availability.waitlist import offer_free_slots
from bookly.records.availability import ScheduleBlocked, ScheduleConflictDetected, ScheduleUnblocked
from bookly.records.resources import MaintenanceCancelled, MaintenanceCompleted, MaintenanceScheduled


def block_calendar(event: MaintenanceScheduled, state: AvailabilityState) -> None:
    """Nobody can book the slot; who had it already is told."""
    if event.maintenance_id in state.planned:
        state.repeat()
        return
    state.planned[event.maintenance_id] = Seen(event.resource_id)
    now = event.metadata.occurred_at
    found = overlapping(calendar(state, event.resource_id), event.starts_at, event.ends_at, now)
    hit = [slot for slot in found if slot.kind == "RESERVATION"]
    hold(state, event.resource_id, Slot(event.starts_at, event.ends_at, "MAINTENANCE", event.maintenance_id), now)
    state.emit(
        ScheduleBlocked(
            block_id=event.maintenance_id,
            resource_id=event.resource_id,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            reason=event.reason,
        )
    )
    for reserved in hit:
        _warn(event, reserved, state)


def unblock_calendar(event: MaintenanceCompleted | MaintenanceCancelled, state: AvailabilityState) -> None:
    """The slot can be booked again, first by who waits for it."""
    if not release(state, event.resource_id, "MAINTENANCE", event.maintenance_id, event.metadata.occurred_at):
        state.repeat()
        return
    state.emit(ScheduleUnblocked(block_id=event.maintenance_id, resource_id=event.resource_id))
    offer_free_slots(event.resource_id, event.metadata.occurred_at, state)


def _warn(event: MaintenanceScheduled, reserved: Slot, state: AvailabilityState) -> None:
    user = reserved.user_id or ""
    state.emit(
        ScheduleConflictDetected(
            resource_id=event.resource_id,
            reservation_id=reserved.holder,
            user_id=user,
            conflicting_id=event.maintenance_id,
            conflicting_kind="MAINTENANCE",
            starts_at=event.starts_at,
            ends_at=event.ends_at,
        )
    )
    notify(state, "MAINTENANCE_CONFLICT", event.resource_id, user, reservation_id=reserved.holder, detail=event.maintenance_id)
