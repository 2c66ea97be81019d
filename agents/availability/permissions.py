"""Who may book (flow 4): of each grant the booking permissions."""

from __future__ import annotations

from agents.availability.tables import AvailabilityState
from agents.grants import add_grant, remove_grant, set_role
from bookly.records.auth import PermissionsChanged, RoleAssigned, RoleRevoked

PREFIX = "booking:"


def update_booking_permissions(event: RoleAssigned, state: AvailabilityState) -> None:
    """A role in a scope brings its booking permissions; the same role in the same scope is replaced."""
    add_grant(event, state.permissions, PREFIX)


def withdraw_booking_permissions(event: RoleRevoked, state: AvailabilityState) -> None:
    """With the role in this scope go its permissions."""
    if not remove_grant(event, state.permissions):
        state.repeat()


def change_booking_permissions(event: PermissionsChanged, state: AvailabilityState) -> None:
    """What a role brings from now on, kept by role."""
    set_role(event, state.role_permissions, PREFIX)
