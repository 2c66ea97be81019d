"""Users, their roles, and what these permit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.http.ports import AuthCache, Owners
from api.http.reads.reading import there
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import USERS
from api.http.security.principals import Asker
from api.http.shapes.base import Id
from api.http.shapes.people import Permissions, Roles, User

router = APIRouter(tags=["users"])
Who = Annotated[Asker, Depends(Guard(USERS))]


async def permissions_of(owners: Owners, auth: AuthCache, user_id: str) -> frozenset[str]:
    """Through the cache. The gate asks it for who comes with a token that names no permissions.

    What holds in one scope alone has another name (`permission@scope`), so it opens no route. Who is deactivated may nothing.
    """

    async def load() -> list[str]:
        account = (await owners.row("auth", "users", user_id, routed_by=user_id)).value
        if account is not None and not account["active"]:
            return []
        return _permitted(await _grants(owners, "auth", "grants", user_id))

    return frozenset(await auth.permissions.get_or_load(user_id, loader=load))


@router.get("/users/{user_id}")
async def user(edge: TheEdge, who: Who, user_id: Id) -> User:
    """One user."""
    who.must_own(user_id)

    async def load() -> dict[str, Any] | None:
        row = (await edge.owners.row("auth", "users", user_id, routed_by=user_id)).value
        return None if row is None else {"user_id": user_id, **row}

    return User.model_validate(there(await edge.caches.auth.user.get_or_load(user_id, loader=load), "user"))


@router.get("/users/{user_id}/roles")
async def roles(edge: TheEdge, who: Who, user_id: Id) -> Roles:
    """Which roles, and where."""
    who.must_own(user_id)

    async def load() -> list[str]:
        grants = await _grants(edge.owners, "auth", "grants", user_id)
        return sorted({_scoped(grant["role"], grant["scope"]) for grant in grants})

    return Roles(user_id=user_id, roles=tuple(sorted(await edge.caches.auth.roles.get_or_load(user_id, loader=load))))


@router.get("/users/{user_id}/permissions")
async def permissions(edge: TheEdge, who: Who, user_id: Id) -> Permissions:
    """All that the roles permit."""
    who.must_own(user_id)
    found = await permissions_of(edge.owners, edge.caches.auth, user_id)
    return Permissions(user_id=user_id, permissions=tuple(sorted(found)))


@router.get("/users/{user_id}/booking-permissions")
async def booking_permissions(edge: TheEdge, who: Who, user_id: Id) -> Permissions:
    """What they permit in booking, as availability knows it."""
    who.must_own(user_id)

    async def load() -> list[str]:
        return _permitted(await _grants(edge.owners, "availability", "permissions", user_id))

    found = await edge.caches.availability.user_permissions.get_or_load(user_id, loader=load)
    return Permissions(user_id=user_id, permissions=tuple(sorted(found)))


async def _grants(owners: Owners, domain: str, table: str, user_id: str) -> list[dict[str, Any]]:
    row = (await owners.row(domain, table, user_id, routed_by=user_id)).value
    return [] if row is None else list(row["grants"])


def _permitted(grants: list[dict[str, Any]]) -> list[str]:
    return sorted({_scoped(name, grant["scope"]) for grant in grants for name in grant["permissions"]})


def _scoped(name: str, scope: str) -> str:
    return name if scope == "*" else f"{name}@{scope}"
