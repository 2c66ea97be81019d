"""Calendars, waitlists, reservations, approvals."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.http.shapes.base import Slot, Time, Versioned, shown

_SLOT = {"starts_at": "2026-11-25T09:00:00Z", "ends_at": "2026-11-25T10:30:00Z"}
_WAITING = {"waitlist_id": "wl-0093", "user_id": "u-4711", **_SLOT, "place": 2}
_RESERVATION = {
    "reservation_id": "res-20261123-0417",
    "resource_id": "room-b204",
    "user_id": "u-4711",
    "state": "CONFIRMED",
    **_SLOT,
    "attendees": 24,
    "version": 2,
    "reason": None,
}


class Day(BaseModel):
    """The slots of a resource that are taken on a day (UTC), in order. What is not in it is free."""

    model_config = shown(resource_id="room-b204", date="2026-11-25", slots=[{**_SLOT, "kind": "RESERVATION"}])

    resource_id: str
    date: str
    slots: tuple[Slot, ...]


class Week(BaseModel):
    """The same for an ISO week (UTC)."""

    model_config = shown(resource_id="room-b204", week="2026-W48", slots=[{**_SLOT, "kind": "MAINTENANCE"}])

    resource_id: str
    week: str
    slots: tuple[Slot, ...]


class Waiting(BaseModel):
    """A place in the queue."""

    model_config = shown(**_WAITING)

    waitlist_id: str
    user_id: str
    starts_at: Time
    ends_at: Time
    place: int = Field(default=0, description="1 is the next.")


class Waitlist(BaseModel):
    """Who waits for a resource, in order of joining; only one's own places where the permission is the narrow one."""

    model_config = shown(resource_id="room-b204", entries=[_WAITING])

    resource_id: str
    entries: tuple[Waiting, ...]


class Reservation(BaseModel):
    """One reservation."""

    model_config = shown(**_RESERVATION)

    reservation_id: str
    resource_id: str
    user_id: str
    state: str = Field(description="PENDING, CONFIRMED, CHECKED_IN, COMPLETED, REJECTED, CANCELLED, EXPIRED or NO_SHOW.")
    starts_at: Time
    ends_at: Time
    attendees: int
    version: int = Field(description="Grows with every change of this reservation.")
    reason: str | None = Field(default=None, description="Why it was refused or cancelled.")


class Reservations(BaseModel):
    """A user's latest reservations, by begin."""

    model_config = shown(user_id="u-4711", items=[_RESERVATION])

    user_id: str
    items: tuple[Reservation, ...]


class Approval(Versioned):
    """How far the approval of a reservation is. `revision` is the expected_version of a decision."""

    model_config = shown(
        approval_id="apr-res-20261123-0512",
        reservation_id="res-20261123-0512",
        resource_id="lab-c112",
        user_id="u-4711",
        state="OPEN",
        revision=1,
        automatic=False,
        rule="labs-over-two-hours",
        deadline_at="2026-11-24T10:00:00Z",
        decided_by=None,
        version={"bookly.stockpile": 977},
    )

    approval_id: str
    reservation_id: str
    resource_id: str
    user_id: str
    state: str
    revision: int
    automatic: bool
    rule: str | None = None
    deadline_at: Time | None = None
    decided_by: str | None = None
