"""What can happen to a Redis, for as long as a block lasts. It is as before when the block ends, however that is."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from redis import Redis

from bookly.access import redis_access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from faults.proxy import Proxy
    from stack.server import Server

ROUND_TRIP_S = 0.5
NAMES = ("killed", "halted", "slow", "emptied", "read-only", "full")


@contextmanager
def killed(server: Server) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextmanager
def halted(server: Server) -> Iterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


@contextmanager
def slow(proxy: Proxy, delay_s: float = ROUND_TRIP_S / 2) -> Iterator[None]:
    """Each way takes `delay_s`."""
    proxy.delay_s = delay_s
    try:
        yield
    finally:
        proxy.delay_s = 0.0


@contextmanager
def emptied(server: Server) -> Iterator[None]:
    with Redis.from_url(str(server), **redis_access(str(server))) as client:
        client.flushall()
    yield


@contextmanager
def read_only(server: Server) -> Iterator[None]:
    """A replica whose master is away shows what it has and refuses writes."""
    with Redis.from_url(str(server), **redis_access(str(server))) as client:
        client.config_set("replica-serve-stale-data", "yes")
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            yield
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def full(server: Server) -> Iterator[None]:
    """No room, and nothing may go."""
    with Redis.from_url(str(server), **redis_access(str(server))) as client:
        before = {name: client.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            yield
        finally:
            for name, value in before.items():
                client.config_set(name, value)


def troubles(server: Server, proxy: Proxy) -> Mapping[str, Callable[[], AbstractContextManager[None]]]:
    """All of NAMES; `proxy`: the way to the server that everybody takes."""
    direct = {"killed": killed, "halted": halted, "emptied": emptied, "read-only": read_only, "full": full}
    return {"slow": partial(slow, proxy), **{name: partial(trouble, server) for name, trouble in direct.items()}}
