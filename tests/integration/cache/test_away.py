"""Redis killed, halted, full, or back with lost writes: readers get an answer, commits go on, nothing old is shown after."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from bookly.cache import Caches, Hit, Invalidator
from bookly.cache.server import Server as RedisServer
from tests.integration.cache.sources import Source
from tests.integration.cache.world import ANY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from redis.asyncio import Redis

    from stack.server import Server

STATUS = ANY["resource_status"]
LIMIT_S = 0.2


@pytest.fixture
def shape() -> str:
    """What a cluster does without one of its servers is in test_cluster."""
    return "alone"


@pytest.fixture
async def invalidator(server: Server) -> AsyncIterator[Invalidator]:
    invalidator = Invalidator(str(server), limit_s=LIMIT_S, remember=100)
    yield invalidator
    await invalidator.close()


@pytest.fixture
def alive(server: Server) -> Iterator[Server]:
    """The server, running again when the test is done."""
    yield server
    server.resume()
    server.start()


def own(number: int) -> str:
    return STATUS.tags_of(f"r-{number}")[0]


async def commit(invalidator: Invalidator, *tags: str) -> float:
    """What the engine does after a transaction; the seconds that it was held up."""
    begun = time.monotonic()
    invalidator.add(tags)
    await invalidator.send()
    return time.monotonic() - begun


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # what a server does can only be asked
            await asyncio.sleep(0.01)


async def back(caches: Caches) -> None:
    """Wait until the cache asks Redis again."""
    async with asyncio.timeout(20):
        while await caches.of(STATUS).token("probe") is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_killed_and_started_again_it_forgets_what_was_invalidated_meanwhile(
    caches: Caches, invalidator: Invalidator, alive: Server, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(0)
    await caches.of(STATUS).get_or_load("r-1", loader=source)
    assert await commit(invalidator, own(7)) < 5
    with caplog.at_level(logging.WARNING, "bookly.cache"):
        alive.kill()
        for version in range(1, 4):
            source.value = version
            assert await commit(invalidator, own(1)) < 5
            assert await caches.of(STATUS).get_or_load("r-1", loader=source) == version
        assert (invalidator.pending, invalidator.healthy) == (1, False)
        alive.start()
        while invalidator.pending:
            assert await caches.of(STATUS).get_or_load("r-1", loader=source) == 3
        await until(lambda: invalidator.healthy)
    said = [message for message in caplog.messages if message.startswith(("redis is away", "1 remembered"))]
    assert len(said) == 3, "once by the reader, once by the invalidator, and once that it was made good"
    await back(caches)
    assert [await caches.of(STATUS).get_or_load("r-1", loader=source) for _ in range(3)] == [3, 3, 3]
    assert caches.counts["resource_status", "away"] > 0
    assert source.loads < 100


async def lose_writes(caches: Caches, invalidator: Invalidator, redis: Redis, server: Server) -> Source:
    """An invalidation that the server's disk never saw, and a power cut."""
    source = Source("old")
    await caches.of(STATUS).get_or_load("r-1", loader=source)
    await redis.config_set("appendonly", "no")
    source.value = "new"
    await commit(invalidator, own(1))
    assert (invalidator.pending, await caches.of(STATUS).get("r-1")) == (0, None)
    server.kill()
    server.start()
    await redis.connection_pool.disconnect()
    return source


async def test_a_server_that_comes_back_with_old_generations_shows_nothing_old(
    caches: Caches, invalidator: Invalidator, redis: Redis, alive: Server
) -> None:
    source = await lose_writes(caches, invalidator, redis, alive)
    assert b"old" in (await redis.get("res:status:{r-1}") or b""), "it is there again"
    assert await caches.of(STATUS).get_or_load("r-1", loader=source) == "new"
    await back(caches)
    assert await caches.of(STATUS).get_or_load("r-1", loader=source) == "new"


async def test_a_process_that_never_knew_the_former_server_shows_nothing_old_either(
    caches: Caches, invalidator: Invalidator, redis: Redis, alive: Server
) -> None:
    await lose_writes(caches, invalidator, redis, alive)
    async with Caches(str(alive), limit_s=5.0) as fresh:
        assert await fresh.of(STATUS).get("r-1") is None
        assert fresh.counts["resource_status", "away"] == 0


async def test_without_asking_who_the_server_is_old_generations_show_the_old_value(
    invalidator: Invalidator, redis: Redis, alive: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def greet(trusted: RedisServer, connection: Any) -> None:
        await connection.on_connect()
        trusted.run = b"whoever"

    monkeypatch.setattr(RedisServer, "_greet", greet)
    async with Caches(str(alive), limit_s=5.0) as caches:
        await lose_writes(caches, invalidator, redis, alive)
    async with Caches(str(alive), limit_s=5.0) as trusting:
        assert await trusting.of(STATUS).get("r-1") == Hit("old")


async def test_a_new_connection_to_the_same_server_makes_nothing_stale(caches: Caches, server: Server) -> None:
    await caches.of(STATUS).get_or_load("r-1", loader=Source("kept"))
    for _ in range(3):
        async with Caches(str(server), limit_s=5.0) as another:
            assert await another.of(STATUS).get("r-1") == Hit("kept")


async def test_halted_it_holds_a_commit_up_once_and_for_the_limit_at_most(
    invalidator: Invalidator, redis: Redis, alive: Server
) -> None:
    await commit(invalidator, own(0))
    alive.pause()
    assert LIMIT_S * 0.9 < await commit(invalidator, own(1)) < LIMIT_S + 1
    assert sum([await commit(invalidator, own(number)) for number in range(2, 50)]) < LIMIT_S
    assert invalidator.pending == 49
    alive.resume()
    await until(lambda: not invalidator.pending)
    await until(lambda: invalidator.healthy)


async def test_halted_it_costs_readers_the_limit_once_and_no_answer_reaches_another_reader(
    server: Server, redis: Redis, alive: Server
) -> None:
    sources = [Source(number) for number in range(40)]
    async with Caches(str(server), limit_s=LIMIT_S) as caches:

        async def everybody() -> list[Any]:
            reads = (caches.of(STATUS).get_or_load(f"r-{number}", loader=source) for number, source in enumerate(sources))
            return list(await asyncio.gather(*reads))

        await everybody()
        alive.pause()
        begun = time.monotonic()
        assert await everybody() == list(range(40))
        assert time.monotonic() - begun < 3 * LIMIT_S + 1
        alive.resume()
        await back(caches)
        for _ in range(3):
            assert await everybody() == list(range(40))


async def test_after_its_return_nothing_is_shown_before_what_was_remembered_is_surely_sent(server: Server, alive: Server) -> None:
    source = Source("old")
    async with Caches(str(server), limit_s=LIMIT_S) as caches:
        await caches.of(STATUS).get_or_load("r-1", loader=source)
        source.value = "new"
        alive.pause()
        assert await caches.of(STATUS).get_or_load("r-1", loader=source) == "new"
        alive.resume()
        await back(caches)
        assert await caches.of(STATUS).get("r-1") is None, "a worker may not have sent its invalidation yet"
        async with asyncio.timeout(20):
            while await caches.of(STATUS).get("r-1") is None:  # noqa: ASYNC110  # no event says that it is trusted
                await asyncio.sleep(0.05)


async def test_a_server_that_takes_no_writes_shows_nothing_since_it_takes_no_invalidations(
    caches: Caches, invalidator: Invalidator, redis: Redis
) -> None:
    source = Source("old")
    await caches.of(STATUS).get_or_load("r-1", loader=source)
    await redis.replicaof("127.0.0.1", "1")
    try:
        source.value = "new"
        await commit(invalidator, own(1))
        async with asyncio.timeout(2):
            while await caches.of(STATUS).get_or_load("r-1", loader=source) == "old":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for _ in range(50):
            assert await caches.of(STATUS).get_or_load("r-1", loader=source) == "new"
            await asyncio.sleep(0.01)
    finally:
        await redis.replicaof("NO", "ONE")
    await until(lambda: invalidator.healthy)


async def test_what_is_remembered_is_bounded_and_collapses_to_the_services(
    caches: Caches, invalidator: Invalidator, alive: Server
) -> None:
    source = Source("old")
    await caches.of(STATUS).get_or_load("r-5000", loader=source)
    alive.kill()
    for number in range(1_000):
        await commit(invalidator, own(number))
        assert invalidator.pending <= 100
    await commit(invalidator, "avail:of:calendar:{r-1}")
    alive.start()
    await until(lambda: not invalidator.pending)
    await back(caches)
    assert await caches.of(STATUS).get("r-5000") is None, "collapsed: the whole service is stale"


async def test_a_full_server_that_takes_no_writes_is_away_for_invalidations(
    caches: Caches, invalidator: Invalidator, redis: Redis
) -> None:
    await caches.of(STATUS).get_or_load("r-1", loader=Source("old"))
    await redis.config_set("maxmemory-policy", "noeviction")
    await redis.config_set("maxmemory", "1")
    try:
        await commit(invalidator, own(1))
        assert (invalidator.pending, invalidator.healthy) == (1, False)
    finally:
        await redis.config_set("maxmemory", "256mb")
        await redis.config_set("maxmemory-policy", "allkeys-lru")
    await until(lambda: invalidator.healthy)
    assert await caches.of(STATUS).get("r-1") is None


async def test_a_takeover_while_redis_is_away_is_remembered(invalidator: Invalidator, alive: Server) -> None:
    alive.kill()
    await invalidator.took_over("availability")
    assert invalidator.pending == 1
    alive.start()
    await until(lambda: not invalidator.pending)
