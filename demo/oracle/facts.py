"""Facts: plain tuples, counted, each in the flow that it belongs to. What is compared is named here, once for both sides."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookly.records import Record

FLOWS = ("reservation_created", "approval_decided", "maintenance_scheduled", "role_assigned", "resource_deleted")
Fact = tuple[Any, ...]
Facts = defaultdict[str, Counter[Fact]]

CHAIN = ("root_event_id", "occurred_at", "correlation_id", "actor")  # whence an emitted event comes, and what it passes on
SLOT = ("starts_at", "ends_at")
APPROVAL = ("approval_id", "reservation_id", "resource_id")
EVENTS = {  # of each event that agents emit, the fields that docs/flows.md decides
    "ReservationConfirmed": ("reservation_id", "resource_id", "user_id", "approval_id", "automatic", *SLOT),
    "ReservationRejected": ("reservation_id", "resource_id", "user_id", "reason", *SLOT),
    "ReservationExpired": ("reservation_id", "resource_id", "user_id", *SLOT),
    "ReservationCancelled": ("reservation_id", "resource_id", "user_id", "reason", *SLOT),
    "WaitlistOffered": ("waitlist_id", "resource_id", "user_id", *SLOT, "expires_at"),
    "ScheduleBlocked": ("block_id", "resource_id", *SLOT),
    "ScheduleUnblocked": ("block_id", "resource_id"),
    "ScheduleConflictDetected": ("reservation_id", "resource_id", "user_id", "conflicting_id", "conflicting_kind", *SLOT),
    "NotificationRequested": ("template", "resource_id", "user_id", "reservation_id", "waitlist_id"),
    "ApprovalRequested": (*APPROVAL, "user_id", "rule", "approver_role", "deadline_at", "version"),
    "ApprovalGranted": (*APPROVAL, "automatic"),
    "ApprovalSuperseded": (*APPROVAL, "state", "superseded_event_id"),
}
ROWS = {  # of each kind of row, its key and the fields that are compared
    "reservation": ("reservation_id", "resource_id", "user_id", "state", "reason", *SLOT, "attendees"),
    "one of a user": ("user_id", "reservation_id"),
    "held slot": ("resource_id", *SLOT, "kind", "holder", "user_id"),
    "place in a queue": ("resource_id", "place", "waitlist_id", "user_id", *SLOT),
    "kept decision": ("reservation_id",),
    "visit": ("reservation_id", "checked_in_at", "checked_out_at"),
    "usage": ("resource_id", "reserved", "created_total", "check_outs", "used_minutes"),
    "demand": ("resource_id", "hour_at", "kind", "count"),
    "approval": (*APPROVAL, "user_id", "state", "version", "automatic", "rule", "deadline_at", "decided_by"),
    "maintenance": ("resource_id", "maintenance_id", *SLOT, "state"),
    "grant": ("group", "user_id", "role", "scope", "permissions"),
    "role": ("group", "role", "permissions"),
    "user": ("user_id", "email", "full_name", "department", "active"),
    "audit entry": ("subject", "place", "at", "type", "actor", "event_id"),
    "category": ("category_id", "name"),
    "resource": ("resource_id", "name", "category_id", "capacity", "max_minutes", "status", "deleted"),
    "booking rules": ("resource_id", "name", "category_id", "capacity", "max_minutes", "status", "deleted"),
    "deletion in reports": ("resource_id", "deleted"),
}


def no_facts() -> Facts:
    """An empty multiset for each flow that is asked for."""
    return defaultdict(Counter)


def is_from_outside(event: Record) -> bool:
    """Whether people said it. What reports tells of hours that are over has no cause either: they end by time."""
    return event.metadata.causation_id is None and event.TOPIC != "bookly.reports"


def emitted(root: Record, name: str, occurred_at: int, correlation: str, actor: str | None, fields: dict[str, Any]) -> Fact:
    """The fact that agents said something because of `root`, the event from outside that began the chain of causes."""
    return ("event", name, root.metadata.event_id, occurred_at, correlation, actor, *(fields[field] for field in EVENTS[name]))


def flow_of(event_type: str) -> str:
    """The flow of an event from outside. The rest of a reservation's life counts to the flow that began it."""
    _, entity, action = event_type.split(".")
    if entity == "approval":
        return "approval_decided"
    if entity == "maintenance":
        return "maintenance_scheduled"
    if (entity, action) == ("resource", "deleted"):
        return "resource_deleted"
    return "role_assigned" if event_type.startswith("auth.") else "reservation_created"


def sentence(fact: Fact) -> str:
    """A fact for a person: what it is about, and its fields by name, times as such."""
    if fact[0] == "event":
        what, names, values = fact[1], (*CHAIN, *EVENTS.get(fact[1], ())), fact[2:]
    else:
        what, names, values = fact[0], ROWS.get(fact[0], ()), fact[1:]
    return f"{what} with " + ", ".join(f"{name} {_shown(name, value)}" for name, value in zip(names, values, strict=False))


def _shown(name: str, value: Any) -> str:
    if isinstance(value, int) and (name == "at" or name.endswith("_at")):
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value):%Y-%m-%dT%H:%M:%S}"
    return str(value)
