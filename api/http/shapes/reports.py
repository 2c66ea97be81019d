"""Reports: demand by groups, maintenance, audit."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.http.shapes.base import Time, Versioned, shown

_FIGURES = {
    "asked": 12,
    "granted": 9,
    "refused": 2,
    "cancelled": 1,
    "expired": 0,
    "no_show": 1,
    "used": 8,
    "waitlisted": 2,
    "offered": 1,
    "served": 1,
    "unmet": 3,
    "used_minutes": 700,
    "bookable_minutes": 3600,
    "utilisation": 0.1944,
    "lead_hours": 26.5,
    "approval_hours": 3.25,
    "refused_by": {"CONFLICT": 2},
}
_JOB = {
    "resource_id": "room-b204",
    "maintenance_id": "mnt-17",
    "starts_at": "2026-11-25T09:00:00Z",
    "ends_at": "2026-11-25T11:00:00Z",
    "state": "COMPLETED",
}
_ENTRY = {
    "at": "2026-11-25T09:00:00Z",
    "type": "auth.role.assigned",
    "actor": "u-0001",
    "event_id": "3b332b52-6edd-5c5a-b310-dd112854f92f",
}


class Counted(BaseModel):
    """Figures of demand. Averages are null where there is nothing to average."""

    asked: int
    granted: int
    refused: int
    cancelled: int
    expired: int
    no_show: int
    used: int
    waitlisted: int
    offered: int
    served: int = Field(description="Of the places in a queue that were joined then: those whose offer was taken and confirmed.")
    unmet: int = Field(description="Refusals, and places in a queue that came to nothing: events, not people.")
    used_minutes: int
    bookable_minutes: int = Field(description="Opening hours of its resources up to their deletion, less maintenance.")
    utilisation: float | None = Field(description="The part of bookable_minutes that visits filled, 0 to 1.")
    lead_hours: float | None = Field(description="From when it was asked for to its begin, on average.")
    approval_hours: float | None = Field(description="From the question to the decision of people, on average.")
    refused_by: dict[str, int]


class Grouped(Counted):
    """One group."""

    model_config = shown(group={"weekday": 1, "hour": 9}, **_FIGURES)

    group: dict[str, int | str] = Field(description="Its names, by what was asked for in `by`.")


class DemandReport(Versioned):
    """Every group that there can be, also those of which nothing was asked; `total` is of all, those beyond `top` as well."""

    model_config = shown(
        since="2026-11-01T00:00:00Z",
        until="2026-12-01T00:00:00Z",
        by=["weekday", "hour"],
        groups=[{"group": {"weekday": 1, "hour": 9}, **_FIGURES}],
        total=_FIGURES,
        version={"bookly.availability/2": 20417},
    )

    since: datetime
    until: datetime
    by: tuple[str, ...]
    groups: tuple[Grouped, ...]
    total: Counted


class Job(BaseModel):
    """Maintenance as it was planned, and how far it is."""

    model_config = shown(**_JOB)

    resource_id: str
    maintenance_id: str
    starts_at: Time
    ends_at: Time
    state: str = Field(description="SCHEDULED, STARTED, COMPLETED or CANCELLED.")


class MaintenanceReport(BaseModel):
    """By begin; of each resource the latest 100 are kept. `minutes`: planned in the period, without what was cancelled."""

    model_config = shown(jobs=[_JOB], minutes=120)

    jobs: tuple[Job, ...]
    minutes: int


class Entry(BaseModel):
    """One event. It says who did it, and nothing of whom it is about."""

    model_config = shown(**_ENTRY)

    at: Time
    type: str
    actor: str | None
    event_id: str


class AuditReport(Versioned):
    """The last 50 entries of a user, or of a role as `role:lecturer`, oldest first."""

    model_config = shown(subject="u-4711", entries=[_ENTRY], version={"bookly.auth": 977})

    subject: str
    entries: tuple[Entry, ...]
