"""What auth knows of users, roles and sessions."""

from __future__ import annotations

from msgspec import Struct

from agents.grants import Grants, Role
from agents.state import State, Table

SESSIONS_KEPT = 20  # open sessions kept for a user: the oldest go first


class User(Struct, frozen=True, gc=False):
    email: str
    full_name: str
    department: str | None = None
    active: bool = True
    two_factor: str | None = None
    password_changed_at: int | None = None


class Session(Struct, frozen=True, gc=False):
    session_id: str
    opened_at: int
    expires_at: int


class Sessions(Struct, frozen=True, gc=False):
    open: tuple[Session, ...] = ()


class AuthState(State):
    users = Table("users", User)  # by user_id
    grants = Table("grants", Grants)  # by user_id
    roles = Table("roles", Role)  # by role
    sessions = Table("sessions", Sessions)  # by user_id
