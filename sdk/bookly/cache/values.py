"""What entries hold: the rows of the workers' tables with the id that they are kept by. Frozen, for readers share them.

Times are microseconds since 1970 (UTC), as in the tables. A field that this version does not know is left out, and one that it
misses makes the entry a miss: services of two versions can share a Redis.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Session(Value):
    session_id: str
    user_id: str
    opened_at: int
    expires_at: int


class AccessToken(Value):
    """What a token says. `session_id`: the session that it was given to, if there is one."""

    jti: str
    user_id: str
    issued_at: int
    expires_at: int
    session_id: str | None = None


class Revocation(Value):
    """That its issuer says a token no longer counts. None is kept for one that does."""

    jti: str
    expires_at: int


class User(Value):
    user_id: str
    email: str
    full_name: str
    department: str | None = None
    active: bool = True
    password_changed_at: int | None = None

    def __repr__(self) -> str:
        return f"User({self.user_id!r})"  # names and addresses belong in no log

    __str__ = __repr__


class TwoFactor(Value):
    """The second factor that a user set up (TOTP, SMS, WEBAUTHN); None: there is none."""

    method: str | None = None


class RateLimit(Value):
    """How often somebody may do something: `limit` times in `window_s` seconds. The hits are counted apart."""

    limit: int
    window_s: float


class Resource(Value):
    resource_id: str
    name: str
    category_id: str
    capacity: int
    max_minutes: int
    location: str | None = None
    description: str | None = None
    status: str = "AVAILABLE"
    deleted: bool = False


class ResourceStatus(Value):
    status: str


class Category(Value):
    category_id: str
    name: str
    parent_id: str | None = None
    description: str | None = None


class Usage(Value):
    """`reserved` counts reservations that still stand, the others only grow."""

    reserved: int = 0
    created_total: int = 0
    check_outs: int = 0
    used_minutes: int = 0


class Slot(Value):
    """A half-open interval of a calendar, and what holds it: RESERVATION, OFFER or MAINTENANCE."""

    starts_at: int
    ends_at: int
    kind: str
    holder: str
    user_id: str | None = None


class Reservation(Value):
    """`version` grows with every change."""

    reservation_id: str
    resource_id: str
    user_id: str
    state: str
    starts_at: int
    ends_at: int
    attendees: int
    version: int = 1
    reason: str | None = None


class Waiting(Value):
    """A place in a queue; the tuple has them in order of joining."""

    waitlist_id: str
    user_id: str
    starts_at: int
    ends_at: int
