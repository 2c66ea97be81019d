"""Redis killed, halted, slow, emptied, read-only or full: commits go on, reads are true, and nothing old is shown after."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from api.http.reads.resources import resource_of
from api.owners import Owners
from bookly.cache import Caches
from faults.redis_away import NAMES, troubles
from tests.pipeline import SECRET

if TYPE_CHECKING:
    from tests.integration.edge.client import Client
    from tests.integration.edge.whole import Whole

ROOMS, CHANGES = 40, 75
SLACK, SLACK_S = 2.0, 0.5  # a commit that waited for Redis each time would take far more; the machine's neighbours take some
AFTER_S = 2.5


class Reader:
    """A service with caches of its own, one with an API key, and a user with a token: what they are told is compared with the
    owner's row.
    """

    def __init__(self, client: Client, desk: Client, owners: Owners, caches: Caches, rooms: list[str]) -> None:
        self._client, self._desk, self._owners, self.caches, self._rooms = client, desk, owners, caches, rooms
        self._edge = cast("Any", SimpleNamespace(owners=owners, caches=caches))
        self.answered = self.refused = 0

    async def are_all(self, name: str) -> None:
        """The owner has this name for every room, and services are told the same; users, too, or to come again."""
        for room in self._rooms:
            assert (await self._owners.row("resources", "resources", room, routed_by=room)).value["name"] == name
        await self.read(name)

    async def read(self, name: str) -> None:
        await asyncio.gather(*(self._read(room, name) for room in self._rooms))

    async def _read(self, room: str, name: str) -> None:
        assert (await resource_of(self._edge, room)).name == name, "a service is shown an old row"
        told = await self._desk.look(f"/resources/{room}")
        assert (told.status, told.body["name"]) == (200, name), "the API does not answer a service as the owner does"
        seen = await self._client.look(f"/resources/{room}")
        if seen.status == 503:
            assert seen.retry_after is not None
            self.refused += 1
        elif seen.status == 401:  # Redis was emptied, and revocations are forgotten
            self.refused += 1
            self._client.sign_in()
        else:
            assert (seen.status, seen.body["name"]) == (200, name), "the API shows an old row"
            self.answered += 1

    async def read_on(self, name: str, over: asyncio.Event) -> None:
        while not over.is_set():
            await self.read(name)

    async def are_kept(self, name: str) -> None:
        """They come from Redis again."""
        async with asyncio.timeout(30):
            before = self.caches.counts["resource", "hit"]
            while self.caches.counts["resource", "hit"] - before < ROOMS:
                await self.read(name)


@pytest.mark.parametrize("trouble", NAMES)
async def test_while_redis_is_away_commits_go_on_and_reads_are_true_then_and_after(whole: Whole, trouble: str) -> None:
    rooms = whole.rooms(ROOMS)
    async with (
        whole.client("reader") as client,
        whole.desk() as desk,
        Owners(whole.stack.brokers, SECRET) as owners,
        Caches(whole.pipeline.redis) as caches,
    ):
        reader = Reader(client, desk, owners, caches, rooms)
        usual = await changed(whole, rooms, "before")
        await reader.are_kept("before")
        with troubles(whole.stack.redis, whole.proxy)[trouble]():
            taken = await changed(whole, rooms, "meanwhile")
            reader.refused = 0
            await reader.are_all("meanwhile")
            assert reader.refused or trouble == "slow", "which tokens are revoked is not known without Redis"
            over = asyncio.Event()
            reading = asyncio.create_task(reader.read_on("meanwhile", over))  # while it comes back, and after
            reader.answered = 0
        await asyncio.sleep(AFTER_S)  # for so long nothing old may come
        over.set()
        await reading
        assert reader.answered, "the API answers again"
        await reader.are_kept("meanwhile")
        whole.pipeline.check_workers()
        assert taken < SLACK * usual + SLACK_S, f"{ROOMS * CHANGES} events took {taken:.2f} s, and {usual:.2f} s when it was well"


async def changed(whole: Whole, rooms: list[str], name: str) -> float:
    return await asyncio.to_thread(whole.change, rooms, name, CHANGES)
