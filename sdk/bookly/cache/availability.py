"""What the services around availability keep: calendars, reservations, queues, and who may book."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bookly.cache.group import Group
from bookly.cache.tags import complete
from bookly.cache.types import CALENDAR, RESERVATION, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.cache import values
    from bookly.cache.entries import Entries


class AvailabilityCache(Group):
    SERVICE: ClassVar = "avail"

    availability: Entries[tuple[values.Slot, ...]]
    reservation: Entries[values.Reservation]
    user_reservations: Entries[tuple[values.Reservation, ...]]
    schedule: Entries[tuple[values.Slot, ...]]
    waitlist: Entries[tuple[values.Waiting, ...]]
    user_permissions: Entries[frozenset[str]]

    async def get_many(self, ids: Iterable[str]) -> dict[str, values.Reservation | None]:
        """The current ones among these reservations, in one round trip; what is missing has to be loaded."""
        return await self.reservation.get_many(ids)

    async def invalidate_reservation(self, reservation_id: str) -> None:
        """All that shows the reservation: itself, and the lists of users that it is in."""
        await self._make_stale(RESERVATION.tag(reservation_id))

    async def invalidate_calendar(self, resource_id: str) -> None:
        """Every day and week of the resource, and its queue."""
        await self._make_stale(CALENDAR.tag(resource_id))

    async def invalidate_user(self, user_id: str) -> None:
        """What the user has reserved and may book."""
        await self._make_stale(*(TYPES[name].tags_of(user_id)[0] for name in ("user_reservations", "user_permissions")))

    async def invalidate_resource(self, resource_id: str) -> None:  # noqa: ARG002  # that is the point
        """Everything of this service: a resource that is gone ends reservations of users that it does not name."""
        await self._make_stale(complete(self.SERVICE))
