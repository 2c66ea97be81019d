"""Reads that wait go together, and none is given what was asked for before it came."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from bookly.cache.reads import ABREAST, TOGETHER, Reads
from bookly.cache.server import AwayError
from bookly.cache.types import Names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookly.cache.fence import Found


class Slow:
    """A link that gives nothing but the version at which it was asked, once its gate is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.version = 0
        self.asked: list[int] = []  # how many entries at once
        self.gate, self.away = asyncio.Event(), False
        monkeypatch.setattr("bookly.cache.fence.read", self.read)

    async def read(self, _: Any, wanted: Sequence[Names]) -> list[bytes | None]:
        self.asked.append(len(wanted))
        version = self.version
        await self.gate.wait()
        if self.away:
            raise AwayError("away")
        return [b"%d" % version] * len(wanted)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(monkeypatch)


def reading(reads: Reads, number: int) -> asyncio.Task[Found]:
    return asyncio.create_task(reads.read(Names(f"k-{number}", ())))


async def test_those_who_come_while_others_are_under_way_go_together_and_see_what_is_then(slow: Slow) -> None:
    reads = Reads(cast("Any", slow))
    first = [reading(reads, number) for number in range(ABREAST)]
    await asyncio.sleep(0)
    later = [reading(reads, number % 50) for number in range(TOGETHER)]
    await asyncio.sleep(0)
    assert slow.asked == [1] * ABREAST
    slow.version = 1
    slow.gate.set()
    assert await asyncio.gather(*first) == [b"0"] * ABREAST
    assert await asyncio.gather(*later) == [b"1"] * TOGETHER
    assert slow.asked == [*[1] * ABREAST, 50], "each entry once"


async def test_a_reader_that_is_cancelled_takes_nothing_from_the_others(slow: Slow) -> None:
    reads = Reads(cast("Any", slow))
    tasks = [reading(reads, 0) for _ in range(ABREAST + 3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[-1].cancel()
    slow.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) for each in found] == [True, *[False] * (ABREAST + 1), True]


async def test_away_is_away_for_all_who_wait(slow: Slow) -> None:
    reads = Reads(cast("Any", slow))
    tasks = [reading(reads, 0) for _ in range(ABREAST + 3)]
    await asyncio.sleep(0)
    slow.away = True
    slow.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in found} == {AwayError}


async def test_closing_leaves_nobody_waiting(slow: Slow) -> None:
    reads = Reads(cast("Any", slow))
    tasks = [reading(reads, 0) for _ in range(ABREAST + 3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await reads.close()
    for task in tasks[1:ABREAST]:
        task.cancel()
    await asyncio.wait(tasks, timeout=5)
    assert all(task.cancelled() for task in tasks)
