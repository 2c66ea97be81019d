"""Who and what there is: created once, in steps that need each other, so that afterwards no table grows by a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bookly.events.auth import PermissionsChanged, UserRegistered
from bookly.events.availability import ReservationCreated, ReservationUpdated
from bookly.events.resources import CategoryCreated, ResourceCreated, ResourceUpdated
from bookly.events.stockpile import CheckInCompleted, CheckMethod, CheckOutCompleted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookly._event import Event

VISITED = 0  # which reservation of each resource has its visit behind it before all begins; the others are moved about
HOURS = 8  # of its own day that a reservation moves between: it meets no other
AHEAD = timedelta(days=30)  # how far ahead the first day is: nobody misses a visit while the soak runs
Slot = tuple[datetime, datetime]


def numbered(what: str, number: int) -> str:
    """A text that says which of the changes of its key it is."""
    return f"{what}#{number}"


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Population:
    """How many of each, and the names that follow. Reservations are numbered through: `reservations` of each resource.

    `probes`: resources and roles that nothing happens to but what a prober says of them.
    """

    users: int = 2_000
    resources: int = 400
    reservations: int = 10
    roles: int = 20
    categories: int = 8
    probes: int = 8
    midnight: datetime = field(default_factory=today)

    def steps(self) -> Iterator[list[Event]]:
        """What is published; each step when all groups have worked through the one before: topics have no order between them."""
        yield [
            *(CategoryCreated(category_id=self.category(n), name=numbered("category", 0)) for n in range(self.categories)),
            *(self.permissions(number, 0) for number in range(self.roles + self.probes)),
            *(self._registered(number) for number in range(self.users)),
            *(self._created(number) for number in range(self.resources + self.probes)),
        ]
        yield [self._asked(number) for number in range(self.resources * self.reservations)]
        yield [self.check_in(resource) for resource in range(self.resources)]
        yield [self._check_out(resource) for resource in range(self.resources)]

    def user(self, number: int) -> str:
        return f"u-{number % self.users:05d}"

    def role(self, number: int) -> str:
        return f"role-{number:02d}"

    def category(self, number: int) -> str:
        return f"category-{number}"

    def room(self, number: int) -> str:
        return f"room-{number:04d}"

    def reservation(self, number: int) -> str:
        return f"res-{number:05d}"

    def room_of(self, reservation: int) -> str:
        return self.room(reservation // self.reservations)

    def slot(self, reservation: int, hour: int) -> Slot:
        """An hour of the day that belongs to this reservation alone among those of its resource."""
        begin = self.midnight + AHEAD + timedelta(days=reservation % self.reservations, hours=hour)
        return begin, begin + timedelta(hours=1)

    def permissions(self, number: int, change: int) -> PermissionsChanged:
        """Each group keeps those of its own matter, so each is told the number of the change."""
        allowed = [numbered("approval:decide", change), numbered("booking:create", change)]
        return PermissionsChanged(role=self.role(number), permissions=allowed, changed_by="soak")

    def renamed(self, number: int, change: int) -> ResourceUpdated:
        return ResourceUpdated(resource_id=self.room(number), name=numbered("room", change), **self._rules())

    def moved(self, number: int, slot: Slot) -> ReservationUpdated:
        return ReservationUpdated(**self._whose(number), starts_at=slot[0], ends_at=slot[1], attendees=5)

    def check_in(self, resource: int) -> CheckInCompleted:
        return CheckInCompleted(
            **self._whose(resource * self.reservations + VISITED), checked_in_at=self.midnight, method=CheckMethod.QR_CODE
        )

    def _check_out(self, resource: int) -> CheckOutCompleted:
        return CheckOutCompleted(
            **self._whose(resource * self.reservations + VISITED),
            checked_in_at=self.midnight,
            checked_out_at=self.midnight + timedelta(minutes=30),
        )

    def _registered(self, number: int) -> UserRegistered:
        user = self.user(number)
        return UserRegistered(user_id=user, email=f"{user}@example.org", full_name=numbered("name", 0))

    def _created(self, number: int) -> ResourceCreated:
        return ResourceCreated(resource_id=self.room(number), name=numbered("room", 0), **self._rules())

    def _asked(self, number: int) -> ReservationCreated:
        starts_at, ends_at = self.slot(number, 0)
        return ReservationCreated(
            **self._whose(number), category_id=self.category(0), starts_at=starts_at, ends_at=ends_at, attendees=5
        )

    def _whose(self, number: int) -> dict[str, Any]:
        return {
            "reservation_id": self.reservation(number),
            "resource_id": self.room_of(number),
            "user_id": self.user(number),
        }

    def _rules(self) -> dict[str, Any]:
        return {"category_id": self.category(0), "capacity": 30, "max_minutes": 120}
