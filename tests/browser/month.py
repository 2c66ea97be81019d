"""Four weeks of a university that books: what services publish, and beside it what a reader of the page must then see.

The figures are kept as plain facts, one for each thing that happened, and added up here by the shortest way: nothing of the code
that counts or shows is used.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bookly.events.availability import (
    CancellationReason,
    RejectionReason,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationNoShow,
    ReservationRejected,
    WaitlistJoined,
)
from bookly.events.resources import MaintenanceScheduled, ResourceCreated
from bookly.events.stockpile import ApprovalGranted, ApprovalRequested, CheckOutCompleted

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, LAST = date(2026, 10, 5), date(2026, 11, 1)  # a Monday, a Sunday
BEGIN = datetime(2026, 10, 5, tzinfo=UTC)
END = BEGIN + timedelta(days=28)
OPENS, CLOSES = 7, 22  # as api/reports/bookable.toml has it
ROOMS = {
    "lab-robotics": ("labs", 9),
    "lab-wet": ("labs", 6),
    "hall-aula": ("halls", 5),
    "room-a101": ("rooms", 7),
    "room-a102": ("rooms", 4),
    "room-b204": ("rooms", 3),
    "room-c310": ("rooms", 2),
    "seminar-1": ("rooms", 3),
    "camera-kit": ("equipment", 2),
    "van": ("equipment", 1),
}
REPAIR = ("room-a101", BEGIN + timedelta(days=8, hours=6), BEGIN + timedelta(days=10, hours=12))
BUSY = {8: 2, 9: 5, 10: 8, 11: 6, 12: 2, 13: 4, 14: 7, 15: 5, 16: 3, 17: 2, 18: 1, 19: 1}


@dataclass(frozen=True)
class Fact:
    """`minutes` of use are told by the hour in which they were used."""

    kind: str
    resource: str
    at: datetime
    many: int = 1

    def is_of(self, **where: Any) -> bool:
        """Whether it is of this resource, category, day, hour or weekday (Monday is 0)."""
        about = {
            "resource": self.resource,
            "category": ROOMS[self.resource][0],
            "day": self.at.date(),
            "hour": self.at.hour,
            "weekday": self.at.weekday(),
        }
        return all(about[name] == value for name, value in where.items())


@dataclass
class Month:
    """`events`: with when they happened, in that order. `facts`: what follows for a reader."""

    events: list[tuple[Any, datetime]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    waits: list[timedelta] = field(default_factory=list)
    taken: defaultdict[str, list[tuple[datetime, datetime]]] = field(default_factory=lambda: defaultdict(list))

    def sum(self, kind: str, **where: Any) -> int:
        """How much of it there was, of a resource, a category, a day, an hour, a weekday."""
        if kind == "unmet":
            return self.sum("refused", **where) + self.sum("waitlisted", **where)
        return sum(fact.many for fact in self.facts if fact.kind == kind and fact.is_of(**where))

    def tell(self, kind: str, resource: str, at: datetime) -> None:
        """One more happened."""
        self.facts.append(Fact(kind, resource, at.replace(minute=0, second=0)))

    def use(self, resources: list[str], hours: list[datetime]) -> float | None:
        """Of the time in which these could be booked the part that was used."""
        open_ = {hour for hour in hours if OPENS <= hour.hour < CLOSES}
        bookable = sum(60 - repaired(resource, hour) for resource in resources for hour in open_)
        visits: Counter[tuple[str, datetime]] = Counter()
        for fact in self.facts:
            if fact.kind == "minutes" and fact.resource in resources and fact.at in open_:
                visits[fact.resource, fact.at] += fact.many
        used = sum(min(minutes, 60 - repaired(*where)) for where, minutes in visits.items())
        return used / bookable if bookable else None


def hours() -> list[datetime]:
    return [BEGIN + timedelta(hours=number) for number in range(28 * 24)]


def name_of(resource: str) -> str:
    return resource.replace("-", " ").title()


def repaired(resource: str, hour: datetime) -> int:
    room, begin, end = REPAIR
    return 60 if resource == room and begin <= hour < end else 0


def month(seed: int = 7) -> Month:
    found, chance = Month(), random.Random(seed)
    before = BEGIN - timedelta(days=40)
    for resource, (category, _) in ROOMS.items():
        about = ResourceCreated(resource_id=resource, name=name_of(resource), category_id=category, capacity=200, max_minutes=600)
        found.events.append((about, before))
    room, begin, end = REPAIR
    found.events.append(
        (MaintenanceScheduled(maintenance_id="mnt-1", resource_id=room, starts_at=begin, ends_at=end, reason="floor"), before)
    )
    for day in range(28):
        for resource, (category, liking) in ROOMS.items():
            for number in range(_wanted(chance, day, liking)):
                _ask(found, chance, f"{resource}-{day}-{number}", resource, category, BEGIN + timedelta(days=day))
    found.events.sort(key=lambda event: event[1])
    return found


def _wanted(chance: random.Random, day: int, liking: int) -> int:
    weekday = (1.2, 1.3, 1.0, 1.1, 0.7, 0.15, 0.05)[day % 7]
    return max(0, round(liking * weekday * (0.7 + day / 60) + chance.uniform(-0.6, 0.6)))


def _ask(found: Month, chance: random.Random, name: str, resource: str, category: str, day: datetime) -> None:
    asked_at = day + timedelta(hours=chance.choices(list(BUSY), list(BUSY.values()))[0], minutes=chance.randrange(50))
    starts_at = asked_at.replace(minute=0) + timedelta(days=chance.randrange(1, 4))
    starts_at = starts_at.replace(hour=min(20, max(8, starts_at.hour + chance.randrange(-2, 3))))
    ends_at = starts_at + timedelta(minutes=chance.choice([60, 90, 120]))
    about: dict[str, Any] = {"reservation_id": name, "resource_id": resource, "user_id": "u-1"}
    slot = {"starts_at": starts_at, "ends_at": ends_at}
    soon = asked_at + timedelta(seconds=5)

    def happens(event: Any, kind: str, at: datetime) -> None:
        if at < END:  # what comes later is not published
            found.events.append((event, at))
            found.facts.append(Fact(kind, resource, at.replace(minute=0, second=0)))

    happens(ReservationCreated(**about, **slot, category_id=category, attendees=3), "asked", asked_at)
    reason = _refusal(found, chance, resource, starts_at, ends_at)
    if reason is not None:
        happens(ReservationRejected(**about, **slot, reason=reason), "refused", soon)
        found.reasons[reason.value] += 1
        if reason is RejectionReason.CONFLICT and chance.random() < 0.4:
            waits = WaitlistJoined(waitlist_id=f"wl-{name}", resource_id=resource, user_id="u-1", **slot, attendees=3)
            happens(waits, "waitlisted", soon + timedelta(seconds=5))
        return
    if category == "labs":
        soon = _decide(found, chance, about, soon)
    happens(ReservationConfirmed(**about, **slot, approval_id=f"apr-{name}", automatic=category != "labs"), "granted", soon)
    fate = chance.random()
    if fate < 0.1:
        given_up = ReservationCancelled(**about, **slot, reason=CancellationReason.BY_USER)
        happens(given_up, "cancelled", asked_at + timedelta(minutes=7))
    elif fate < 0.16:
        happens(ReservationNoShow(**about, **slot), "no_show", starts_at + timedelta(minutes=30))
    elif ends_at < END:
        out = CheckOutCompleted(**about, checked_in_at=starts_at, checked_out_at=ends_at)
        happens(out, "used", ends_at)
        found.facts.extend(Fact("minutes", resource, hour, many) for hour, many in _spread(starts_at, ends_at))


def _refusal(found: Month, chance: random.Random, resource: str, begin: datetime, end: datetime) -> RejectionReason | None:
    """Why, if so: two are never in a room at the same time, nobody while it is repaired, and some are too many."""
    if any(repaired(resource, hour) for hour, _ in _spread(begin, end)):
        return RejectionReason.MAINTENANCE
    if any(begin < other_end and other_begin < end for other_begin, other_end in found.taken[resource]):
        return RejectionReason.CONFLICT
    if chance.random() < 0.06:
        return chance.choice((RejectionReason.NOT_APPROVED, RejectionReason.RULE_VIOLATED))
    found.taken[resource].append((begin, end))
    return None


def _decide(found: Month, chance: random.Random, about: dict[str, Any], asked_at: datetime) -> datetime:
    """People decide about labs; gives when they did."""
    waits = timedelta(minutes=chance.randrange(20, 900))
    apr = {"approval_id": f"apr-{about['reservation_id']}"}
    if asked_at + waits < END:
        question = {"rule": "labs", "approver_role": "lab-manager", "deadline_at": asked_at + timedelta(days=2), "version": 1}
        found.events.append((ApprovalRequested(**apr, **about, **question), asked_at))
        granted = ApprovalGranted(
            **apr,
            reservation_id=about["reservation_id"],
            resource_id=about["resource_id"],
            automatic=False,
            expected_version=1,
            decided_by="u-9",
        )
        found.events.append((granted, asked_at + waits))
        found.waits.append(waits)
    return asked_at + waits


def _spread(begin: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    while begin < end:
        hour = begin.replace(minute=0)
        until = min(end, hour + timedelta(hours=1))
        yield hour, int((until - begin).total_seconds()) // 60
        begin = until
