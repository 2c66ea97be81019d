"""What happens to resources: maintenance, visits, no-shows, closures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bookly.events.availability import ReservationNoShow
from bookly.events.resources import (
    MaintenanceCancelled,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    ResourceDeleted,
    ResourceStatus,
    ResourceStatusChanged,
    ResourceUpdated,
)
from bookly.events.stockpile import CheckInCompleted, CheckMethod, CheckOutCompleted
from demo.booking import about, time

if TYPE_CHECKING:
    from bookly._event import Event
    from bookly.records.availability import ReservationConfirmed
    from demo.known import Known
    from demo.university import University

CLOSURES = {2, 3, 4}  # days on which resources are deleted
CALLED_OFF = 5  # every so many jobs
TEAM = "facility-team"


class Running:
    def __init__(self, university: University) -> None:
        self._university, self._rng = university, university.rng
        self._jobs: list[tuple[str, str, datetime]] = []
        self._planned = self._due = 0
        self._closed: list[str] = []

    def maintenance(self, day: datetime, number: int) -> list[tuple[Event, str]]:
        """Jobs planned earlier are done or called off, new ones are planned; some resources change, close or go."""
        events: list[tuple[Event, str]] = [*self._finish(day), *self._reopen(), *self._plan(day), *self._improve()]
        return [*events, *self._close()] if number in CLOSURES else events

    def _close(self) -> list[tuple[Event, str]]:
        """Places that people want: much is planned on them."""
        gone = {self._university.wanted_place().resource_id for _ in range(max(1, len(self._university.places) // 150))}
        return [(ResourceDeleted(resource_id=place, reason="building closed", deleted_by=TEAM), TEAM) for place in sorted(gone)]

    def visits(self, known: Known, day: datetime) -> list[tuple[Event, str]]:
        """Who came checks in and out; what is left of the day's reservations is missed."""
        events: list[tuple[Event, str]] = []
        for one in self._todays(known, day):
            if self._rng.random() < 0.9:
                events += self._visit(one)
        return events

    def no_shows(self, known: Known, day: datetime) -> list[tuple[Event, str]]:
        """Confirmed, and nobody came."""
        return [(ReservationNoShow(**about(one)), "clock") for one in self._todays(known, day)]

    def _todays(self, known: Known, day: datetime) -> list[ReservationConfirmed]:
        return [one for one in known.confirmed.values() if day <= time(one.starts_at) < day + timedelta(days=1)]

    def _visit(self, one: ReservationConfirmed) -> list[tuple[Event, str]]:
        came = time(one.starts_at) + timedelta(minutes=self._rng.randint(0, 14), seconds=self._rng.randint(0, 59))
        left = max(came, time(one.ends_at) - timedelta(minutes=self._rng.randint(0, 20)))
        visit: dict[str, Any] = {"reservation_id": one.reservation_id, "resource_id": one.resource_id, "user_id": one.user_id}
        check_in = CheckInCompleted(**visit, checked_in_at=came, method=CheckMethod.QR_CODE)
        return [(check_in, one.user_id), (CheckOutCompleted(**visit, checked_in_at=came, checked_out_at=left), one.user_id)]

    def _plan(self, day: datetime) -> list[tuple[Event, str]]:
        events: list[tuple[Event, str]] = []
        for place in self._rng.sample(self._university.places, max(1, len(self._university.places) // 20)):
            self._planned += 1
            job, begin = f"mnt-{self._planned:04d}", day + timedelta(days=self._rng.randint(1, 3), hours=self._rng.randint(8, 15))
            self._jobs.append((job, place.resource_id, begin))
            scheduled = MaintenanceScheduled(
                maintenance_id=job,
                resource_id=place.resource_id,
                starts_at=begin,
                ends_at=begin + timedelta(hours=self._rng.choice((1, 2, 4))),
                reason="inspection",
                technician=TEAM,
            )
            events.append((scheduled, TEAM))
        return events

    def _finish(self, day: datetime) -> list[tuple[Event, str]]:
        due = [job for job in self._jobs if job[2] < day + timedelta(days=1)]
        self._jobs = [job for job in self._jobs if job not in due]
        events: list[tuple[Event, str]] = []
        for job, resource, begin in due:
            self._due += 1
            if self._due % CALLED_OFF == 0:
                events.append((MaintenanceCancelled(maintenance_id=job, resource_id=resource, reason="part not delivered"), TEAM))
            else:
                events.append((MaintenanceStarted(maintenance_id=job, resource_id=resource, started_at=begin), TEAM))
                done = begin + timedelta(minutes=50)
                events.append((MaintenanceCompleted(maintenance_id=job, resource_id=resource, completed_at=done), TEAM))
        return events

    def _reopen(self) -> list[tuple[Event, str]]:
        reopened, self._closed = self._closed, [place.resource_id for place in self._rng.sample(self._university.places, 2)]
        closed, open_ = ResourceStatus.OUT_OF_SERVICE, ResourceStatus.AVAILABLE
        return [
            *((ResourceStatusChanged(resource_id=resource, status=open_, previous=closed), TEAM) for resource in reopened),
            *((ResourceStatusChanged(resource_id=resource, status=closed, previous=open_), TEAM) for resource in self._closed),
        ]

    def _improve(self) -> list[tuple[Event, str]]:
        return [
            (
                ResourceUpdated(
                    resource_id=place.resource_id,
                    name=f"{place.resource_id} (renovated)",
                    category_id=place.category_id,
                    capacity=place.capacity + 1,
                    max_minutes=place.max_minutes,
                ),
                TEAM,
            )
            for place in self._rng.sample(self._university.places, max(1, len(self._university.places) // 60))
        ]
