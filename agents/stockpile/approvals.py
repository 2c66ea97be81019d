"""Approvals: asked for, decided once, closed when their reservation ends first."""

from __future__ import annotations

from msgspec.structs import replace

from agents.stockpile.rules import Rule, rule_for
from agents.stockpile.tables import Approval, StockpileState
from agents.timers import Timer, happen
from bookly.records.availability import ReservationCancelled, ReservationCreated, ReservationExpired, ReservationRejected
from bookly.records.stockpile import ApprovalExpired, ApprovalGranted, ApprovalRejected, ApprovalRequested, ApprovalSuperseded

HOUR = 3_600_000_000  # microseconds
DEADLINE = "deadline"  # the kind of the timer of an open approval, by reservation_id
Decision = ApprovalGranted | ApprovalRejected | ApprovalExpired
Ended = ReservationCancelled | ReservationExpired | ReservationRejected


def open_approval(event: ReservationCreated, state: StockpileState) -> None:
    """The rules say whether a person has to decide; where none applies it is granted at once."""
    if event.reservation_id in state.approvals:
        state.repeat()
        return
    approval = Approval(f"apr-{event.reservation_id}", event.resource_id, event.user_id, "OPEN")
    rule = rule_for(event.category_id, event.starts_at, event.ends_at, event.attendees)
    if rule is None:
        _grant(event, approval, state)
    else:
        _request(event, approval, rule, state)


def record_decision(event: Decision, state: StockpileState) -> None:
    """Compare and swap: the first decision on the version at hand wins, any other is told what stands."""
    approval = state.approvals.get(event.reservation_id)
    if approval is None or _known(event, approval):
        state.repeat()
    elif approval.state != "OPEN" or approval.version != event.expected_version:
        cause = f"{approval.state} at version {approval.version}, decided on version {event.expected_version}"
        _supersede(event.reservation_id, approval, cause, state, loser=event.metadata.event_id)
    else:
        state.approvals[event.reservation_id] = replace(
            approval,
            state=_target(event),
            version=approval.version + 1,
            decided_by=None if isinstance(event, ApprovalExpired) else event.decided_by,
            decision_id=event.metadata.event_id,
        )
        state.timers.cancel(DEADLINE, event.reservation_id)


def let_approval_run_out(timer: Timer, state: StockpileState) -> None:
    """Nobody has decided by the deadline, which decides: what people decide after it has lost."""
    approval = state.approvals.get(timer.subject)
    if approval is not None and approval.state == "OPEN":
        expired = ApprovalExpired(approval.approval_id, timer.subject, approval.resource_id, approval.version)
        record_decision(happen(timer, expired, state), state)


def close_approval(event: ReservationCancelled | ReservationExpired, state: StockpileState) -> None:
    """Nobody has to decide on a reservation that is gone. One that expired by its own approval is this approval's echo."""
    if isinstance(event, ReservationExpired) and event.metadata.causation_id is not None:
        state.repeat()
    else:
        _close(event, "WITHDRAWN", state)


def drop_approval(event: ReservationRejected, state: StockpileState) -> None:
    """A slot that could not be had needs no approval. One that was not approved is this approval's echo."""
    if event.reason == "NOT_APPROVED":
        state.repeat()
    else:
        _close(event, "SUPERSEDED", state)


def _known(event: Decision, approval: Approval) -> bool:
    """The echo of an automatic grant, or the very event that decided, delivered twice."""
    return event.metadata.event_id == approval.decision_id or (isinstance(event, ApprovalGranted) and event.automatic)


def _target(event: Decision) -> str:
    if isinstance(event, ApprovalGranted):
        return "GRANTED"
    return "REJECTED" if isinstance(event, ApprovalRejected) else "EXPIRED"


def _close(event: Ended, target: str, state: StockpileState) -> None:
    approval = state.approvals.get(event.reservation_id)
    if approval is None or approval.state != "OPEN":
        state.repeat()
        return
    state.timers.cancel(DEADLINE, event.reservation_id)
    closed = replace(approval, state=target, version=approval.version + 1)
    state.approvals[event.reservation_id] = closed
    _supersede(event.reservation_id, closed, event.TYPE, state, loser=None)


def _grant(event: ReservationCreated, approval: Approval, state: StockpileState) -> None:
    granted = replace(approval, state="GRANTED", automatic=True)
    state.approvals[event.reservation_id] = granted
    state.emit(
        ApprovalGranted(
            approval_id=granted.approval_id,
            reservation_id=event.reservation_id,
            resource_id=event.resource_id,
            automatic=True,
            expected_version=granted.version,
        )
    )


def _request(event: ReservationCreated, approval: Approval, rule: Rule, state: StockpileState) -> None:
    deadline = event.metadata.occurred_at + rule.deadline_hours * HOUR
    state.approvals[event.reservation_id] = replace(approval, rule=rule.name, deadline_at=deadline)
    state.timers.set(DEADLINE, event.reservation_id, event.resource_id, deadline, event.metadata)
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


def _supersede(reservation_id: str, approval: Approval, cause: str, state: StockpileState, *, loser: str | None) -> None:
    """Tell what stands now, and which decision lost against it; none when the approval itself lost its point."""
    state.emit(
        ApprovalSuperseded(
            approval_id=approval.approval_id,
            reservation_id=reservation_id,
            resource_id=approval.resource_id,
            state=approval.state,
            superseded_event_id=loser,
            cause=cause,
        )
    )
