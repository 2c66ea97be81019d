"""The way to one Redis: calls within a limit, none while it is known to be away, no faith in a server that was replaced."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING, Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bookly.cache.scripts import GREET
from bookly.cache.tags import SERVICES, complete
from bookly.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)
SERVER = "bookly:server"  # the run of the server that all entries are from
PAUSES_S = (0.05, 0.1, 0.2, 0.5)


class AwayError(Exception):
    """Redis gave no good answer within the limit, or was not asked because a moment ago it did not."""


class Link:
    """One client. `limit_s` bounds a call as a whole: connecting, waiting for a connection, the answer."""

    def __init__(self, url: str, limit_s: float) -> None:
        self._limit_s = limit_s
        self._failures = 0
        self._shut_until = 0.0
        self._run_id = b""
        try:
            self.redis: Redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), redis_connect_func=self._greet)
        except (AttributeError, TypeError, ValueError):  # its own words would quote a password
            raise InvalidSettings("redis is no URL: it must be like redis://host:6379/0 (rediss://, unix://).") from None

    @property
    def healthy(self) -> bool:
        """The last call got its answer."""
        return not self._failures

    @property
    def shut_s(self) -> float:
        """Seconds until Redis is asked again; 0 when it may be asked now."""
        return max(0.0, self._shut_until - time.monotonic())

    async def call(self, command: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """The answer, or AwayError. After a failure Redis is left alone for a moment that grows to half a second."""
        if self.shut_s:
            raise AwayError("redis is away")
        try:
            async with asyncio.timeout(self._limit_s):
                answer = await command(self.redis)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            raise AwayError(str(error)) from error
        if self._failures:
            log.warning("redis is back after %d failed calls", self._failures)
            self._failures, self._shut_until = 0, 0.0
        return answer

    async def close(self) -> None:
        await self.redis.aclose()

    def _failed(self, error: Exception) -> None:
        if not self._failures:
            log.warning(
                "redis is away (%s: %s): caches are read past, commits go on, invalidations are remembered",
                type(error).__name__,
                error,
            )
        self._shut_until = time.monotonic() + PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1

    async def _greet(self, connection: Any) -> None:
        """Runs on each new connection before its first command: see GREET."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        found = re.search(rb"run_id:(\w+)", bytes(await connection.read_response()))
        run_id = found[1] if found else b""
        keys = (SERVER, *map(complete, SERVICES))
        await connection.send_command("EVAL", GREET, len(keys), *keys, run_id, self._run_id)
        if await connection.read_response():
            log.warning("another redis server than before: all entries are stale, for it may have lost invalidations")
        self._run_id = run_id
