"""The audit trail: who did what to an account or a role."""

from __future__ import annotations

from operator import attrgetter

from agents.reports.tables import Audit, Entry, ReportsState
from bookly.records.auth import (
    PasswordChanged,
    PermissionsChanged,
    RoleAssigned,
    RoleRevoked,
    TwoFactorEnabled,
    UserDeactivated,
    UserLoggedIn,
    UserLoggedOut,
    UserRegistered,
    UserUpdated,
)

ENTRIES_KEPT = 50
_id = attrgetter("event_id")  # each event looks through them all
Audited = (
    UserRegistered
    | UserUpdated
    | UserDeactivated
    | UserLoggedIn
    | UserLoggedOut
    | PasswordChanged
    | TwoFactorEnabled
    | RoleAssigned
    | RoleRevoked
    | PermissionsChanged
)


def record_audit(event: Audited, state: ReportsState) -> None:
    """One entry an event; the same event id twice is one entry. No personal data is copied."""
    subject = f"role:{event.role}" if isinstance(event, PermissionsChanged) else event.user_id
    entries = state.audit.get(subject, Audit()).entries
    meta = event.metadata
    if meta.event_id in map(_id, entries):
        state.repeat()
        return
    entry = Entry(meta.occurred_at, meta.type, meta.actor, meta.event_id)
    state.audit[subject] = Audit((*entries, entry)[-ENTRIES_KEPT:])
