"""Users, and what they may."""

from __future__ import annotations

from pydantic import BaseModel

from api.http.shapes.base import Time, shown


class User(BaseModel):
    """One user."""

    model_config = shown(
        user_id="u-4711",
        email="ada@example.edu",
        full_name="Ada Example",
        department="physics",
        active=True,
        password_changed_at=None,
    )

    user_id: str
    email: str
    full_name: str
    department: str | None = None
    active: bool
    password_changed_at: Time | None = None


class Roles(BaseModel):
    """A user's roles; one that holds in a scope alone reads `role@scope`. A user whom nobody gave one has none."""

    model_config = shown(user_id="u-4711", roles=["lab-manager@labs", "lecturer"])

    user_id: str
    roles: tuple[str, ...]


class Permissions(BaseModel):
    """All that a user's roles permit; what holds in a scope alone reads `permission@scope`."""

    model_config = shown(user_id="u-4711", permissions=["approval:decide@labs", "booking:create"])

    user_id: str
    permissions: tuple[str, ...]
