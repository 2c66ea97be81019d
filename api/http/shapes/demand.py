"""How much was asked for."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from api.http.shapes.base import Versioned, shown

_HOUR = {
    "hour": "2026-11-25T09:00:00Z",
    "asked": 12,
    "confirmed": 9,
    "refused": 2,
    "cancelled": 1,
    "expired": 0,
    "no_show": 0,
    "waitlisted": 2,
    "offered": 1,
    "conflicts": 2,
    "used": 8,
    "refused_by": {"CONFLICT": 2},
}


class Hour(BaseModel):
    """One hour of event time (UTC)."""

    model_config = shown(**_HOUR)

    hour: datetime
    asked: int = 0
    confirmed: int = 0
    refused: int = 0
    cancelled: int = 0
    expired: int = 0
    no_show: int = 0
    waitlisted: int = 0
    offered: int = 0
    conflicts: int = 0
    used: int = 0
    refused_by: dict[str, int] = {}


class Demand(Versioned):
    """The hours of a period in which anything was counted."""

    model_config = shown(resource_id="room-b204", hours=[_HOUR], version={"bookly.availability": 20417})

    resource_id: str
    hours: tuple[Hour, ...]
