"""The three caches over one link to Redis, and the names of all that they can do."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from bookly.cache.addresses import link_to
from bookly.cache.auth import AuthCache
from bookly.cache.availability import AvailabilityCache
from bookly.cache.entries import Entries, Shared
from bookly.cache.invalidator import Invalidator
from bookly.cache.reads import Reads
from bookly.cache.resources import ResourcesCache
from bookly.cache.types import TYPES

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from bookly.cache.types import CacheType

LIMIT_S = 0.1
DECISION_S = 1.0  # a reader has its source, but what Redis alone decides is decided there or refused: it is worth more patience
BY_SERVICE: Final = {"auth": AuthCache, "res": ResourcesCache, "avail": AvailabilityCache}
EVERY_TYPE: Final = ("get", "set", "invalidate")


class Caches:
    """Opened by `async with`. `limit_s`: how long a reader waits for Redis at most, once (a rate limit or a revocation up to
    DECISION_S).

    `counts`: (type, outcome) to how often, in this process: "hit" or "miss", and of these "stale", "expired" or "absent"; "load";
    "kept" or "refused"; "away".
    """

    def __init__(self, redis: str, *, limit_s: float = LIMIT_S) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        link = link_to(redis, limit_s)
        deciding = link_to(redis, max(limit_s, DECISION_S))
        self._shared = Shared(link, deciding, Reads(link), Invalidator(link), self.counts)
        self._opened: dict[CacheType, Entries[Any]] = {}
        self.auth = AuthCache(self._shared, self.of)
        self.resources = ResourcesCache(self._shared, self.of)
        self.availability = AvailabilityCache(self._shared, self.of)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for entries in self._opened.values():
            await entries.close()
        await self._shared.reads.close()
        await self._shared.invalidator.close()
        for link in (self._shared.link, self._shared.deciding):
            await link.close()

    def of(self, cache_type: CacheType) -> Entries[Any]:
        """The entries of a type, declared here or by whoever asks: the same object for the same type."""
        if (entries := self._opened.get(cache_type)) is None:
            entries = self._opened[cache_type] = Entries(cache_type, self._shared)
        return entries

    async def invalidate(self, *tags: str) -> None:
        """Make stale all entries that carry one of these tags. Redis away: remembered, and sent when it is back."""
        self._shared.invalidator.add(tags)
        await self._shared.invalidator.send()


def _operations() -> tuple[str, ...]:
    names = {cache: cache.__name__.removesuffix("Cache").lower() for cache in BY_SERVICE.values()}
    types = [f"{names[BY_SERVICE[each.service]]}.{each.name}.{does}" for each in TYPES.values() for does in EVERY_TYPE]
    compound = [
        f"{name}.{does}" for cache, name in names.items() for does, _ in inspect.getmembers(cache, inspect.iscoroutinefunction)
    ]
    return (*types, *(name for name in compound if not name.split(".")[1].startswith("_")))


OPERATIONS: Final = _operations()
