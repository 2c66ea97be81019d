"""One load at a time for a key. A reader is only given what a load found that began after the reader came."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Value = TypeVar("Value")


class _Flight:
    """A load and those who wait for it."""

    def __init__(self) -> None:
        self.waiting = 0
        self.task: asyncio.Task[Any]


class Flights(Generic[Value]):
    """For a key at most one load is under way and one gathers: it begins when the other has ended; who comes meanwhile joins it.

    To join the one under way would break the caches' promise: it may have begun before an invalidation that had ended when the
    reader came. That holds for entities that only loaders know, and while Redis is away, when no generations can tell.
    """

    def __init__(self) -> None:
        self._gathering: dict[str, _Flight] = {}
        self._under_way: dict[str, _Flight] = {}

    async def share(self, key: str, load: Callable[[], Awaitable[Value]]) -> Value:
        """What the load gives or raises, which is not remembered. Of those who share it the first one's is called.

        A reader that is cancelled leaves the others their load; the last one that leaves ends it.
        """
        flight = self._gathering.get(key)
        if flight is None:
            flight = self._gathering[key] = _Flight()
            flight.task = asyncio.create_task(self._fly(key, flight, load), name=f"load {key.partition('{')[0]}")
        flight.waiting += 1
        try:
            value: Value = await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()
        return value

    async def close(self) -> None:
        """End all loads; those who wait for them are cancelled."""
        tasks = [flight.task for flights in (self._gathering, self._under_way) for flight in flights.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _fly(self, key: str, flight: _Flight, load: Callable[[], Awaitable[Value]]) -> Value:
        before = self._under_way.get(key)
        if before is not None:
            await asyncio.wait([before.task])
        self._forget(key, flight)
        self._under_way[key] = flight
        try:
            return await load()
        finally:
            del self._under_way[key]

    def _forget(self, key: str, flight: _Flight) -> None:
        """From here on nobody joins it."""
        if self._gathering.get(key) is flight:
            del self._gathering[key]
