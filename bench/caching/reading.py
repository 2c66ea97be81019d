"""Readers that never stop: `python -m bench.caching.reading SECONDS READERS PAUSE_S RESERVATION...`.

Each reads one reservation after the other through the cache, and from the worker that owns it where it is not kept. Prints
every read: which reservation, when it began (time.monotonic), and the version that it was given.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import TYPE_CHECKING, TypeAlias

import uvloop

from api.owners import Owners
from bookly.cache import Caches
from bookly.cache.values import Reservation
from bookly.settings import Settings

if TYPE_CHECKING:
    from bookly.cache.entries import Entries

Read: TypeAlias = tuple[int, float, int]
DOMAIN, TABLE = "availability", "reservations"


def room_of(reservation: str) -> str:
    """Each reservation has a room of its own, so that moving one is never refused."""
    return f"room-of-{reservation}"


async def main(seconds: str, readers: str, pause: str, *reservations: str) -> None:
    settings = Settings.from_environment()
    ends, reads = time.monotonic() + float(seconds), list[Read]()
    async with Owners(settings.brokers, os.environ["BOOKLY_INTERNAL_SECRET"]) as owners, Caches(settings.redis) as caches:
        entries = caches.availability.reservation
        reading = (_read(number, entries, owners, reservations, ends, float(pause), reads) for number in range(int(readers)))
        await asyncio.gather(*reading)
        counts = {kind: caches.counts["reservation", kind] for kind in ("hit", "miss", "load", "kept", "refused", "away")}
    sys.stdout.write(json.dumps({"reads": reads, "counts": counts}) + "\n")


async def _read(
    number: int,
    entries: Entries[Reservation],
    owners: Owners,
    reservations: tuple[str, ...],
    ends: float,
    pause: float,
    reads: list[Read],
) -> None:
    turn = number
    while (began := time.monotonic()) < ends:
        turn = (turn + 1) % len(reservations)
        reservation = reservations[turn]

        async def load(reservation: str = reservation) -> Reservation:
            found = await owners.row(DOMAIN, TABLE, reservation, routed_by=room_of(reservation))
            return Reservation.model_validate({"reservation_id": reservation, **found.value})

        value = await entries.get_or_load(reservation, loader=load)
        reads.append((turn, began, value.version if value else 0))
        await asyncio.sleep(pause)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
