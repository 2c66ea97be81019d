"""Reads that come while enough others are under way go together: many readers cost little more than one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bookly.cache import fence

if TYPE_CHECKING:
    from bookly.cache.fence import Found
    from bookly.cache.link import Link
    from bookly.cache.types import Names

ABREAST = 4  # reads that are sent at once, each by itself or for all who waited
TOGETHER = 200  # entries of a read: about a millisecond in which Redis does nothing else


class Reads:
    """A reader is only given what was asked for after it came. Raises AwayError."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._under_way = 0
        self._waiting: list[tuple[Names, asyncio.Future[Found]]] = []
        self._together: set[asyncio.Task[None]] = set()

    async def read(self, names: Names) -> Found:
        """The current payload of an entry, or why there is none."""
        if self._under_way >= ABREAST:
            waiting: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
            self._waiting.append((names, waiting))
            return await waiting
        self._under_way += 1
        try:
            return (await fence.read(self._link, [names]))[0]
        finally:
            self._ended()

    async def close(self) -> None:
        """End what is under way; those who wait are cancelled."""
        while together := set(self._together):  # each that ends lets those go who waited for it
            for task in together:
                task.cancel()
            await asyncio.wait(together)

    def _ended(self) -> None:
        """One read less is under way: those who waited for that go now."""
        self._under_way -= 1
        if self._waiting:
            self._under_way += 1
            now, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            task = asyncio.create_task(self._read(now), name="read together")
            self._together.add(task)
            task.add_done_callback(self._together.discard)

    async def _read(self, readers: list[tuple[Names, asyncio.Future[Found]]]) -> None:
        wanted = list(dict.fromkeys(names for names, _ in readers))
        try:
            found = dict(zip(wanted, await fence.read(self._link, wanted), strict=True))
            for names, waiting in readers:
                if not waiting.done():
                    waiting.set_result(found[names])
        except Exception as error:  # noqa: BLE001  # whatever it was, it is theirs
            for _, waiting in readers:
                if not waiting.done():
                    waiting.set_exception(error)
        finally:
            for _, waiting in readers:
                waiting.cancel()  # nobody is left without an answer: it does nothing to one that has its own
            self._ended()
