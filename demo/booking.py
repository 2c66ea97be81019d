"""What users do: ask for slots, wait for taken ones, take offers, change their minds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bookly.events.availability import (
    CancellationReason,
    ReservationCancelled,
    ReservationCreated,
    ReservationExpired,
    ReservationUpdated,
    WaitlistJoined,
    WaitlistOfferExpired,
)

if TYPE_CHECKING:
    from bookly._event import Event
    from bookly.records import availability as seen
    from demo.known import Known
    from demo.university import University

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOURS = [8, 9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 14, 15, 15, 16, 17, 18]  # begins of slots; mornings are wanted most
MINUTES = (45, 60, 90, 90, 120, 150, 180)
PURPOSES = ("lecture", "seminar", "exam", "study group", "experiment", None)
MEAN_DAYS_AHEAD, MOST_DAYS_AHEAD = 16, 90
RETRIED, WITHDRAWN, UNANSWERED = 0.002, 0.2, 0.2  # shares: of wishes sent twice, of open requests given up, or left to run out


class Booking:
    def __init__(self, university: University) -> None:
        self._university, self._rng = university, university.rng
        self._asked = self._joined = 0
        self._categories = {place.resource_id: place.category_id for place in university.places}

    def wishes(self, day: datetime, weight: float) -> list[tuple[Event, str]]:
        """Reservations asked for on a day, some of which cannot be had; now and then a client asks twice for the same."""
        wishes: list[tuple[Event, str]] = []
        for _ in range(round(self._university.reservations * weight)):
            wishes.append(self._wish(day))
            if self._rng.random() < RETRIED:
                wishes.append(wishes[-1])
        return wishes

    def joins(self, known: Known) -> list[tuple[Event, str]]:
        """A third of those who came too late wait."""
        refused, known.rejected = known.rejected, []
        late = [one for one in refused if self._rng.random() < 1 / 3]
        return [(self._join(one.resource_id, one.user_id, one.starts_at, one.ends_at), one.user_id) for one in late]

    def answers(self, known: Known) -> list[tuple[Event, str]]:
        """Most offers are taken, the others run out."""
        offers, known.offered = known.offered, []
        return [self._answer(offer) for offer in offers]

    def _answer(self, offer: seen.WaitlistOffered) -> tuple[Event, str]:
        if self._rng.random() < 0.6:
            begin, end = time(offer.starts_at), time(offer.ends_at)
            return self._reservation(offer.resource_id, offer.user_id, begin, end, 1, offer.waitlist_id), offer.user_id
        place = {"waitlist_id": offer.waitlist_id, "resource_id": offer.resource_id, "user_id": offer.user_id}
        return WaitlistOfferExpired(**place), "clock"

    def changes(self, known: Known, day: datetime) -> list[tuple[Event, str]]:
        """Some of what lies ahead is moved, some is given up; a few press the button twice."""
        changes: list[tuple[Event, str]] = []
        for one in list(known.confirmed.values()):
            if time(one.starts_at) < day + timedelta(days=1):
                continue
            chance = self._rng.random()
            if chance < 0.02:
                changes.append((self._cancelled(one), one.user_id))
                if chance < 0.001:
                    changes.append(changes[-1])
            elif chance < 0.03:
                changes.append((self._moved(one), one.user_id))
        return changes

    def withdrawals(self, known: Known) -> list[tuple[Event, str]]:
        """Some do not wait for the decision, some never get one. Half of the approvers do not notice, and decide too late."""
        withdrawn: list[tuple[Event, str]] = []
        for request in list(known.requested):
            asked, chance = known.asked[request.reservation_id], self._rng.random()
            if chance < WITHDRAWN:
                withdrawn.append((self._cancelled(asked), asked.user_id))
            elif chance < WITHDRAWN + UNANSWERED:
                withdrawn.append((ReservationExpired(**about(asked)), "clock"))
            else:
                continue
            if self._rng.random() < 0.5:
                known.requested.remove(request)
        return withdrawn

    def _wish(self, day: datetime) -> tuple[Event, str]:
        rng, place, user = self._rng, self._university.wanted_place(), self._university.user()
        ahead = 1 + min(MOST_DAYS_AHEAD, int(rng.expovariate(1 / MEAN_DAYS_AHEAD)))
        begin = day + timedelta(days=ahead, hours=rng.choice(HOURS))
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
        slot: dict[str, Any] = {"starts_at": time(begin), "ends_at": time(end)}
        return WaitlistJoined(waitlist_id=f"wl-{self._joined:05d}", resource_id=resource, user_id=user, attendees=1, **slot)

    def _cancelled(self, one: seen.ReservationCreated | seen.ReservationConfirmed) -> ReservationCancelled:
        return ReservationCancelled(**about(one), reason=CancellationReason.BY_USER, cancelled_by=one.user_id)

    def _moved(self, one: seen.ReservationConfirmed) -> ReservationUpdated:
        start = time(one.starts_at) + timedelta(hours=self._rng.choice((-2, -1, 1, 2)))
        return ReservationUpdated(**{**about(one), "starts_at": start, "ends_at": start + timedelta(minutes=60), "attendees": 1})


def about(one: seen.ReservationCreated | seen.ReservationConfirmed) -> dict[str, Any]:
    """What every later event of a reservation repeats."""
    ids = {"reservation_id": one.reservation_id, "resource_id": one.resource_id, "user_id": one.user_id}
    return {**ids, "starts_at": time(one.starts_at), "ends_at": time(one.ends_at)}


def time(micros: int) -> datetime:
    """Microseconds since 1970 (UTC) as a time."""
    return EPOCH + timedelta(microseconds=micros)
