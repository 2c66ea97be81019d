"""Use and lead times: how long people wait for a decision, and whether they come."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from agents.reports.demand import count
from agents.reports.hours import DEMAND, LEADS, until, use
from agents.reports.tables import HOUR, MINUTE, Lead, ReportsState
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
    """The first of each fact counts; a visit that ended is use, in the hour in which it was said to have ended, and its minutes
    lie in the hours that it took.
    """
    lead = state.leads.get(event.reservation_id, Lead())
    changes = _changes(event, lead)
    if not changes:
        state.repeat()
        return
    known = replace(lead, until=max(lead.until, until(state, event.metadata.occurred_at)), **changes)
    LEADS.put(state, event.reservation_id, known)
    if isinstance(event, CheckOutCompleted) and count(state, "used", event.reservation_id, event):
        use(state, event.resource_id, event.checked_in_at, event.checked_out_at)
    if known.requested_at is not None and known.decision_at is not None and None in (lead.requested_at, lead.decision_at):
        _approve(state, event.resource_id, known.requested_at, known.decision_at)


def _approve(state: ReportsState, resource_id: str, requested_at: int, decision_at: int) -> None:
    minutes, hour = max(0, decision_at - requested_at) // MINUTE, decision_at - decision_at % HOUR
    DEMAND.amend(
        state,
        resource_id,
        hour,
        lambda row: replace(row, approvals=row.approvals + 1, approval_minutes=row.approval_minutes + minutes),
    )


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
    changes = {} if lead.outcome is not None else {"decided_at": at, "outcome": _outcome(event)}
    return changes | ({"decision_at": at} if lead.decision_at is None and _by_a_person(event) else {})


def _by_a_person(event: Decided) -> bool:
    return isinstance(event, ApprovalRejected) or (isinstance(event, ApprovalGranted) and not event.automatic)


def _outcome(event: Decided) -> str:
    """An approval that was superseded before anybody decided ended as what stands."""
    return event.state if isinstance(event, ApprovalSuperseded) else OUTCOMES[type(event)]
