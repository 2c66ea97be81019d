"""A worker's query port on loopback, over partitions of a small domain without a broker."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import aiohttp
from msgspec import Struct
from yarl import URL

from agents.domain import Domain
from agents.engine.listening import listening
from agents.engine.owning import Ownership
from agents.engine.partition import Partition
from agents.engine.querying import Querying
from agents.index import Latest, add_latest
from agents.state import State, Table
from bookly.records.availability import ReservationCreated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "a-secret-for-tests-only"  # noqa: S105  # of nobody's


class Booking(Struct, frozen=True):
    user_id: str
    seats: int = 1
    paid: bool = False


class Booked(State):
    bookings = Table("bookings", Booking, {"user_id": "by_user"})
    by_user = Table("by_user", Latest)


def book(event: ReservationCreated, state: Booked) -> None:
    """As availability keeps reservations."""
    keep(state, event.reservation_id, Booking(event.user_id))


def keep(state: Booked, key: str, booking: Booking) -> None:
    state.bookings[key] = booking
    add_latest(state.by_user, booking.user_id, key)


DOMAIN = Domain.of("booked", Booked, (book,))


class Runner:
    """What the ownership of partitions is asked of."""

    def __init__(self, *numbers: int) -> None:
        self.domain = DOMAIN
        self.partitions = {number: Partition(DOMAIN, number) for number in numbers}
        self.taking: frozenset[int] = frozenset()
        self.is_member = True

    def keep(self, number: int, key: str, booking: Booking, *, offset: int = 1) -> None:
        """A booking that is committed."""
        partition = self.partitions[number]
        keep(cast("Booked", partition.state), key, booking)
        partition.merge([])
        for rows in partition.committed.values():
            rows.take()
            rows.settle()
        partition.version["bookly.availability"] = offset

    @asynccontextmanager
    async def answering(self, secret: str = SECRET) -> AsyncIterator[str]:
        """The address."""
        with listening(("127.0.0.1", 0)) as port:
            assert port is not None
            ownership = Ownership(cast("Any", self), lambda: self.is_member)
            querying = Querying(DOMAIN, ownership, secret, port)
            await querying.start()
            try:
                yield port.name
            finally:
                await querying.stop()


async def ask(address: str, path: str, secret: str = SECRET) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as session,
        session.get(URL(f"http://{address}{path}", encoded=True)) as response,
    ):
        return response.status, await response.json()
