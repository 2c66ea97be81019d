"""A Redis Cluster: which server holds which slot, asked again whenever one did not answer as expected.

The library's cluster client follows redirections by itself, and does not say which server answered in the end: but a generation
counts only together with the run that it was read from. So each server is asked directly, and a redirection only means that the
map is old.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from bookly.cache.link import Link
from bookly.cache.server import AwayError, Server

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from redis.asyncio import Redis

AGAIN_S = 0.2  # between two looks at the map while something is wrong
OLD_S = 10.0  # after which it is looked at anyway: a term that has ended makes nothing fail by itself
Place = tuple[str, int, str]  # host, port, and the term of its mastership: in another term it is another server to us


class Cluster(Link):
    """`settings` name any of its nodes; the others are learnt from it."""

    def __init__(self, settings: Mapping[str, Any], limit_s: float) -> None:
        self._settings = {name: value for name, value in settings.items() if name != "db"}
        self._limit_s = limit_s
        self._seed = Server(self._settings, limit_s)
        self._servers: dict[Place, Server] = {}
        self._owners: list[Server | None] = []
        self._doubtful = True
        self._looked = -AGAIN_S
        self._looking = asyncio.Lock()

    @property
    def servers(self) -> Collection[Server]:
        return self._servers.values() or (self._seed,)

    def slot_of(self, key: str) -> int:
        return key_slot(key.encode())

    async def server_of(self, slot: int) -> Server:
        if self._doubtful or time.monotonic() - self._looked > OLD_S:
            self._doubtful = True
            await self._look()
        owner = self._owners[slot] if self._owners else None
        if owner is None:
            self._doubt()
            raise AwayError("no server of the cluster is known to hold the key")
        return owner

    async def close(self) -> None:
        for server in (self._seed, *self._servers.values()):
            await server.close()

    def _doubt(self) -> None:
        self._doubtful = True

    async def _look(self) -> None:
        """Learn the map anew, at most once in a while. One that cannot be had leaves the old one: its dead are known as such."""
        async with self._looking:
            if not self._doubtful or time.monotonic() - self._looked < AGAIN_S:
                return
            self._looked = time.monotonic()
            for known in sorted((*self._servers.values(), self._seed), key=lambda server: not server.healthy):
                with suppress(AwayError):
                    nodes = await known.call(_nodes)
                    self._doubtful = False
                    await self._learn(nodes)
                    break

    async def _learn(self, nodes: Mapping[str, Mapping[str, Any]]) -> None:
        servers: dict[Place, Server] = {}
        owners: list[Server | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for address, node in nodes.items():
            if "master" not in node["flags"].split(",") or not node["slots"]:
                continue
            host, _, port = address.rpartition(":")
            place = (node["hostname"] or host.strip("[]") or self._settings.get("host", "localhost"), int(port), node["epoch"])
            server = servers[place] = self._servers.get(place) or self._server(place)
            for first, *last in node["slots"]:
                for slot in range(int(first), int(last[0] if last else first) + 1):
                    owners[slot] = server
        former, self._servers, self._owners = self._servers, servers, owners
        for place in former.keys() - servers.keys():
            await former[place].close()

    def _server(self, place: Place) -> Server:
        host, port, _ = place
        settings = {**self._settings, "host": host, "port": port}
        return Server(settings, self._limit_s, clustered=True, failed=self._doubt)


async def _nodes(redis: Redis) -> Any:
    return await redis.execute_command("CLUSTER NODES")  # type: ignore[no-untyped-call]
