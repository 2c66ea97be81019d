"""A Redis of our own: caches need neither broker nor registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from bookly.cache import Cache
from stack import redis as valkey
from stack.ports import HOST, free_port
from stack.server import Launch, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A test that ends or halts it starts it again before it is done."""
    home, port = tmp_path_factory.mktemp("redis"), free_port(set())
    launch = Launch(
        name="redis",
        command=lambda: valkey.command(valkey.program(), port, home),
        log=home / "redis.log",
        ready=lambda: valkey.answers(port),
    )
    server = Server(f"redis://{HOST}:{port}/0", launch)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def redis(server: Server) -> AsyncIterator[Redis]:
    """A client of the test's own, on an empty server."""
    client: Redis = Redis.from_url(str(server))
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def cache(server: Server, redis: Redis) -> AsyncIterator[Cache]:
    """Patient: a test must not fail because the machine was busy for a moment."""
    async with Cache(str(server), limit_s=5.0) as cache:
        yield cache
