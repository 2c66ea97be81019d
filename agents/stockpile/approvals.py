"""Approvals: asked for, decided once, closed when their reservation ends first."""

from __future__ import annotations

from msgspec.structs import replace

from agents.stockpile.rules import Rule, rule_for
from agents.stockpile.tables import Approval, StockpileState
from bookly.records.availability import ReservationCancelled, ReservationCreated, ReservationExpired, ReservationRejected
from bookly.records.stockpile import ApprovalExpired, ApprovalGranted, ApprovalRejected, ApprovalRequested, ApprovalSuperseded

HOUR = 3_600_000_000  # microseconds


def open_approval(event: ReservationCreated, state: StockpileState) -> None:
    """The rules say whether a person has to decide; where none applies it is granted at once."""
    if event.reservation_id in state.approvals:
        return state.repeat()
    approval = Approval(f"apr-{event.reservation_id}", event.resource_id, event.user_id, "OPEN")
    rule = rule_for(event.category_id, event.starts_at, event.ends_at, event.attendees)
    if rule is None:
        state.approvals[event.reservation_id] = replace(approval, state="GRANTED", automatic=True)
        state.emit(ApprovalGranted(approval.approval_id, event.reservation_id, event.resource_id, automatic=True, expected_version=1))
    else:
        _request(event, approval, rule, state)


def record_decision(event: ApprovalGranted | ApprovalRejected | ApprovalExpired, state: StockpileState) -> None:
    """Compare and swap: the first decision on the version at hand wins, any other is told what stands."""
    approval = state.approvals.get(event.reservation_id)
    if approval is None or (isinstance(event, ApprovalGranted) and event.automatic):
        return state.repeat()
    if approval.state != "OPEN" or approval.version != event.expected_version:
        return _supersede(event, approval, f"already {approval.state} at version {approval.version}", state)
    target = "GRANTED" if isinstance(event, ApprovalGranted) else "REJECTED" if isinstance(event, ApprovalRejected) else "EXPIRED"
    decided_by = None if isinstance(event, ApprovalExpired) else event.decided_by
    state.approvals[event.reservation_id] = replace(approval, state=target, version=approval.version + 1, decided_by=decided_by)


def close_approval(event: ReservationCancelled | ReservationExpired, state: StockpileState) -> None:
    """Nobody has to decide on a reservation that is gone."""
    _close(event, "WITHDRAWN", state)


def drop_approval(event: ReservationRejected, state: StockpileState) -> None:
    """A slot that could not be had needs no approval."""
    _close(event, "SUPERSEDED", state)


def _close(event: ReservationCancelled | ReservationExpired | ReservationRejected, target: str, state: StockpileState) -> None:
    approval = state.approvals.get(event.reservation_id)
    if approval is None or approval.state != "OPEN":
        return state.repeat()
    closed = replace(approval, state=target, version=approval.version + 1)
    state.approvals[event.reservation_id] = closed
    _supersede(event, closed, event.TYPE, state, lost=False)


def _request(event: ReservationCreated, approval: Approval, rule: Rule, state: StockpileState) -> None:
    deadline = event.metadata.occurred_at + rule.deadline_hours * HOUR
    state.approvals[event.reservation_id] = replace(approval, rule=rule.name, deadline_at=deadline)
    state.emit(
        ApprovalRequested(
            approval_id=approval.approval_id,
            reservation_id=event.reservation_id,
            resource_id=event.resource_id,
            user_id=event.user_id,
            rule=rule.name,
            approver_role=rule.approver_role,
            deadline_at=deadline,
            version=approval.version,
        )
    )


def _supersede(
    event: ApprovalGranted | ApprovalRejected | ApprovalExpired | ReservationCancelled | ReservationExpired | ReservationRejected,
    approval: Approval,
    cause: str,
    state: StockpileState,
    *,
    lost: bool = True,
) -> None:
    state.emit(
        ApprovalSuperseded(
            approval_id=approval.approval_id,
            reservation_id=event.reservation_id,
            resource_id=approval.resource_id,
            state=approval.state,
            superseded_event_id=event.metadata.event_id if lost else None,
            cause=cause,
        )
    )
