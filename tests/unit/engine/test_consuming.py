"""Slices say from where to where they reach, so that nothing that was fetched and lost on the way goes unseen."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from agents.engine.consuming import Batch, BatchConductor, BatchConsumer
from agents.engine.fetching import BatchConsumerThread

TOPIC = TP("bookly.availability", 2)


class Fetching(BatchConsumer):
    """A partition whose log holds records at some offsets and transaction markers at the others, up to its end."""

    def __init__(self, offsets: list[int], end: int, position: int) -> None:
        self.records, self.end, self.reads_at = offsets, end, position
        self.taken: list[Batch] = []
        self.on_fetch: Any = None
        self.is_full, self.begins = False, 0
        self.flow_active = True
        self.suspend_flow, self.can_resume_flow = cast("Any", asyncio.Event()), cast("Any", asyncio.Event())
        self._handed, self._again, self._read_offset = {}, {}, {}
        self._thread = cast("BatchConsumerThread", SimpleNamespace(position_after_fetch=lambda _: self.reads_at))
        self.app = SimpleNamespace(topics=self, consumer_generation_id=0, runner=SimpleNamespace(give_up=self.give_up))

    def assignment(self) -> set[TP]:
        return {TOPIC}

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109  # Faust's name
        first, self.reads_at = self.reads_at, self.end
        if self.on_fetch:
            await self.on_fetch()
        found = [SimpleNamespace(offset=offset) for offset in self.records if offset >= first]
        return ({TOPIC: found} if found else {}), {TOPIC}

    async def wait_first(self, *waited: Any, **_: Any) -> Any:
        await waited[0]
        for other in waited[1:]:
            other.close()

    def take(self, batch: Batch) -> bool:
        if not self.is_full:
            self.taken.append(batch)
        return not self.is_full

    async def on_batch(self, batch: Batch) -> None:
        self.taken.append(batch)

    async def earliest_offsets(self, *_: TP) -> dict[TP, int]:
        return {TOPIC: self.begins}

    async def seek(self, partition: TP, offset: int) -> None:
        self.reads_at = offset

    async def give_up(self) -> None:
        """Of the runner: nothing is owned here."""

    @property
    def reaches(self) -> list[tuple[int, int]]:
        return [(batch.start, batch.next_offset) for batch in self.taken]


async def test_a_slice_reaches_from_where_reading_began_to_where_it_goes_on_markers_included() -> None:
    consumer = Fetching([3, 4, 8], end=10, position=2)
    await consumer._hand_over_next()
    assert consumer.reaches == [(2, 10)]


async def test_what_was_lost_is_fetched_again_from_its_first_offset_even_where_a_marker_is() -> None:
    consumer = Fetching([61, 62], end=70, position=65)

    async def asks_while_a_fetch_is_under_way() -> None:
        await consumer.read_again(TOPIC, 50)
        assert consumer.reads_at == 70, "a seek beside a fetch would leave open where its records came from"

    consumer.on_fetch = asks_while_a_fetch_is_under_way
    await consumer._hand_over_next()
    consumer.on_fetch = None
    await consumer._hand_over_next()
    assert consumer.reaches[-1] == (50, 70), "else there would be a gap again, and no end of it"


async def test_where_retention_has_deleted_a_part_of_what_was_lost_the_rest_is_fetched_again() -> None:
    consumer = Fetching([150, 151, 200], end=201, position=200)
    consumer.begins = 150
    assert await consumer.read_again(TOPIC, 100) == 150
    await consumer._hand_over_next()
    assert consumer.reaches == [(150, 201)], "else nothing would come that begins where the partition has come to"


async def test_markers_alone_are_handed_over_once_and_again_after_their_partition_changed_hands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver.Consumer, "on_partitions_revoked", lambda *_: asyncio.sleep(0))
    consumer = Fetching([], end=5, position=3)
    for _ in range(2):
        await consumer._hand_over_next()
    assert consumer.reaches == [(3, 5)]
    await consumer.on_partitions_revoked({TOPIC})
    consumer.resume_flow()
    consumer.reads_at = 3
    await consumer._hand_over_next()
    assert consumer.reaches == [(3, 5), (3, 5)], "else they would be lag for ever"


async def test_what_a_rebalance_cut_off_counts_as_not_handed_over() -> None:
    consumer = Fetching([], end=5, position=3)

    consumer.is_full = True
    consumer.on_batch = lambda _: asyncio.sleep(0, consumer.suspend_flow.set())  # type: ignore[method-assign,assignment,func-returns-value]
    await consumer._hand_over_next()
    assert consumer._handed == {}


async def test_a_full_queue_takes_no_slice_and_keeps_those_that_it_has() -> None:
    queue: asyncio.Queue[Batch] = asyncio.Queue(maxsize=1)
    conductor = BatchConductor.__new__(BatchConductor)
    conductor._tp_index = cast("Any", {TOPIC: [SimpleNamespace(queue=queue)]})
    one, two = (Batch(TOPIC, (), start, start + 1, 0) for start in (0, 1))
    assert conductor.take(one)
    assert not conductor.take(two)
    assert queue.get_nowait() is one
    assert conductor.take(two)
