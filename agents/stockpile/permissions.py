"""Who may decide on approvals (flow 4): of each grant the approval permissions."""

from __future__ import annotations

from agents.grants import add_grant, remove_grant, set_role
from agents.stockpile.tables import StockpileState
from bookly.records.auth import PermissionsChanged, RoleAssigned, RoleRevoked

PREFIX = "approval:"


def grant_approval_permissions(event: RoleAssigned, state: StockpileState) -> None:
    """A role in a scope brings its approval permissions; the same role in the same scope is replaced."""
    add_grant(event, state.permissions, PREFIX)


def revoke_approval_permissions(event: RoleRevoked, state: StockpileState) -> None:
    """With the role in this scope goes the right to decide."""
    if not remove_grant(event, state.permissions):
        state.repeat()


def change_approval_permissions(event: PermissionsChanged, state: StockpileState) -> None:
    """What a role brings from now on, kept by role."""
    set_role(event, state.role_permissions, PREFIX)
