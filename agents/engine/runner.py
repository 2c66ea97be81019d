"""Handlers over a slice of events, on an overlay; a bad event is set aside alone and all others are applied."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from agents.engine.dead_letters import dead_letter
from agents.engine.decoding import Bad
from agents.engine.fatal import stop_process
from agents.engine.recovery import take_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka import ConsumerRecord

    from agents.domain import Domain
    from agents.engine.consuming import Batch
    from agents.engine.decoding import Decoding
    from agents.engine.encoding import Encoding
    from agents.engine.partition import Partition
    from agents.engine.stream import BatchStream
    from bookly.cache.invalidator import Invalidator
    from bookly.records import Record

log = structlog.get_logger(__name__)
COMMIT_S = 0.1  # a commit at the latest after this, however much waits
IDLE_S = 0.25  # offsets that moved past transaction markers alone are committed after this silence
RELEASE_S = 5.0  # what the running slice may take when partitions are revoked


class Runner:
    """Runs a domain's handlers for one process. One slice at a time: `_turn` is held from the slice to its commit."""

    def __init__(self, domain: Domain, brokers: str, decoding: Decoding, encoding: Encoding, invalidator: Invalidator) -> None:
        self.domain = domain
        self.brokers = brokers
        self.partitions: dict[int, Partition] = {}
        self._decoding = decoding
        self._encoding = encoding
        self._invalidator = invalidator
        self._turn = asyncio.Lock()

    async def run(self, stream: BatchStream) -> None:
        """Apply slices as they come; commit when the input runs dry, and at the latest after COMMIT_S. Ends with the app."""
        batches = aiter(stream.batches())
        following = asyncio.ensure_future(anext(batches))
        began = None
        while True:
            done, _ = await asyncio.wait([following], timeout=IDLE_S)
            if not done:
                await self._commit_when_idle()
                continue
            try:
                batch = following.result()
            except StopAsyncIteration:
                return await self._commit_when_idle()
            following = asyncio.ensure_future(anext(batches))
            async with self._turn:
                await self._apply(batch)
                began = began or time.monotonic()
                dry = stream.dry and not following.done()
                if dry or time.monotonic() - began >= COMMIT_S:
                    await self._commit([p for p in self.partitions.values() if p.owes])
                    began = None

    async def take_over(self, numbers: list[int]) -> None:
        """Own exactly these partitions, as of their last commit."""
        async with self._turn:
            await self._close()
            self.partitions = await take_over(self.domain, self.brokers, numbers)
            await self._invalidator.took_over(self.domain.name)

    async def release(self) -> None:
        """Commit what has been applied and give all partitions up; what the budget does not allow is redone by the next owner."""
        try:
            async with asyncio.timeout(RELEASE_S), self._turn:
                await self._commit([p for p in self.partitions.values() if p.moved])
        except TimeoutError:
            log.warning("revoked before the running slice was done: it is redone elsewhere", budget_s=RELEASE_S)
        await self._close()

    async def _close(self) -> None:
        partitions, self.partitions = self.partitions, {}
        await asyncio.gather(*(partition.close() for partition in partitions.values()))

    async def _apply(self, waiting: Batch) -> None:
        partition = self.partitions.get(waiting.tp.partition)
        batch = waiting.after(partition.done_up_to(waiting.tp)) if partition is not None else None
        if partition is None or batch is None:
            return  # revoked while it waited, or fetched before a rebalance and again after it
        events = await self._decoding.decode(batch.records)
        good: Sequence[Record] = [event for event in events if not isinstance(event, Bad)]
        try:
            self._handle(partition, good)
        except Exception:  # noqa: BLE001  # whatever a handler raises: which event it was is found out one by one
            partition.state.discard()
            good = self._handle_one_by_one(partition, batch, events)
        if len(good) < len(events):
            self._set_aside_bad(partition, batch, events)
        self._tally(partition, batch, good)
        partition.reached(batch.tp, batch.next_offset, records=len(batch.records))

    def _handle(self, partition: Partition, events: Sequence[Record]) -> None:
        """All handlers of all events, or nothing: an exception leaves the overlay for the caller to drop."""
        state, handlers = partition.state, self.domain.handlers
        for event in events:
            state.begin(event.metadata)
            for handler in handlers.get(type(event), ()):
                handler(event, state)
        outgoing = self._encoding.encode(state.emitted)
        repeats = state.repeats
        partition.merge(outgoing)
        partition.repeats += repeats
        partition.stale.update(self._invalidator.tags(self.domain.name, events))

    def _handle_one_by_one(self, partition: Partition, batch: Batch, events: Sequence[Record | Bad]) -> list[Record]:
        good: list[Record] = []
        for event, record in zip(events, batch.records, strict=True):
            if isinstance(event, Bad):
                continue
            try:
                self._handle(partition, [event])
                good.append(event)
            except Exception as error:  # noqa: BLE001  # bad for this group: kept in its dead letters with the reason
                partition.state.discard()
                self._set_aside(partition, record, Bad("HANDLER_RAISED", error), event)
        return good

    def _set_aside_bad(self, partition: Partition, batch: Batch, events: Sequence[Record | Bad]) -> None:
        for event, record in zip(events, batch.records, strict=True):
            if isinstance(event, Bad):
                self._set_aside(partition, record, event, None)

    def _set_aside(self, partition: Partition, record: ConsumerRecord[bytes, bytes], bad: Bad, event: Record | None) -> None:
        log.error(
            "dead letter",
            reason=bad.reason,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            error=str(bad.error),
        )
        partition.merge([dead_letter(self.domain, record, bad, event)])

    def _tally(self, partition: Partition, batch: Batch, good: Sequence[Record]) -> None:
        applied = sum(type(event) in self.domain.handlers for event in good)
        tally = partition.tallies[batch.tp]
        tally.update(applied=applied, ignored=len(good) - applied, dead=len(batch.records) - len(good), repeats=partition.repeats)
        partition.repeats = 0

    async def _commit_when_idle(self) -> None:
        async with self._turn:
            await self._commit([p for p in self.partitions.values() if p.moved])

    async def _commit(self, partitions: Sequence[Partition]) -> None:
        """Make it durable, then make the caches forget. A commit that fails ends the process: nothing of it counts."""
        try:
            await asyncio.gather(*(partition.commit() for partition in partitions))
        except Exception as error:  # noqa: BLE001  # whatever it was, nothing of it counts
            stop_process("a transaction could not be committed; it is redone from the last commit", error)
        for partition in partitions:
            self._invalidator.add(partition.stale)
            partition.stale.clear()
        await self._invalidator.send()
