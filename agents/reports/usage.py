"""Use and lead times: how long people wait for a decision, and whether they come."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from agents.reports.demand import count
from agents.reports.tables import Lead, ReportsState
from bookly.records.availability import ReservationNoShow
from bookly.records.stockpile import (
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalSuperseded,
    CheckInCompleted,
    CheckOutCompleted,
)

OUTCOMES: dict[type, str] = {ApprovalGranted: "GRANTED", ApprovalRejected: "REJECTED", ApprovalExpired: "EXPIRED"}
Used = (
    ApprovalRequested
    | ApprovalGranted
    | ApprovalRejected
    | ApprovalExpired
    | ApprovalSuperseded
    | CheckInCompleted
    | CheckOutCompleted
    | ReservationNoShow
)


def record_usage(event: Used, state: ReportsState) -> None:
    """The first of each fact counts; a visit that ended is use of the hour in which it ended."""
    lead = state.leads.get(event.reservation_id, Lead())
    changed = replace(lead, **_changes(event, lead))
    if changed == lead:
        return state.repeat()
    state.leads[event.reservation_id] = changed
    if isinstance(event, CheckOutCompleted):
        count(state, "used", event.reservation_id, event.resource_id, event.metadata.occurred_at)


def _changes(event: Used, lead: Lead) -> dict[str, Any]:
    at = event.metadata.occurred_at
    if isinstance(event, ApprovalRequested):
        return {} if lead.requested_at is not None else {"requested_at": at}
    if isinstance(event, CheckInCompleted):
        return {} if lead.checked_in_at is not None else {"checked_in_at": event.checked_in_at}
    if isinstance(event, CheckOutCompleted):
        times = {"checked_in_at": event.checked_in_at, "checked_out_at": event.checked_out_at}
        return {} if lead.checked_out_at is not None else times
    outcome = OUTCOMES.get(type(event))
    if outcome is None or lead.outcome is not None:
        return {}
    return {"decided_at": at, "outcome": outcome}
