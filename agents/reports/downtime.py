"""When resources could not be used, and why."""

from __future__ import annotations

from msgspec.structs import replace

from agents.reports.tables import Downtime, ReportsState
from bookly.records.availability import ScheduleBlocked, ScheduleUnblocked
from bookly.records.resources import (
    CategoryCreated,
    CategoryUpdated,
    MaintenanceCancelled,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    ResourceCreated,
    ResourceDeleted,
    ResourceStatusChanged,
    ResourceUpdated,
)

JOBS_KEPT = 100  # of a resource: the oldest go first
STATES: dict[type, str] = {MaintenanceStarted: "STARTED", MaintenanceCompleted: "COMPLETED", MaintenanceCancelled: "CANCELLED"}
Concerned = (
    MaintenanceScheduled
    | MaintenanceStarted
    | MaintenanceCompleted
    | MaintenanceCancelled
    | ResourceCreated
    | ResourceUpdated
    | ResourceDeleted
    | ResourceStatusChanged
    | CategoryCreated
    | CategoryUpdated
    | ScheduleBlocked
    | ScheduleUnblocked
)


def record_maintenance(event: Concerned, state: ReportsState) -> None:
    """Each job with its planned slot and how it ended; the status that staff set; name and category; the end of the resource.

    What categories are called and the echoes of blocks change no figure: they are read for completeness, and kept by others.
    """
    match event:
        case MaintenanceScheduled():
            _plan(event, state)
        case MaintenanceStarted() | MaintenanceCompleted() | MaintenanceCancelled():
            _advance(event.resource_id, event.maintenance_id, STATES[type(event)], state)
        case ResourceStatusChanged():
            state.downtime[event.resource_id] = replace(state.downtime.get(event.resource_id, Downtime()), status=event.status)
        case ResourceCreated() | ResourceUpdated():
            row = state.downtime.get(event.resource_id, Downtime())
            state.downtime[event.resource_id] = replace(row, category_id=event.category_id, name=event.name)
        case ResourceDeleted():
            row = state.downtime.get(event.resource_id, Downtime())
            at = row.deleted_at if row.deleted else event.metadata.occurred_at
            state.downtime[event.resource_id] = replace(row, deleted=True, deleted_at=at)
        case _:
            pass


def _plan(event: MaintenanceScheduled, state: ReportsState) -> None:
    downtime = state.downtime.get(event.resource_id, Downtime())
    if event.maintenance_id in downtime.jobs:
        state.repeat()
        return
    jobs = {**downtime.jobs, event.maintenance_id: (event.starts_at, event.ends_at, "SCHEDULED")}
    state.downtime[event.resource_id] = replace(downtime, jobs=dict(list(jobs.items())[-JOBS_KEPT:]))


def _advance(resource_id: str, maintenance_id: str, target: str, state: ReportsState) -> None:
    downtime = state.downtime.get(resource_id, Downtime())
    job = downtime.jobs.get(maintenance_id)
    if job is None or job[2] == target:
        state.repeat()
        return
    state.downtime[resource_id] = replace(downtime, jobs={**downtime.jobs, maintenance_id: (job[0], job[1], target)})
