"""One Redis server: calls within a limit, none while it is known to be away, no faith in one that was replaced."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING, Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import DataError, MovedError, RedisError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)
PAUSES_S = (0.05, 0.1, 0.2, 0.5)
MOST_CONNECTIONS = 32
RESENT_S = 1.0  # after its return: by then whoever remembers invalidations, and waits between two tries, has sent them
TRUSTED_S = 0.1  # that it takes writes
REPLACED = 3  # a call is made again so often when the server is replaced while it runs


class AwayError(Exception):
    """Redis gave no good answer within the limit, or was not asked because a moment ago it did not."""


class Server:
    """`limit_s` bounds a call as a whole: connecting, waiting for a connection, the answer.

    `run` is the process that answers, in a cluster also the term of its mastership: asked on each new connection before its first
    command. A server that was started again, or a replica that took over, may have lost its last writes, and its generations
    would be back at old numbers. So a generation counts only together with the run that it was read from.
    """

    def __init__(
        self, settings: Mapping[str, Any], limit_s: float, *, clustered: bool = False, failed: Callable[[], None] = lambda: None
    ) -> None:
        self.run = b""
        self._limit_s, self._clustered, self._on_failure = limit_s, clustered, failed
        self._failures = 0
        self._shut_until = self._doubted_until = 0.0
        self._took_write = float("-inf")
        about = {"max_connections": MOST_CONNECTIONS, **settings, "timeout": None, "retry": Retry(NoBackoff(), 0)}
        self._redis: Redis = Redis.from_pool(BlockingConnectionPool(**about, redis_connect_func=self._greet))

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
            self._on_failure()
            raise AwayError("redis is away")
        try:
            async with asyncio.timeout(self._limit_s):
                answer = await command(self._redis)
        except DataError:
            raise  # what was asked is no question to any Redis, well or away
        except (RedisError, OSError, TimeoutError) as error:
            if not isinstance(error, MovedError):  # that one is well, and says where to ask
                self._failed(error)
            self._on_failure()
            raise AwayError(str(error)) from error
        if self._failures:
            log.warning("redis is back after %d failed calls", self._failures)
            self._failures, self._shut_until = 0, 0.0
            self._doubted_until = time.monotonic() + RESENT_S  # how long others could not reach it is not known here
        return answer

    async def call_on_run(self, command: Callable[[Redis, bytes], Awaitable[Answer]]) -> tuple[Answer, bytes]:
        """The answer and the run that gave it. The command may be sent more than once: it must bear that."""
        for _ in range(REPLACED):
            run = self.run
            answer = await self.call(lambda redis, run=run: command(redis, run))  # type: ignore[misc]
            if run == self.run:
                return answer, run
        raise AwayError("redis is being replaced again and again")

    async def read(self, key: str, command: Callable[[Redis], Awaitable[Answer]]) -> tuple[Answer, bytes]:
        """As call_on_run, for what readers are shown. `key`: one of those that are read.

        AwayError, too, where generations may be missing invalidations: the server takes no writes, or has just come back.
        """
        if (now := time.monotonic()) - self._took_write > TRUSTED_S:
            await self.call(lambda redis: redis.setrange(key, 0, ""))  # changes nothing, and is refused as any write
            self._took_write = now
        found = await self.call_on_run(lambda redis, _: command(redis))
        if time.monotonic() < self._doubted_until:
            raise AwayError("redis was away: what was made stale meanwhile may not have been sent yet")
        return found

    async def close(self) -> None:
        await self._redis.aclose()

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
        await connection.on_connect()
        run = await _asked(connection, rb"run_id:(\w{12})", "INFO", "server")
        if self._clustered:
            run += b"-" + await _asked(connection, rb"cluster_my_epoch:(\d+)", "CLUSTER", "INFO")
        if self.run not in {b"", run}:
            log.warning("another redis server than before: its entries are stale, for it may have lost invalidations")
        self.run = run


async def _asked(connection: Any, wanted: bytes, *command: str) -> bytes:
    await connection.send_command(*command)
    found = re.search(wanted, bytes(await connection.read_response()))
    if found is None:
        raise RedisError(f"{' '.join(command)} says no {wanted.decode()}")
    return found[1]
