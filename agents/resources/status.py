"""Whether a resource can be used right now."""

from __future__ import annotations

from msgspec.structs import replace

from agents.resources.tables import ResourcesState
from bookly.records.resources import MaintenanceCancelled, MaintenanceCompleted, MaintenanceStarted, ResourceStatusChanged


def change_status(event: ResourceStatusChanged, state: ResourcesState) -> None:
    """Staff say what a resource can be used for."""
    set_status(event.resource_id, event.status, state)


def start_maintenance(event: MaintenanceStarted, state: ResourcesState) -> None:
    """While it is maintained nobody can use it."""
    set_status(event.resource_id, "UNDER_MAINTENANCE", state)


def complete_maintenance(event: MaintenanceCompleted, state: ResourcesState) -> None:
    """Maintained, it is free again."""
    set_status(event.resource_id, "AVAILABLE", state)


def call_off_maintenance(event: MaintenanceCancelled, state: ResourcesState) -> None:
    """Free again, but only if the maintenance had begun."""
    resource = state.resources.get(event.resource_id)
    if resource is not None and resource.status == "UNDER_MAINTENANCE":
        set_status(event.resource_id, "AVAILABLE", state)


def set_status(resource_id: str, status: str, state: ResourcesState) -> None:
    """The status of a resource that is there; of one that is gone or was never created it is a repeat."""
    resource = state.resources.get(resource_id)
    if resource is None or resource.deleted:
        state.repeat()
        return
    state.resources[resource_id] = replace(resource, status=status)
