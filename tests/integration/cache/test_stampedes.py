"""Many readers of what is missing: one loader, and nobody is given what an invalidation has overtaken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bookly.cache import Hit, Loaded
from bookly.cache.types import RESERVATION
from tests.integration.cache.sources import Source
from tests.integration.cache.world import ANY

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.cache import Caches

STATUS, MINE = ANY["resource_status"], ANY["user_reservations"]


class Slow(Source):
    """Reads its value, and gives it when its gate is open."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.began, self.gate = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> Any:
        value = await super().__call__()
        self.began.set()
        await self.gate.wait()
        return value


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # readers set no event when they wait
            await asyncio.sleep(0.001)


async def test_a_thousand_readers_of_a_missing_key_call_the_loader_once(caches: Caches) -> None:
    entries, source = caches.of(STATUS), Slow("loaded")
    readers = [asyncio.create_task(entries.get_or_load("r-1", loader=source)) for _ in range(1_000)]
    await until(lambda: caches.counts["resource_status", "miss"] == 1_000)
    source.gate.set()
    assert await asyncio.gather(*readers) == ["loaded"] * 1_000
    assert source.loads == caches.counts["resource_status", "load"] == 1


async def test_a_load_that_is_over_before_others_have_missed_is_not_made_again(caches: Caches) -> None:
    entries, source = caches.of(STATUS), Source("loaded")
    assert await asyncio.gather(*(entries.get_or_load("r-1", loader=source) for _ in range(1_000))) == ["loaded"] * 1_000
    assert source.loads == 1


async def test_a_reader_who_comes_after_an_invalidation_is_not_given_what_was_being_loaded_before_it(caches: Caches) -> None:
    entries, source = caches.of(STATUS), Slow("old")
    early = asyncio.create_task(entries.get_or_load("r-1", loader=source))
    await source.began.wait()
    source.value = "new"
    await entries.invalidate("r-1")
    late = [asyncio.create_task(entries.get_or_load("r-1", loader=source)) for _ in range(100)]
    await until(lambda: caches.counts["resource_status", "miss"] == 101)
    assert source.loads == 1
    source.gate.set()
    assert await asyncio.gather(*late) == ["new"] * 100
    assert (await early, source.loads) == ("old", 2)
    assert await entries.get("r-1") == Hit("new")


async def test_nor_when_it_was_an_entity_that_only_the_loader_knows(caches: Caches) -> None:
    def mine(state: str) -> Loaded[str]:
        return Loaded(state, shows={RESERVATION: ["v-1"]})

    entries, source = caches.of(MINE), Slow(mine("old"))
    early = asyncio.create_task(entries.get_or_load("ann", loader=source))
    await source.began.wait()
    source.value = mine("new")
    await caches.availability.invalidate_reservation("v-1")
    late = asyncio.create_task(entries.get_or_load("ann", loader=source))
    await until(lambda: caches.counts["user_reservations", "miss"] == 2)
    source.gate.set()
    assert (await early, await late) == ("old", "new")


async def test_what_a_loader_raises_reaches_all_who_wait_and_the_next_one_asks_again(caches: Caches) -> None:
    entries, began, gate, loads = caches.of(STATUS), asyncio.Event(), asyncio.Event(), 0

    async def broken() -> None:
        nonlocal loads
        loads += 1
        began.set()
        await gate.wait()
        raise RuntimeError("source")

    readers = [asyncio.create_task(entries.get_or_load("r-1", loader=broken)) for _ in range(100)]
    await until(lambda: caches.counts["resource_status", "miss"] == 100)
    gate.set()
    raised = await asyncio.gather(*readers, return_exceptions=True)
    assert [str(each) for each in raised] == ["source"] * 100
    assert loads <= 2, "of those who came before the load began, and of those who came after"
    assert await entries.get_or_load("r-1", loader=Source("well")) == "well"


async def test_a_reader_that_is_cancelled_does_not_take_the_loader_away(caches: Caches) -> None:
    entries, source = caches.of(STATUS), Slow("loaded")
    readers = [asyncio.create_task(entries.get_or_load("r-1", loader=source)) for _ in range(10)]
    await until(lambda: caches.counts["resource_status", "miss"] == 10)
    for reader in readers[:9]:
        reader.cancel()
    source.gate.set()
    assert await readers[9] == "loaded"
    assert await entries.get("r-1") == Hit("loaded")
