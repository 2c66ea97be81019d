"""Who holds which role, and what a role may do."""

from __future__ import annotations

from agents.auth.tables import AuthState
from agents.grants import add_grant, remove_grant, set_role
from bookly.records.auth import PermissionsChanged, RoleAssigned, RoleRevoked


def grant_role(event: RoleAssigned, state: AuthState) -> None:
    """A role in a scope; the same role in the same scope is replaced by what it holds now."""
    add_grant(event, state.grants)


def withdraw_role(event: RoleRevoked, state: AuthState) -> None:
    """Only the role in this scope goes; one that is not held is a repeat."""
    if not remove_grant(event, state.grants):
        state.repeat()


def change_role_permissions(event: PermissionsChanged, state: AuthState) -> None:
    """What a role may do from now on; grants keep what they were given until they are assigned again."""
    set_role(event, state.roles)
