"""One load at a time for a key, and nobody is given what began to be loaded before they came."""

from __future__ import annotations

import asyncio

import pytest

from bookly.cache.flights import Flights


class Source:
    """Gives the version that it had when the load began, once its gate is open."""

    def __init__(self) -> None:
        self.version, self.loads = 0, 0
        self.began, self.gate = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> int:
        self.loads += 1
        version = self.version
        self.began.set()
        await self.gate.wait()
        return version


@pytest.fixture
def flights() -> Flights[int]:
    return Flights()


@pytest.fixture
def source() -> Source:
    return Source()


def reading(flights: Flights[int], source: Source, key: str = "k") -> asyncio.Task[int]:
    return asyncio.create_task(flights.share(key, source))


async def test_a_thousand_that_come_before_the_load_begins_share_it(flights: Flights[int], source: Source) -> None:
    source.gate.set()
    assert await asyncio.gather(*(flights.share("k", source) for _ in range(1_000))) == [0] * 1_000
    assert source.loads == 1


async def test_who_comes_while_a_load_is_under_way_is_not_given_what_it_finds(flights: Flights[int], source: Source) -> None:
    early = reading(flights, source)
    await source.began.wait()
    source.version = 1  # and an invalidation that has ended
    late = [reading(flights, source) for _ in range(1_000)]
    await asyncio.sleep(0)
    assert source.loads == 1, "one at a time"
    source.gate.set()
    assert await early == 0
    assert await asyncio.gather(*late) == [1] * 1_000
    assert source.loads == 2


async def test_other_keys_are_loaded_meanwhile(flights: Flights[int], source: Source) -> None:
    first = reading(flights, source, "a")
    await source.began.wait()
    source.began.clear()
    second = reading(flights, source, "b")
    await source.began.wait()
    source.gate.set()
    assert (await first, await second, source.loads) == (0, 0, 2)


async def test_what_a_load_raises_is_raised_for_all_and_not_remembered(flights: Flights[int]) -> None:
    loads = 0

    async def broken() -> int:
        nonlocal loads
        loads += 1
        raise RuntimeError("source")

    raised = await asyncio.gather(*(flights.share("k", broken) for _ in range(100)), return_exceptions=True)
    assert [str(each) for each in raised] == ["source"] * 100
    assert loads == 1
    with pytest.raises(RuntimeError, match="source"):
        await flights.share("k", broken)
    assert loads == 2


async def test_a_reader_that_is_cancelled_leaves_the_others_their_load(flights: Flights[int], source: Source) -> None:
    first, second = reading(flights, source), reading(flights, source)
    await source.began.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    source.gate.set()
    assert await second == 0
    assert source.loads == 1


async def test_the_last_reader_that_leaves_ends_the_load_and_the_next_one_begins_anew(
    flights: Flights[int], source: Source
) -> None:
    alone = reading(flights, source)
    await source.began.wait()
    alone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await alone
    source.gate.set()
    assert await flights.share("k", source) == 0
    assert source.loads == 2


async def test_a_load_that_gathers_ends_with_its_last_reader_too(flights: Flights[int], source: Source) -> None:
    first = reading(flights, source)
    await source.began.wait()
    second = reading(flights, source)
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    source.gate.set()
    assert await first == 0
    assert source.loads == 1
    assert await flights.share("k", source) == 0


async def test_closing_ends_what_is_under_way(flights: Flights[int], source: Source) -> None:
    before = asyncio.all_tasks()
    readers = [reading(flights, source)]
    await source.began.wait()
    readers.append(reading(flights, source))
    await asyncio.sleep(0)
    await flights.close()
    await asyncio.gather(*readers, return_exceptions=True)
    assert all(reader.cancelled() for reader in readers)
    assert asyncio.all_tasks() == before
