"""Slices of a partition out of Faust's consumer: one wait a slice instead of four tasks a record (faust-streaming 0.15.3)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from faust.transport.conductor import Conductor
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from agents.engine.fetching import BatchConsumerThread
from agents.engine.pulse import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agents.engine.fetching import Fetched, Look

TURN_S = 1.0  # how often the event loop shows that it turns
SLICE = 4_000  # records handed over at once: bounds how long the event loop is held


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition in order: all that there is from `start` up to `next_offset`, transaction markers left out."""

    tp: TP
    records: Sequence[Fetched]
    start: int
    next_offset: int
    generation: int

    def after(self, offset: int) -> Batch | None:
        """Without what lies before the offset; None when nothing is left. It may have waited while its partition moved on."""
        if self.next_offset <= offset:
            return None
        if not self.records or self.records[0].offset >= offset:
            return self
        return replace(self, records=[record for record in self.records if record.offset >= offset])


class BatchConsumer(driver.Consumer):
    """Hands slices to the conductor, and lets the running one finish before partitions are given up."""

    app: Any  # a BooklyApp: Faust types its own protocol here
    _thread: BatchConsumerThread
    _handed: dict[TP, int]  # behind what was handed over last
    _again: dict[TP, int]  # where reading starts anew, once the fetch under way is done

    async def _drain_messages(self, service: Any) -> None:
        self._handed, self._again = {}, {}
        try:
            while not (self._stopped.is_set() or service._stopped.is_set()):
                await self._hand_over_next()
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if self.app.runner.pulse.phase is not Phase.STOPPING:
                raise  # told to end in the middle of a rebalance, Faust would take it for a crash, and exit with 1

    async def _hand_over_next(self) -> None:
        await self._seek_where_asked()
        before = {tp: self._thread.position_after_fetch(tp) for tp in self.assignment()}
        records, active = await self._wait_next_records(1.0)
        if not self.flow_active:
            return  # a seek follows
        for batch in self._slices(records or {}, active or set(), before):
            if not self.app.topics.take(batch):
                await self.wait_first(self.app.topics.on_batch(batch), self.suspend_flow.wait())
            if self.suspend_flow.is_set():
                return  # what is not handed over is fetched again after the seek that ends a rebalance
            self._handed[batch.tp] = batch.next_offset
            self._read_offset[batch.tp] = batch.next_offset - 1

    def _slices(self, records: Mapping[Any, list[Any]], active: set[TP], before: Mapping[TP, int | None]) -> Iterator[Batch]:
        """What was fetched; an empty batch where only transaction markers were, which are lag until they are committed."""
        fetched, generation = {TP(*tp): found for tp, found in records.items()}, self.app.consumer_generation_id
        for tp in active | fetched.keys():
            position, start = self._thread.position_after_fetch(tp), before.get(tp)
            found = fetched.get(tp, [])
            if position is None or (not found and position == self._handed.get(tp)):
                continue
            if start is None or (found and found[0].offset < start):  # there was a seek meanwhile
                start = found[0].offset if found else position
            for first in range(0, len(found) or 1, SLICE):
                part = found[first : first + SLICE]
                end = position if first + SLICE >= len(found) else part[-1].offset + 1
                yield Batch(tp, part, start, end, generation)
                start = end

    async def read_again(self, tp: TP, offset: int) -> int:
        """Records from this offset on were fetched and lost on the way, as happens around a rebalance: they are fetched again.

        Answers where reading goes on, which is later only where retention has deleted what was not read.
        """
        there = max(offset, int((await self.earliest_offsets(tp)).get(tp, 0)))
        if not self.suspend_flow.is_set():
            self._again[tp] = there
        return there

    async def _seek_where_asked(self) -> None:
        """Between two fetches: a seek beside one would leave it open which of them the records came from."""
        again, self._again = self._again, {}
        for tp in again.keys() & self.assignment():
            self._handed.pop(tp, None)
            await self.seek(tp, again[tp])

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what has been applied before Faust clears the queues and another worker may take over."""
        self.stop_flow()
        self._handed, self._again = {}, {}
        await self.app.runner.give_up()
        await super().on_partitions_revoked(revoked)

    def lease_renewed(self) -> float:
        """As for its thread."""
        return self._thread.lease_renewed()

    def lag(self) -> dict[TP, int]:
        """Committed records that wait, by partition, as far as the last fetch knows. May be asked from any thread."""
        runner, found = self.app.runner, {}
        for number, partition in list(runner.partitions.items()):
            for topic in runner.domain.inputs:
                tp = TP(topic, number)
                end = self._thread.last_stable_offset(tp)
                if end is not None:
                    found[tp] = max(0, end - partition.done_up_to(tp))
        return found

    def last_look(self, tp: TP) -> Look | None:
        """As for its thread."""
        return self._thread.last_look(tp)

    @Service.task
    async def _show_that_the_loop_turns(self) -> None:
        self.app.runner.pulse.loop = asyncio.get_running_loop()
        while not self.should_stop:
            self.app.runner.pulse.turn()
            self._note_lag()
            await self.sleep(TURN_S)

    def _note_lag(self) -> None:
        runner, now = self.app.runner, time.monotonic()
        for tp, waiting in self.lag().items():
            done = runner.partitions[tp.partition].done_up_to(tp)
            runner.lagging.note(tp, done, done + waiting, now)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @Service.task
    async def _commit_livelock_detector(self) -> None:
        """Faust's own detector watches acks, and nothing here acks."""


class BatchConductor(Conductor):
    """Routes a slice to the queue of the agent that reads its topic; a full queue holds the fetcher back."""

    def take(self, batch: Batch) -> bool:
        """At once, so that the next fetch is under way while this slice is applied. False where it has to wait."""
        queues = [channel.queue for channel in self._tp_index[batch.tp]]
        if any(queue.full() for queue in queues):
            return False
        for queue in queues:
            queue.put_nowait(batch)
        return True

    async def on_batch(self, batch: Batch) -> None:
        for channel in self._tp_index[batch.tp]:
            await channel.queue.put(batch)


class BatchTransport(driver.Transport):
    Consumer = BatchConsumer
    Conductor = BatchConductor
