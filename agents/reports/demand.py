"""Windowed demand: hourly tumbling windows on event time, each kind at most once for a reservation or a place in a queue."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from agents.reports.tables import HOUR, Counted, Demand, ReportsState
from bookly.records.availability import (
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationExpired,
    ReservationNoShow,
    ReservationRejected,
    ReservationUpdated,
    ScheduleConflictDetected,
    WaitlistJoined,
    WaitlistOffered,
    WaitlistOfferExpired,
)

KINDS: dict[type, str] = {
    ReservationCreated: "asked",
    ReservationConfirmed: "confirmed",
    ReservationRejected: "refused",
    ReservationCancelled: "cancelled",
    ReservationExpired: "expired",
    ReservationNoShow: "no_show",
    WaitlistJoined: "waitlisted",
    WaitlistOffered: "offered",
    ScheduleConflictDetected: "conflicts",
}

Wanted = (
    ReservationCreated
    | ReservationUpdated
    | ReservationConfirmed
    | ReservationRejected
    | ReservationCancelled
    | ReservationExpired
    | ReservationNoShow
    | WaitlistJoined
    | WaitlistOffered
    | WaitlistOfferExpired
    | ScheduleConflictDetected
)


def record_demand(event: Wanted, state: ReportsState) -> None:
    """What was wanted, by resource and hour. A moved reservation or an offer that ran out is no new demand."""
    kind = KINDS.get(type(event))
    if kind is not None:
        count(state, kind, _entity(event), event.resource_id, event.metadata.occurred_at, getattr(event, "reason", None))


def count(state: ReportsState, kind: str, entity: str, resource_id: str, at: int, reason: str | None = None) -> None:
    """Count one kind for one entity in the hour of `at`, unless it was counted before: a client's retry is no demand."""
    counted = state.counted.get(entity, Counted()).kinds
    if kind in counted:
        state.repeat()
        return
    state.counted[entity] = Counted((*counted, kind))
    key = f"{resource_id}|{at - at % HOUR}"
    window = state.demand.get(key, Demand())
    changes: dict[str, Any] = {kind: getattr(window, kind) + 1}
    if kind == "refused" and reason is not None:
        changes["refused_by"] = {**window.refused_by, reason: window.refused_by.get(reason, 0) + 1}
    state.demand[key] = replace(window, **changes)


def _entity(event: Wanted) -> str:
    if isinstance(event, WaitlistJoined | WaitlistOffered | WaitlistOfferExpired):
        return event.waitlist_id
    return event.reservation_id
