"""Making stale what a commit changed: one pipeline, never holding the commit up, nothing forgotten while Redis is away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from bookly.cache.addresses import link_to
from bookly.cache.scripts import BUMP
from bookly.cache.server import AwayError
from bookly.cache.stale import STALE
from bookly.cache.staleness import Staleness
from bookly.cache.staling import Tagger
from bookly.cache.tags import complete, complete_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from redis.asyncio import Redis

    from bookly.cache.link import Link
    from bookly.cache.server import Server
    from bookly.cache.stale import StaleMap
    from bookly.records import Record

log = logging.getLogger(__name__)
LIMIT_S = 0.2
REMEMBERED = 50_000  # tags; beyond it the complete tags of their services take their place
AT_ONCE = 1_000  # tags a call: about five milliseconds, of which Redis does nothing else for one


class Invalidator:
    """Collects tags and moves them. While Redis is away they are remembered, each once; when it is back they are sent.

    `staleness`: how many were moved, and how long after their causes.
    """

    def __init__(
        self, redis: str | Link, *, stale: StaleMap = STALE, limit_s: float = LIMIT_S, remember: int = REMEMBERED
    ) -> None:
        self._tagger = Tagger(stale)
        self._link = link_to(redis, limit_s) if isinstance(redis, str) else redis
        self._owns_link = isinstance(redis, str)
        self._remember = remember
        self.staleness = Staleness()
        self._since: float | None = None  # the oldest cause of what waits
        self._waiting: set[str] = set()
        self._flying: set[str] = set()
        self._turn = asyncio.Lock()
        self._resending: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """Tags that Redis has not taken yet."""
        return len(self._waiting | self._flying)

    @property
    def healthy(self) -> bool:
        """Nothing is remembered from a failure, and the last call got its answer."""
        return self._resending is None and self._link.healthy

    def tags(self, group: str, events: Sequence[Record]) -> set[str]:
        """What these events make stale once the group has committed them, each tag once."""
        return self._tagger.tags_of_all(group, events)

    def add(self, tags: Iterable[str], since: float | None = None) -> None:
        """Remember tags until they are sent. Call it after the commit that they belong to.

        `since`: when the oldest of their causes happened (seconds since 1970), if that is to be measured.
        """
        self._waiting.update(tags)
        if since is not None:
            self._since = since if self._since is None else min(since, self._since)
        self._bound()

    async def send(self) -> None:
        """Move all that was added. A server that does not answer is waited for within the time limit, and while it is known to be
        away not at all; never raises for its sake.
        """
        if self._waiting and not await self._send() and self._resending is None:
            self._resending = asyncio.create_task(self._resend(), name="resend invalidations")

    async def took_over(self, group: str) -> None:
        """The former owner may have died between a commit and its invalidations: all that this group makes stale is stale."""
        self.add(complete(service) for service in self._tagger.services_of(group))
        await self.send()

    async def close(self) -> None:
        """A last try for what waits. What Redis does not take is covered when the partitions are taken over."""
        if self._resending is not None:
            self._resending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._resending
            self._resending = None
        if self._waiting:
            await self._send()
        if self._owns_link:
            await self._link.close()

    async def _resend(self) -> None:
        try:
            sent = 0
            while self._waiting:
                await asyncio.sleep(self._link.shut_s)
                waited = len(self._waiting)
                sent += waited if await self._send() else 0
            log.warning("%d remembered invalidations were sent", sent)
        finally:
            self._resending = None

    async def _send(self) -> bool:
        """False when a server did not take its own: they wait again, with what was added meanwhile."""
        async with self._turn:
            since, self._since = self._since, None
            self._flying, self._waiting = self._waiting, set()
            try:
                servers = await self._link.by_server(self._flying)
                await asyncio.gather(*(self._move(server, groups, since) for server, groups in servers.items()))
                return not self._flying
            finally:
                if self._flying:
                    self.add(self._flying, since)
                    self._flying = set()

    async def _move(self, server: Server, groups: Sequence[Sequence[str]], since: float | None) -> None:
        """A call takes few enough to end within the time limit, and what it took is not sent again."""
        for parts in _calls(groups):
            try:
                await server.call(lambda redis, parts=parts: _bump(redis, parts))  # type: ignore[misc]
            except AwayError:
                return
            for tags in parts:
                self._flying.difference_update(tags)
                self.staleness.observe(tags, since)

    def _bound(self) -> None:
        if len(self._waiting) > self._remember:
            self._waiting = {complete_of(tag) for tag in self._waiting}
            log.warning(
                "more than %d invalidations wait: all of %s will be stale", self._remember, ", ".join(sorted(self._waiting))
            )


def _calls(groups: Sequence[Sequence[str]]) -> Iterator[Sequence[Sequence[str]]]:
    """Tags of one slot stay together, AT_ONCE of them at most; small groups share a call."""
    parts: list[Sequence[str]] = []
    room = AT_ONCE
    for tags in groups:
        for start in range(0, len(tags), AT_ONCE):
            part = tags[start : start + AT_ONCE]
            if len(part) > room:
                yield parts
                parts, room = [], AT_ONCE
            parts.append(part)
            room -= len(part)
    if parts:
        yield parts


async def _bump(redis: Redis, parts: Sequence[Sequence[str]]) -> None:
    pipeline = redis.pipeline(transaction=False)
    for tags in parts:
        pipeline.eval(BUMP, len(tags), *tags)
    await pipeline.execute()
