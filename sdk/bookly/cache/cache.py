"""Reading through: the value from Redis where it is current, else from the source, and filled behind a fence."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bookly.cache.generations import FILL, generation_key
from bookly.cache.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Self

log = logging.getLogger(__name__)
AWAY = (RedisError, OSError, TimeoutError)


class Cache:
    """Entries of the 22 types. Redis away is no error for a reader: the source answers.

    `timeout`: seconds that Redis may take. Values are what JSON can hold.
    """

    def __init__(self, url: str, *, timeout: float = 0.2) -> None:
        self._redis: Redis = Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, decode_responses=True)
        self._fill = self._redis.register_script(FILL)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._redis.aclose()

    async def get_or_load(self, name: str, loader: Callable[[], Awaitable[Any]], **parts: str) -> Any:
        """The entry's value, loaded and kept where there is no current one. What the loader raises is raised."""
        try:
            value, token = await self.read(name, **parts)
        except AWAY as error:
            log.warning("redis away: %s is read from its source (%s)", name, error)
            return await loader()
        if value is not None:
            return json.loads(value)
        loaded = await loader()
        try:
            await self.fill(name, loaded, token, **parts)
        except AWAY as error:
            log.warning("redis away: %s was not kept (%s)", name, error)
        return loaded

    async def read(self, name: str, **parts: str) -> tuple[str | None, list[str | None]]:
        """The current value as JSON text, or None; and the generations of its tags, the token that a fill must show. One MGET."""
        cache_type = TYPES[name]
        keys = [generation_key(tag) for tag in cache_type.tags_of(**parts)]
        entry, *generations = await self._redis.mget(cache_type.key_of(**parts), *keys)
        if entry is not None and None not in generations:
            filled_under, _, value = entry.partition("|")
            if filled_under == ",".join(generations):
                return value, generations
        return None, generations

    async def fill(self, name: str, value: Any, token: list[str | None], **parts: str) -> bool:
        """Keep a value that was loaded after the token was read. False when a tag has moved since: the value may be old."""
        cache_type = TYPES[name]
        keys = [cache_type.key_of(**parts), *(generation_key(tag) for tag in cache_type.tags_of(**parts))]
        shown = [generation or "" for generation in token]
        return bool(await self._fill(keys=keys, args=[cache_type.ttl * 1000, json.dumps(value), *shown]))
