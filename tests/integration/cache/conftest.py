"""A Redis of our own, alone or as a cluster of six: caches need neither broker nor registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis, RedisCluster

from bookly.cache import Caches
from stack import redis as valkey
from stack.guarding import Guard
from stack.ports import HOST, free_port
from stack.redis_cluster import Six
from stack.server import Launch, Server
from tests.nobody import forget

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.integration.cache.world import Client


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A test that ends or halts it starts it again before it is done."""
    home, port = tmp_path_factory.mktemp("redis"), free_port(set())
    with Guard() as guard:
        launch = Launch(
            name="redis",
            command=lambda: valkey.command(valkey.program(), port, home),
            log=home / "redis.log",
            ready=lambda: valkey.answers(port),
            started=guard.add,
            ended=guard.drop,
        )
        server = Server(f"redis://{HOST}:{port}/0", launch)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def six(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Six]:
    """Three masters with a replica each. A test that kills one brings it back before it is done."""
    with Guard() as guard:
        six = Six(tmp_path_factory.mktemp("six"), guard.add, guard.drop)
        six.start()
        yield six
        six.stop()


@pytest.fixture
async def redis(server: Server) -> AsyncIterator[Redis]:
    """A client of the test's own, on an empty server."""
    client: Redis = Redis.from_url(str(server))
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(params=["alone", "cluster"])
def shape(request: pytest.FixtureRequest) -> str:
    """What holds on one server holds on a cluster."""
    return str(request.param)


@pytest.fixture
def url(shape: str, request: pytest.FixtureRequest) -> str:
    """Of one server, or of a node of the cluster."""
    return str(request.getfixturevalue("server")) if shape == "alone" else request.getfixturevalue("six").url


@pytest.fixture
async def client(shape: str, url: str) -> AsyncIterator[Client]:
    """A client of the test's own, on empty servers."""
    plain = url.replace("redis+cluster", "redis")
    client: Client = Redis.from_url(plain) if shape == "alone" else RedisCluster.from_url(plain)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def caches(url: str, client: Client) -> AsyncIterator[Caches]:
    """Patient: a test must not fail because the machine was busy for a moment."""
    async with Caches(url, limit_s=5.0) as caches:
        yield caches
