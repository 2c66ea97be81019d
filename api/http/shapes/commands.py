"""What can be commanded, and what is answered to it."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from api.http.shapes.base import Id, Moment, Text, sent, shown

_SLOT = {"starts_at": "2026-11-25T09:00:00Z", "ends_at": "2026-11-25T10:30:00Z"}
Many = Annotated[int, Field(ge=1, le=1_000_000)]


class Accepted(BaseModel):
    """The broker has the event; what follows from it can be read at `links` as soon as its owner has applied it."""

    model_config = shown(
        event_id="3b332b52-6edd-5c5a-b310-dd112854f92f",
        type="availability.reservation.created",
        topic="bookly.availability",
        partition=2,
        offset=20418,
        links={"reservation": "/reservations/res-8d3c1f5e-61d5-5a8e-9c1b-2f1f0e8f7a11"},
    )

    event_id: UUID
    type: str
    topic: str
    partition: int
    offset: int
    links: dict[str, str]


class Slotted(BaseModel):
    starts_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        return self


class Reserve(Slotted):
    """A slot of a resource, for oneself unless `user_id` says another."""

    model_config = sent(resource_id="room-b204", **_SLOT, attendees=24, purpose="lecture")

    resource_id: Id
    attendees: Many
    purpose: Text | None = None
    waitlist_id: Id | None = Field(default=None, description="The offer that it takes.")
    user_id: Id | None = None


class Grant(BaseModel):
    model_config = sent(expected_version=1, comment="Key at the porter's.")

    expected_version: Many = Field(description="`revision` of the approval that was looked at: of two decisions one wins.")
    comment: Text | None = None


class Reject(BaseModel):
    model_config = sent(expected_version=1, reason="The lab is closed that week.")

    expected_version: Many
    reason: Text


class Maintain(Slotted):
    model_config = sent(**_SLOT, reason="projector lamp", technician="u-0107")

    reason: Text
    technician: Id | None = None


class Assign(BaseModel):
    """A role, with the permissions that it holds now."""

    model_config = sent(role="lab-manager", scope="labs")

    role: Id
    scope: Id = Field(default="*", description="A category or a department; * is everywhere.")
