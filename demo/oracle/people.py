"""Users, grants, roles and audit: who is there, who holds which role, and what was done to whom."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

KEPT = 50


class People:
    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.grants: dict[tuple[str, str, str], tuple[str, ...]] = {}  # by user, role, scope
        self.roles: dict[str, tuple[str, ...]] = {}
        self.audit: defaultdict[str, deque[tuple[int, str, str | None, str]]] = defaultdict(lambda: deque(maxlen=KEPT))

    def see(self, name: str, e: Any) -> None:
        """Any event of auth."""
        if name in {"UserRegistered", "UserUpdated"}:
            active = self.users.get(e.user_id, {"active": True})["active"]
            self.users[e.user_id] = {"email": e.email, "full_name": e.full_name, "department": e.department, "active": active}
        elif name == "UserDeactivated":
            self.users[e.user_id]["active"] = False
        elif name == "RoleAssigned":
            self.grants[e.user_id, e.role, e.scope] = tuple(e.permissions)
        elif name == "RoleRevoked":
            self.grants.pop((e.user_id, e.role, e.scope), None)
        elif name == "PermissionsChanged":
            self.roles[e.role] = tuple(e.permissions)
        subject = f"role:{e.role}" if name == "PermissionsChanged" else e.user_id
        meta = e.metadata
        self.audit[subject].append((meta.occurred_at, meta.type, meta.actor, meta.event_id))
