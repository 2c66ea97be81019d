"""Who a caller is, and what they may say."""

from __future__ import annotations

from dataclasses import dataclass

from api.http.problems import Forbidden
from api.http.security.permissions import Need


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, or a service by its key. `expires_at`: seconds since 1970; None for one whose key does not run out."""

    user_id: str
    permissions: frozenset[str]
    token_id: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """A principal that has passed a route's guard, with what the route needs."""

    principal: Principal
    need: Need

    @property
    def user_id(self) -> str:
        return self.principal.user_id

    @property
    def may_all(self) -> bool:
        """Anybody's things, not only their own."""
        return self.need.wide in self.principal.permissions

    def must_own(self, user_id: str) -> None:
        """Raises Forbidden where it is another's, and the caller holds only the narrow permission."""
        if not self.may_all and user_id != self.user_id:
            raise Forbidden(f"It is another user's: that needs {self.need.wide}.")

    def must_hold(self, permission: str) -> None:
        """Raises Forbidden unless the caller holds this one, or the wide one."""
        if not self.may_all and permission not in self.principal.permissions:
            raise Forbidden(f"It needs {permission}.")
