"""Grants and audit: who holds which role, and what was done to whom."""

from __future__ import annotations

from typing import Any

KEPT = 50


class People:
    def __init__(self) -> None:
        self.grants: dict[tuple[str, str, str], tuple[str, ...]] = {}  # by user, role, scope
        self.roles: dict[str, tuple[str, ...]] = {}
        self.audit: dict[str, list[str]] = {}

    def see(self, name: str, e: Any) -> None:
        """Any event of auth."""
        if name == "RoleAssigned":
            self.grants[e.user_id, e.role, e.scope] = tuple(e.permissions)
        elif name == "RoleRevoked":
            self.grants.pop((e.user_id, e.role, e.scope), None)
        elif name == "PermissionsChanged":
            self.roles[e.role] = tuple(e.permissions)
        subject = f"role:{e.role}" if name == "PermissionsChanged" else e.user_id
        self.audit[subject] = [*self.audit.get(subject, []), e.metadata.event_id][-KEPT:]
