"""What users do: ask for slots, wait for taken ones, take offers, change their minds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bookly.events.availability import (
    CancellationReason,
    ReservationCancelled,
    ReservationCreated,
    ReservationUpdated,
    WaitlistJoined,
    WaitlistOfferExpired,
)

if TYPE_CHECKING:
    from bookly._event import Event
    from demo.university import University
    from demo.week import Known

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOURS = (
    8,
    9,
    9,
    10,
    10,
    10,
    11,
    11,
    13,
    14,
    14,
    14,
    15,
    15,
    16,
    17,
    18,
)  # begins of slots: mornings and early afternoons are wanted
MINUTES = (45, 60, 90, 90, 120, 150, 180)
PURPOSES = ("lecture", "seminar", "exam", "study group", "experiment", None)
HORIZON_DAYS = 12


class Booking:
    def __init__(self, university: University) -> None:
        self._university, self._rng = university, university.rng
        self._asked = self._joined = 0
        self._categories = {place.resource_id: place.category_id for place in university.places}

    def wishes(self, day: datetime, weight: float) -> list[tuple[Event, str]]:
        """Reservations asked for on a day, some of which cannot be had."""
        return [self._wish(day) for _ in range(round(self._university.reservations * weight))]

    def joins(self, known: Known) -> list[tuple[Event, str]]:
        """A third of those who came too late wait."""
        refused, known.rejected = known.rejected, []
        late = [one for one in refused if self._rng.random() < 1 / 3]
        return [(self._join(one.resource_id, one.user_id, one.starts_at, one.ends_at), one.user_id) for one in late]

    def answers_and_changes(self, known: Known, day: datetime) -> list[tuple[Event, str]]:
        """What is said in the evening, all of it on one topic."""
        return self.answers(known) + self.changes(known, day)

    def answers(self, known: Known) -> list[tuple[Event, str]]:
        """Most offers are taken, the others run out."""
        offers, known.offered = known.offered, []
        answers: list[tuple[Event, str]] = []
        for offer in offers:
            if self._rng.random() < 0.6:
                taken = self._reservation(
                    offer.resource_id, offer.user_id, time(offer.starts_at), time(offer.ends_at), 1, offer.waitlist_id
                )
                answers.append((taken, offer.user_id))
            else:
                expired = WaitlistOfferExpired(
                    waitlist_id=offer.waitlist_id, resource_id=offer.resource_id, user_id=offer.user_id
                )
                answers.append((expired, "clock"))
        return answers

    def changes(self, known: Known, day: datetime) -> list[tuple[Event, str]]:
        """Some of what lies ahead is moved, some is given up; a few press the button twice."""
        changes: list[tuple[Event, str]] = []
        for one in list(known.confirmed.values()):
            if time(one.starts_at) < day + timedelta(days=1):
                continue
            chance = self._rng.random()
            if chance < 0.02:
                changes.append(
                    (self._cancelled(one.reservation_id, one.resource_id, one.user_id, one.starts_at, one.ends_at), one.user_id)
                )
                if chance < 0.001:
                    changes.append(changes[-1])
            elif chance < 0.03:
                changes.append((self._moved(one.reservation_id, one.resource_id, one.user_id, one.starts_at), one.user_id))
        return changes

    def _wish(self, day: datetime) -> tuple[Event, str]:
        rng, place, user = self._rng, self._university.wanted_place(), self._university.user()
        begin = day + timedelta(days=rng.randint(1, HORIZON_DAYS), hours=rng.choice(HOURS))
        end = begin + timedelta(minutes=rng.choice(MINUTES))
        attendees = rng.randint(1, place.capacity) if rng.random() > 0.01 else place.capacity + 5
        resource = place.resource_id if rng.random() > 0.001 else "room-demolished"
        return self._reservation(resource, user, begin, end, attendees), user

    def _reservation(
        self, resource: str, user: str, begin: datetime, end: datetime, attendees: int, waitlist: str | None = None
    ) -> ReservationCreated:
        self._asked += 1
        return ReservationCreated(
            reservation_id=f"res-{self._asked:06d}",
            resource_id=resource,
            category_id=self._categories.get(resource, "rooms"),
            user_id=user,
            starts_at=begin,
            ends_at=end,
            attendees=attendees,
            purpose=self._rng.choice(PURPOSES),
            waitlist_id=waitlist,
        )

    def _join(self, resource: str, user: str, begin: int, end: int) -> WaitlistJoined:
        self._joined += 1
        return WaitlistJoined(
            waitlist_id=f"wl-{self._joined:05d}",
            resource_id=resource,
            user_id=user,
            starts_at=time(begin),
            ends_at=time(end),
            attendees=1,
        )

    def _cancelled(self, reservation: str, resource: str, user: str, begin: int, end: int) -> ReservationCancelled:
        return ReservationCancelled(
            reservation_id=reservation,
            resource_id=resource,
            user_id=user,
            reason=CancellationReason.BY_USER,
            cancelled_by=user,
            starts_at=time(begin),
            ends_at=time(end),
        )

    def _moved(self, reservation: str, resource: str, user: str, begin: int) -> ReservationUpdated:
        start = time(begin) + timedelta(hours=self._rng.choice((-2, -1, 1, 2)))
        return ReservationUpdated(
            reservation_id=reservation,
            resource_id=resource,
            user_id=user,
            starts_at=start,
            ends_at=start + timedelta(minutes=60),
            attendees=1,
        )


def time(micros: int) -> datetime:
    """Microseconds since 1970 (UTC) as a time."""
    return EPOCH + timedelta(microseconds=micros)
