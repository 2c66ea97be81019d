"""A service that reads the probe's rows through the cache all the time, and remembers what it was shown when."""

from __future__ import annotations

import asyncio
import random
import time
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from agents import PARTITIONS
from bookly.cache import TYPES, Caches
from faults.background import Background
from faults.following import AwayError, Follower

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bookly.cache import Entries
    from faults.evidence import Told

PAUSE_S = 0.01
USAGE = replace(TYPES["usage"], model=dict[str, Any])  # the probe's rows have a version


class Shown(NamedTuple):
    """The version of a resource's row that a read gave that began at this time."""

    began: float
    resource: str
    version: int


@dataclass
class Reader:
    """Runs in a thread of its own. Its source is the durable changelog, read at each load to the end of what was written, open
    transactions included: the owner tells a row from when its commit was answered, which may be a moment before it can be read.
    """

    brokers: str
    redis: str
    changelog: str
    resources: Sequence[str]
    seed: int
    shown: list[Shown] = field(default_factory=list)
    hits: int = 0

    def start(self) -> None:
        self._ending = Event()
        self._thread = Background("reader", lambda: asyncio.run(self._read()))

    def stop(self) -> None:
        self._ending.set()
        self._thread.finish()

    async def _read(self) -> None:
        source = Follower(self.brokers, self.changelog, PARTITIONS)
        rng = random.Random(self.seed)  # noqa: S311  # a seed is what is wanted
        try:
            async with Caches(self.redis) as caches:
                while not self._ending.is_set():
                    await self._look(caches.of(USAGE), source, rng.choice(self.resources))
                    await asyncio.sleep(PAUSE_S)
                self.hits = sum(number for (_, what), number in caches.counts.items() if what == "hit")
        finally:
            source.close()

    async def _look(self, usage: Entries[dict[str, Any]], source: Follower, resource: str) -> None:
        async def load() -> Any:
            await asyncio.to_thread(source.catch_up, written=True)
            return next((rows[resource] for rows in source.rows.values() if resource in rows), None)

        began = time.monotonic()
        try:
            row = await usage.get_or_load(resource, loader=load)
        except AwayError:
            return  # neither cache nor source: nothing was shown
        self.shown.append(Shown(began, resource, 0 if row is None else int(row["version"])))


def stale_reads(shown: Iterable[Shown], told: Iterable[Told]) -> list[str]:
    """Reads that gave an older version than an invalidation stood for that had ended before they began, a sentence each."""
    ended: dict[str, list[tuple[float, int]]] = defaultdict(list)  # by resource: when, and the highest version so far
    for word in told:
        if word.kind == "stale":
            for resource, version in word.about["rows"].items():
                highest = ended[resource][-1][1] if ended[resource] else 0
                ended[resource].append((word.at, max(version, highest)))
    stale = []
    for began, resource, version in shown:
        known = ended[resource]
        before = bisect_left(known, (began, -1))
        if before > 0 and version < known[before - 1][1]:
            at, newest = known[before - 1]
            stale.append(f"a read of {resource} gave version {version}, {began - at:.3f} s after {newest} was invalidated")
    return stale
