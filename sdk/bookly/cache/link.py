"""The way to Redis, one server or a cluster of them: what is asked about keys goes to the servers where they lie."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from bookly.cache.server import AwayError, Server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

    from redis.asyncio import Redis

Answer = TypeVar("Answer")


class Part(NamedTuple, Generic[Answer]):
    """What one server said about some of the keys: their places among those asked about, its answer, and its run."""

    places: Sequence[int]
    answer: Answer
    run: bytes


class Link(ABC):
    """Raises AwayError where a server that is needed gives no answer."""

    @property
    @abstractmethod
    def servers(self) -> Collection[Server]:
        """Those that are known to hold keys."""

    @abstractmethod
    async def server_of(self, slot: int) -> Server:
        """The server that holds a slot."""

    @abstractmethod
    def slot_of(self, key: str) -> int:
        """Keys of one slot can be named in one command."""

    @abstractmethod
    async def close(self) -> None: ...

    @property
    def healthy(self) -> bool:
        """The last call to each server got its answer."""
        return all(server.healthy for server in self.servers)

    @property
    def shut_s(self) -> float:
        """Seconds until the last of those that are away is asked again."""
        return max((server.shut_s for server in self.servers), default=0.0)

    def by_slot(self, keys: Sequence[str]) -> Mapping[int, Sequence[int]]:
        """The places of the keys that can be named together."""
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for place, key in enumerate(keys):
            groups[self.slot_of(key)].append(place)
        return groups

    async def by_server(self, keys: Iterable[str]) -> Mapping[Server, Sequence[Sequence[str]]]:
        """The keys that each server holds, those of a slot together. A key that no server is known to hold is left out."""
        keys = list(keys)
        found: defaultdict[Server, list[list[str]]] = defaultdict(list)
        for slot, places in self.by_slot(keys).items():
            with suppress(AwayError):
                found[await self.server_of(slot)].append([keys[place] for place in places])
        return found

    async def look(self, keys: Sequence[str]) -> list[tuple[bytes | None, bytes]]:
        """Each key's value, and the run of the server that it is from. One round trip, side by side if there are more servers."""
        seen: list[tuple[bytes | None, bytes]] = [(None, b"")] * len(keys)
        places: defaultdict[Server, list[Sequence[int]]] = defaultdict(list)
        for slot, group in self.by_slot(keys).items():
            places[await self.server_of(slot)].append(group)

        async def on(server: Server, groups: Sequence[Sequence[int]]) -> None:
            async def values(redis: Redis) -> Any:
                if len(groups) == 1:
                    return [await redis.mget([keys[place] for place in groups[0]])]
                pipeline = redis.pipeline(transaction=False)
                for group in groups:
                    pipeline.mget([keys[place] for place in group])
                return await pipeline.execute()

            answers, run = await server.read(keys[groups[0][0]], values)
            for group, answer in zip(groups, answers, strict=True):
                for place, value in zip(group, answer, strict=True):
                    seen[place] = (value, run)

        if len(places) == 1:
            await on(*next(iter(places.items())))
        else:
            await asyncio.gather(*(on(*each) for each in places.items()))
        return seen

    async def call(self, key: str, command: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """Sent once, to the server that holds the key."""
        return await (await self.server_of(self.slot_of(key))).call(command)

    async def ask(
        self, keys: Sequence[str], command: Callable[[Redis, bytes, Sequence[int]], Awaitable[Answer]]
    ) -> Sequence[Part[Answer]]:
        """Ask about all the keys, slot by slot and side by side. A command gets the client, the run, and places in `keys`."""

        async def part(slot: int, places: Sequence[int]) -> Part[Answer]:
            server = await self.server_of(slot)
            return Part(places, *await server.call_on_run(lambda redis, run: command(redis, run, places)))

        groups = self.by_slot(keys)
        if len(groups) == 1:
            return [await part(*group) for group in groups.items()]
        return await asyncio.gather(*(part(*group) for group in groups.items()))


class OneServer(Link):
    """Every key lies on the same server."""

    def __init__(self, settings: Mapping[str, Any], limit_s: float) -> None:
        self._server = Server(settings, limit_s)

    @property
    def servers(self) -> Collection[Server]:
        return (self._server,)

    async def server_of(self, slot: int) -> Server:  # noqa: ARG002
        return self._server

    def slot_of(self, key: str) -> int:  # noqa: ARG002
        return 0

    def by_slot(self, keys: Sequence[str]) -> Mapping[int, Sequence[int]]:
        return {0: range(len(keys))} if keys else {}

    async def look(self, keys: Sequence[str]) -> list[tuple[bytes | None, bytes]]:
        if not keys:
            return []

        async def values(redis: Redis) -> Any:
            return await redis.mget(keys)

        found, run = await self._server.read(keys[0], values)
        return [(value, run) for value in found]

    async def close(self) -> None:
        await self._server.close()
