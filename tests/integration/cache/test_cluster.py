"""What only a cluster can do to entries: lose a master and its last writes, move slots, name another server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from redis.crc import key_slot

from bookly.cache import Caches, Hit, Invalidator, Loaded
from bookly.cache.server import Server as RedisServer
from bookly.cache.types import RESERVATION
from tests.integration.cache.sources import Source
from tests.integration.cache.world import ANY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bookly.cache import Entries
    from stack.redis_cluster import Six

STATUS, MINE = ANY["resource_status"], ANY["user_reservations"]
IDS = [f"r-{number}" for number in range(30)]  # on all three masters


@pytest.fixture
def shape() -> str:
    return "cluster"


@pytest.fixture
def whole(six: Six) -> Iterator[Six]:
    """The six, all well again when the test is done."""
    yield six
    six.settle()


@pytest.fixture
async def invalidator(url: str) -> AsyncIterator[Invalidator]:
    invalidator = Invalidator(url, limit_s=0.5)
    yield invalidator
    await invalidator.close()


async def read_all(entries: Entries[Any], source: Source) -> list[Any]:
    return [await entries.get_or_load(each, loader=source) for each in IDS]


async def kept(entries: Entries[Any]) -> dict[str, Any]:
    """What is current, once every server answers and is trusted again: entries on all of them are kept."""
    witnesses = [f"seen-{each}" for each in IDS]
    async with asyncio.timeout(30):
        while len(await entries.get_many(witnesses)) < len(witnesses):
            for each in witnesses:
                await entries.get_or_load(each, loader=Source("seen"))
            await asyncio.sleep(0.05)
    return await entries.get_many(IDS)


async def test_entries_lie_on_all_masters_and_are_read_and_made_stale_there(caches: Caches, six: Six) -> None:
    entries, source = caches.of(STATUS), Source("old")
    assert len({six.master_of(STATUS.key_of(each)) for each in IDS}) == 3
    await read_all(entries, source)
    assert await entries.get_many(IDS) == dict.fromkeys(IDS, "old")
    await caches.resources.invalidate_resource("r-1")
    assert await entries.get_many(IDS) == dict.fromkeys([each for each in IDS if each != "r-1"], "old")
    await caches.resources.invalidate_all()
    assert await entries.get_many(IDS) == {}


async def test_a_list_goes_stale_with_entities_on_every_master(caches: Caches, six: Six) -> None:
    entries = caches.of(MINE)
    mine = Loaded(IDS, shows={RESERVATION: IDS})
    for _ in range(2):
        await entries.get_or_load("ann", loader=Source(mine))
    for each in IDS:
        assert await entries.get("ann") == Hit(IDS), each
        await caches.availability.invalidate_reservation(each)
        assert await entries.get("ann") is None, each
        await entries.get_or_load("ann", loader=Source(mine))


async def lose_a_master(caches: Caches, invalidator: Invalidator, six: Six) -> tuple[Source, int]:
    """An invalidation that the replica of r-1's master never heard of; then the master dies, and the replica takes over."""
    entries, source = caches.of(STATUS), Source("old")
    await read_all(entries, source)
    master = six.master_of(STATUS.key_of("r-1"))
    replica = six.replica_of(master)
    await asyncio.to_thread(six.cut_off, master, replica)
    source.value = "new"
    invalidator.add(STATUS.tags_of("r-1")[:1])
    await invalidator.send()
    assert invalidator.pending == 0
    assert await entries.get("r-1") is None
    six.nodes[master].kill()
    six.nodes[replica].resume()
    return source, replica


async def taken_over(six: Six, replica: int) -> None:
    async with asyncio.timeout(30):
        while b"role:master" not in await asyncio.to_thread(six.ask, replica, "INFO", "replication"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_after_a_fail_over_that_lost_an_invalidation_nothing_old_is_read_and_reads_go_on(
    caches: Caches, invalidator: Invalidator, whole: Six, url: str
) -> None:
    source, replica = await lose_a_master(caches, invalidator, whole)
    taking_over = asyncio.create_task(taken_over(whole, replica))
    reads = 0
    while not taking_over.done():
        assert await caches.of(STATUS).get_or_load("r-1", loader=source) == "new"
        reads += 1
        await asyncio.sleep(0.01)
    await taking_over
    assert reads > 10, "they went on while nobody held the slot"
    async with Caches(next(each for each in others(whole)), limit_s=5.0) as fresh:
        for each in (caches, fresh):
            found = await kept(each.of(STATUS))
            assert found.get("r-1", "new") == "new"
            assert await each.of(STATUS).get_or_load("r-1", loader=source) == "new"
    assert await caches.of(STATUS).get("r-1") == Hit("new"), "what the new master holds is kept again"


async def test_by_generations_alone_the_old_value_would_be_read_after_it(
    caches: Caches, invalidator: Invalidator, whole: Six, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def greet(trusted: RedisServer, connection: Any) -> None:
        await connection.on_connect()
        trusted.run = b"whoever"

    monkeypatch.setattr(RedisServer, "_greet", greet)
    _, replica = await lose_a_master(caches, invalidator, whole)
    await taken_over(whole, replica)
    assert (await kept(caches.of(STATUS)))["r-1"] == "old"


async def test_what_is_made_stale_while_a_master_is_away_is_remembered_for_its_heir(
    caches: Caches, invalidator: Invalidator, whole: Six
) -> None:
    entries, source = caches.of(STATUS), Source("old")
    await read_all(entries, source)
    invalidator.add(STATUS.tags_of("another")[:1])
    await invalidator.send()  # it knows the cluster
    master = whole.master_of(STATUS.key_of("r-1"))
    whole.nodes[master].kill()
    source.value = "new"
    invalidator.add(tag for each in IDS for tag in STATUS.tags_of(each)[:1])
    await invalidator.send()
    assert 0 < invalidator.pending < len(IDS), "the others took theirs"
    async with asyncio.timeout(30):
        while invalidator.pending:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert set((await kept(entries)).values()) <= {"new"}
    assert await read_all(entries, source) == ["new"] * len(IDS)


async def test_a_slot_that_moves_to_another_master_is_found_there_and_its_entries_are_loaded_again(
    caches: Caches, six: Six
) -> None:
    entries, source = caches.of(STATUS), Source("old")
    await read_all(entries, source)
    slot, here = key_slot(b"r-1"), six.master_of(STATUS.key_of("r-1"))
    there = next(port for port in {six.master_of(STATUS.key_of(each)) for each in IDS} if port != here)
    try:
        await asyncio.to_thread(move, six, slot, here, there)
        assert "r-1" not in await kept(entries)
        source.value = "new"
        async with asyncio.timeout(5):  # the map is asked again AGAIN_S after the last time at the earliest
            while await entries.get("r-1") is None:
                assert await entries.get_or_load("r-1", loader=source) == "new"
        assert await entries.get("r-1") == Hit("new")
    finally:
        await asyncio.to_thread(move, six, slot, there, here)
        six.settle()


def move(six: Six, slot: int, here: int, there: int) -> None:
    """A slot with its keys, as an operator moves it."""
    names = {port: six.ask(port, "CLUSTER", "MYID").decode() for port in (here, there)}
    six.ask(there, "CLUSTER", "SETSLOT", slot, "IMPORTING", names[here])
    six.ask(here, "CLUSTER", "SETSLOT", slot, "MIGRATING", names[there])
    if keys := six.ask(here, "CLUSTER", "GETKEYSINSLOT", slot, 1_000):
        six.ask(here, "MIGRATE", "127.0.0.1", there, "", 0, 5_000, "KEYS", *keys)
    for port in (there, here):
        six.ask(port, "CLUSTER", "SETSLOT", slot, "NODE", names[there])


def others(six: Six) -> Iterator[str]:
    """Addresses of nodes that are alive, for a process that begins now."""
    return (f"redis+cluster://127.0.0.1:{port}" for port, node in six.nodes.items() if node.is_alive())
