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
Decided = ApprovalGranted | ApprovalRejected | ApprovalExpired | ApprovalSuperseded
Used = ApprovalRequested | Decided | CheckInCompleted | CheckOutCompleted | ReservationNoShow


def record_usage(event: Used, state: ReportsState) -> None:
    """The first of each fact counts; a visit that ended is use, in the hour in which it was said to have ended."""
    lead = state.leads.get(event.reservation_id, Lead())
    changed = replace(lead, **_changes(event, lead))
    if changed == lead:
        state.repeat()
        return
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
    if isinstance(event, ReservationNoShow):
        return {} if lead.no_show_at is not None else {"no_show_at": at}
    return {} if lead.outcome is not None else {"decided_at": at, "outcome": _outcome(event)}


def _outcome(event: Decided) -> str:
    """An approval that was superseded before anybody decided ended as what stands."""
    return event.state if isinstance(event, ApprovalSuperseded) else OUTCOMES[type(event)]
