"""What trickles in shares its commits and its fetches; what comes after a silence waits for neither."""

from __future__ import annotations

import asyncio
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from agents.engine import batching, committing
from agents.engine.consuming import Batch
from agents.engine.runner import IDLE_S
from tests.unit.engine.fetchers import Asking
from tests.unit.engine.world import INPUT, Record, World, reservation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Trickling:
    """A stream whose slices of one event come apart by so many seconds, and which is dry between them."""

    dry = True
    consumer = SimpleNamespace(last_look=lambda _: None)

    def __init__(self, world: World, events: int, apart_s: float, *, silent_s: float = 0.0) -> None:
        self._events, self._apart_s, self._silent_s = events, apart_s, silent_s
        world.events = [reservation(f"r-{number}") for number in range(events)]

    async def batches(self) -> AsyncIterator[Batch]:
        for number in range(self._events):
            yield Batch(INPUT, cast("Any", [Record(number, b"%d" % number)]), number, number + 1, 0)
            await asyncio.sleep(self._apart_s)
        await asyncio.sleep(self._silent_s)


class Rounds:
    """Commits that take so long; when each began, and how many records each brought."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, takes_s: float) -> None:
        self.began: list[float] = []
        self.offsets: list[int] = []
        self._takes_s = takes_s
        monkeypatch.setattr(world.partition, "commit", self._commit)

    async def _commit(self, transaction: Any) -> None:
        self.began.append(time.monotonic())
        self.offsets += [at.offset for at in transaction.places.values()]
        await asyncio.sleep(self._takes_s)


async def test_events_that_trickle_in_share_rounds_and_all_are_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    rounds = Rounds(world, monkeypatch, takes_s=0.02)
    await world.runner.run(cast("Any", Trickling(world, events=100, apart_s=0.003)))
    apart = [after - before for before, after in zip(rounds.began, rounds.began[1:], strict=False)]
    assert min(apart[:-1]) > 0.05, "each takes 20 ms, and twice of that is rest; the last one ends the stream"
    assert rounds.offsets[-1] == world.count == 100


async def test_one_event_after_a_silence_is_committed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    rounds, began = Rounds(world, monkeypatch, takes_s=0.02), time.monotonic()
    await world.runner.run(cast("Any", Trickling(world, events=3, apart_s=0.25)))
    assert [round((at - began) / 0.25) for at in rounds.began[:3]] == [0, 1, 2]
    assert max((at - began) % 0.25 for at in rounds.began[:3]) < 0.1
    assert rounds.offsets == [1, 2, 3]


async def test_what_comes_in_a_rest_is_committed_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    rounds = Rounds(world, monkeypatch, takes_s=0.02)
    await world.runner.run(cast("Any", Trickling(world, events=2, apart_s=0.03, silent_s=2 * IDLE_S)))
    assert 0.05 < rounds.began[1] - rounds.began[0] < 0.15 < IDLE_S


@pytest.mark.parametrize(("takes_s", "least", "most"), [(0.02, 0.04, 0.08), (0.3, committing.COMMIT_S, committing.COMMIT_S)])
async def test_a_round_is_followed_by_twice_its_time_and_no_more_than_a_tenth_of_a_second(
    monkeypatch: pytest.MonkeyPatch, takes_s: float, least: float, most: float
) -> None:
    world = World()
    Rounds(world, monkeypatch, takes_s)
    assert world.runner.committing.rest == 0.0
    await world.send(reservation("r-1"))
    await world.runner.committing.begin([world.partition])
    assert not world.runner.committing.due(dry=False), "one has just begun"
    await world.runner.committing.settle()
    await asyncio.sleep(0)
    assert least <= world.runner.committing.pause <= most
    assert not world.runner.committing.due(dry=True), "it rests"
    assert 0.0 < world.runner.committing.rest <= most
    await asyncio.sleep(world.runner.committing.pause)
    assert world.runner.committing.rest == 0.0
    assert world.runner.committing.due(dry=True)


class Fetching:
    """A fetcher at offset 0, a broker that answers at once and has so many records, and a pause of 80 ms."""

    def __init__(self, waiting: int) -> None:
        self._waiting, self._asking = waiting, Asking(self, position=0, pause_s=0.08)
        self._asking.fetcher._loop = asyncio.get_running_loop()

    async def send(self, _: int, request: Any) -> Any:
        [(topic, [(number, *_)])] = request.topics
        return SimpleNamespace(API_VERSION=4, topics=[(topic, [(number, 0, self._waiting, self._waiting, [], b"")])])

    async def ask(self) -> tuple[float, float]:
        """Seconds until the waiter was woken, and until the next question is allowed."""
        waiter, began = self._asking.fetcher._create_fetch_waiter(), time.monotonic()
        woken: list[float] = []
        waiter.add_done_callback(lambda _: woken.append(time.monotonic() - began))
        await self._asking.ask(0)
        return min(woken, default=float("inf")), time.monotonic() - began


async def test_who_is_not_behind_asks_again_after_the_pause_and_hands_over_what_came_at_once() -> None:
    woken, again = await Fetching(waiting=500).ask()
    assert woken < 0.04
    assert 0.08 <= again < 0.16


async def test_who_gives_its_partitions_up_in_a_pause_ends_as_aiokafkas_own_does() -> None:
    pausing = asyncio.create_task(Fetching(waiting=500).ask())
    await asyncio.sleep(0.02)
    pausing.cancel()
    _, ended = await pausing  # close() waits for it, and would end in the middle of an error
    assert ended < 0.08


async def test_who_is_behind_asks_again_at_once() -> None:
    _, again = await Fetching(waiting=5_000).ask()
    assert again < 0.04


def test_batches_are_compressed_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    levels: list[int] = []

    def encode(payload: bytes, level: int) -> bytes:
        levels.append(level)
        return bytes(payload)

    monkeypatch.setattr(sys.modules[DefaultRecordBatchBuilder.__module__], "lz4_encode", None)
    monkeypatch.setattr(batching, "lz4_encode", encode)
    batching.mend()
    builder = DefaultRecordBatchBuilder(2, 3, 1, 7, 0, 0, 1 << 16)
    assert builder.append(0, None, b"key", b"value" * 100, []) is not None
    builder.build()
    assert levels == [1]
