"""Roles that a user holds: auth keeps all of their permissions, other domains those of their own matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from agents.state import View
    from bookly.records.auth import PermissionsChanged, RoleAssigned, RoleRevoked


class Grant(Struct, frozen=True):
    """A role in a scope, with the permissions that it held when it was assigned."""

    role: str
    scope: str
    permissions: tuple[str, ...]


class Grants(Struct, frozen=True):
    """All roles of a user, sorted by role and scope."""

    grants: tuple[Grant, ...]


class Role(Struct, frozen=True):
    """What a role may do."""

    permissions: tuple[str, ...]


def add_grant(event: RoleAssigned, table: View[Grants], prefix: str = "") -> None:
    """Add the role; the same role in the same scope is replaced. Only permissions with the prefix are kept."""
    grant = Grant(event.role, event.scope, with_prefix(event.permissions, prefix))
    grants = [*_others(event, table), grant]
    table[event.user_id] = Grants(tuple(sorted(grants, key=lambda held: (held.role, held.scope))))


def remove_grant(event: RoleRevoked, table: View[Grants]) -> bool:
    """Remove the role in this scope; False when it is not held."""
    held = table.get(event.user_id)
    left = _others(event, table)
    if held is None or len(left) == len(held.grants):
        return False
    if left:
        table[event.user_id] = Grants(tuple(left))
    else:
        del table[event.user_id]
    return True


def set_role(event: PermissionsChanged, table: View[Role], prefix: str = "") -> None:
    """What the role brings from now on; grants keep what they were given until they are assigned again."""
    table[event.role] = Role(with_prefix(event.permissions, prefix))


def with_prefix(permissions: list[str], prefix: str) -> tuple[str, ...]:
    return tuple(name for name in permissions if name.startswith(prefix))


def _others(event: RoleAssigned | RoleRevoked, table: View[Grants]) -> list[Grant]:
    held = table.get(event.user_id)
    return [grant for grant in held.grants if (grant.role, grant.scope) != (event.role, event.scope)] if held else []
