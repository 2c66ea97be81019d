"""Making entries stale after a commit: in one script a commit, never holding it up, and nothing forgotten while Redis is away."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bookly.cache.generations import BUMP, generation_key
from bookly.cache.stale import stale_tags
from bookly.cache.types import SERVICE_OF_GROUP, TYPES, service_tag

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)
REMEMBERED = 100_000  # tags; beyond it whole services are made stale instead
AT_ONCE = 5_000  # tags a script call: it blocks Redis while it runs
PAUSES_S = (0.1, 0.5, 1.0, 2.0)


class Invalidator:
    """Collects tags and moves their generations. `timeout`: seconds that Redis may take; a commit waits no longer."""

    def __init__(self, url: str, *, timeout: float = 0.2) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
        )
        self._bump = self._redis.register_script(BUMP)
        self._pending: set[str] = set()
        self._failures = 0
        self._not_before = 0.0

    @property
    def pending(self) -> int:
        """Tags that are remembered until Redis takes them."""
        return len(self._pending)

    @property
    def healthy(self) -> bool:
        """The last attempt reached Redis."""
        return self._failures == 0

    def tags(self, group: str, events: Iterable[Any]) -> set[str]:
        """What these events make stale when the group has committed them, each tag once."""
        return {tag for event in events for tag in stale_tags(group, event)}

    def add(self, tags: Iterable[str]) -> None:
        """Remember tags until the next `send` that reaches Redis."""
        self._pending.update(tags)
        if len(self._pending) > REMEMBERED:
            services = {cache_type.service for cache_type in TYPES.values()}
            self._pending = {service_tag(service) for service in services}
            log.warning("redis is away for long: all entries of %s will be stale on its return", ", ".join(sorted(services)))

    async def took_over(self, group: str) -> None:
        """A crash between a commit and its invalidations may have left old entries: the service's entries are all stale."""
        if group in SERVICE_OF_GROUP:
            self.add({service_tag(SERVICE_OF_GROUP[group])})
            await self.send()

    async def send(self) -> None:
        """Move what is remembered. Redis away: keep it and try again with a later commit. Never raises for Redis' sake."""
        if not self._pending or time.monotonic() < self._not_before:
            return
        tags = list(self._pending)
        try:
            for start in range(0, len(tags), AT_ONCE):
                moved = tags[start : start + AT_ONCE]
                await self._bump(keys=[generation_key(tag) for tag in moved])
                self._pending.difference_update(moved)
        except (RedisError, OSError, TimeoutError) as error:
            self._away(error)
        else:
            if self._failures:
                log.warning("redis is back: %d tags made stale", len(tags))
            self._failures, self._not_before = 0, 0.0

    def _away(self, error: Exception) -> None:
        if not self._failures:
            log.warning("redis away (%s): invalidations are remembered, commits go on", error)
        self._not_before = time.monotonic() + PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1

    async def close(self) -> None:
        await self._redis.aclose()
