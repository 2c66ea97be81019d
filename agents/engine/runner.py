"""The loop of a worker: slices are applied as they come, and committed when it is time (docs/decisions/0018)."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from agents.engine.applying import Applying
from agents.engine.committing import Committing
from agents.engine.handling import Handling
from agents.engine.lagging import Lagging
from agents.engine.pulse import Phase, Pulse
from agents.engine.recovery import Revoked, take_over
from agents.engine.releasing import Releasing
from agents.engine.replaying import Replaying
from agents.engine.ticking import Ticking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import TP
    from opentelemetry.trace import Tracer

    from agents.domain import Domain
    from agents.engine.consuming import Batch
    from agents.engine.decoding import Decoding
    from agents.engine.encoding import Encoding
    from agents.engine.fuse import Limits
    from agents.engine.partition import Partition
    from agents.engine.stream import BatchStream
    from bookly.cache.invalidator import Invalidator
    from bookly.cache.staleness import Staleness

log = structlog.get_logger(__name__)
IDLE_S = 0.25  # offsets that moved past transaction markers alone are committed after this silence
HOLD_S = 1.0  # how long failed records wait for a good one behind them: until then nothing behind the last good one is committed
GIVE_UP_S = 5.0  # what the running slice may take when partitions are revoked


class Held(NamedTuple):
    """Failed records at the end of what was read, until a good one follows or their time is up."""

    batch: Batch
    until: float

    def before(self, following: Batch) -> Batch:
        return replace(following, records=[*self.batch.records, *following.records])


class Runner:
    """Runs a domain's handlers for one process: one slice at a time, and one commit at a time, which the next slices overlap."""

    def __init__(
        self,
        domain: Domain,
        brokers: str,
        decoding: Decoding,
        encoding: Encoding,
        invalidator: Invalidator,
        limits: Limits | None = None,
        pulse: Pulse | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.domain = domain
        self.brokers = brokers
        self.partitions: dict[int, Partition] = {}
        self.taking: frozenset[int] = frozenset()  # numbers that are ours and not recovered yet
        self.pulse = pulse or Pulse()
        self._decoding = decoding
        handling, self.committing = _parts(domain, encoding, invalidator, self.pulse, tracer)
        self._applying = Applying(domain, handling, invalidator, limits)
        self._orders = {
            domain.control: Releasing(domain, decoding, self._applying).obey,
            domain.replay: Replaying(domain, decoding, self._applying).obey,
        }
        self._ticking = Ticking(domain, self._applying.let_time_pass)
        self._held: dict[TP, Held] = {}
        self.lagging = Lagging()
        self._invalidator = invalidator
        self._consumer: Any = None  # a BatchConsumer, from when the stream runs
        self._turn = asyncio.Lock()
        self._taking: asyncio.Future[dict[int, Partition]] | None = None

    async def run(self, stream: BatchStream) -> None:
        """Apply slices as they come, and commit. Ends with the app."""
        self._consumer = stream.consumer
        batches = aiter(stream.batches())
        following = asyncio.ensure_future(anext(batches))
        while True:
            rest = self.committing.rest
            done, _ = await asyncio.wait(
                {following, *self.committing.running}, timeout=rest or IDLE_S, return_when=asyncio.FIRST_COMPLETED
            )
            if following not in done:
                async with self._turn:
                    await self._let_go()
                    self._tick()
                    if self.committing.due(dry=True):
                        await self.committing.begin(self.partitions.values(), idle=not done and not rest)
                continue
            try:
                batch = following.result()
            except StopAsyncIteration:
                async with self._turn:
                    return await self.committing.finish(self.partitions.values())
            following = asyncio.ensure_future(anext(batches))
            async with self._turn:
                await self._apply(batch)
                await self._let_go()
                self._tick()
                if self.committing.due(dry=stream.dry and not following.done()):
                    await self.committing.begin(self.partitions.values())

    async def take_over(self, numbers: list[int]) -> None:
        """Own exactly these partitions, as of their last commit. Raises Revoked when they are given up meanwhile."""
        if self.pulse.phase is Phase.STOPPING:
            raise Revoked
        mine = self.taking = frozenset(numbers)
        try:
            async with self._turn:
                await self._recover(numbers)
        finally:
            if self.taking is mine:  # else another assignment has ended this one
                self.taking = frozenset()

    async def _recover(self, numbers: list[int]) -> None:
        self.pulse.enter(Phase.RECOVERING)
        await self.committing.settle()
        await self._close()
        self._taking = asyncio.ensure_future(take_over(self.domain, self.brokers, numbers, self.pulse.beat))
        try:
            self.partitions = await self._taking
        except asyncio.CancelledError:
            if self._taking.cancelled() and not _cancelled_itself():
                raise Revoked from None
            raise
        await self._invalidator.took_over(self.domain.name)
        gc.freeze()  # rows live as long as the partitions are ours: the collector need not visit them

    async def give_up(self) -> None:
        """Commit what has been applied and give all partitions up; what the budget does not allow is redone by the next owner.

        Whatever happens, none of them is ours when this ends: the group gives them to others next.
        """
        if self.pulse.phase is Phase.RUNNING:
            self.pulse.enter(Phase.RECOVERING)
        if self._taking is not None:
            self._taking.cancel()
        try:
            async with asyncio.timeout(GIVE_UP_S), self._turn:
                await self.committing.finish(self.partitions.values())
        except TimeoutError:
            log.warning("revoked before all was committed: it is redone elsewhere", budget_s=GIVE_UP_S)
            self.committing.cancel()
        finally:
            await self._close()

    async def drain(self) -> None:
        """The process ends: what is applied is committed, nothing more is taken."""
        self.pulse.enter(Phase.STOPPING)
        await self.give_up()
        await self._invalidator.close()

    @property
    def parked(self) -> int:
        """Records that wait behind failed ones."""
        return sum(len(partition.parking) for partition in self.partitions.values())

    @property
    def handled(self) -> Mapping[type[Any], int]:
        """Events by class, since the worker began."""
        return self._applying.seen

    @property
    def invalidations(self) -> int:
        """Cache tags that Redis has not taken yet."""
        return self._invalidator.pending

    @property
    def staleness(self) -> Staleness:
        """How long after their causes entries went stale."""
        return self._invalidator.staleness

    async def _close(self) -> None:
        self._held.clear()
        self._applying.forget()
        self._ticking.forget()
        self.lagging.forget()
        partitions, self.partitions = self.partitions, {}
        await asyncio.gather(*(partition.close() for partition in partitions.values()))

    async def _apply(self, waiting: Batch) -> None:
        partition = self.partitions.get(waiting.tp.partition)
        if partition is None:
            return  # revoked while it waited
        held = self._held.get(waiting.tp)
        expected = held.batch.next_offset if held else partition.done_up_to(waiting.tp)
        if waiting.start > expected and await self._read_again(waiting, expected):
            return
        batch = waiting.after(expected)
        if batch is None:
            return  # fetched before a rebalance and again after it
        self._held.pop(batch.tp, None)
        if held is None:
            await self._apply_to(partition, batch, time.monotonic() + HOLD_S)
        else:
            await self._apply_to(partition, held.before(batch), held.until)

    async def _read_again(self, batch: Batch, expected: int) -> bool:
        """Whether what lies between is fetched again, and this batch after it. False: retention has deleted it unread."""
        found = await self._consumer.read_again(batch.tp, expected)
        if found < batch.start:
            return True
        log.error("deleted unread", topic=batch.tp.topic, partition=batch.tp.partition, first=expected, next=batch.start)
        return False

    async def _apply_to(self, partition: Partition, batch: Batch, until: float) -> None:
        """`until`: when failed records at the end need not wait for a good one any longer."""
        records = batch.records
        obey = self._orders.get(batch.tp.topic)
        if obey is not None:
            await obey(partition, batch.tp, records)
            done = len(records)
        else:
            decoded = await self._decoding.decode([record.value for record in records])
            done = self._applying.apply(partition, batch, decoded, final=until <= time.monotonic())
        if done < len(records):
            if done:  # a good one came in between
                until = time.monotonic() + HOLD_S
            self._held[batch.tp] = Held(replace(batch, records=records[done:]), until)
            partition.reached(batch.tp, records[done].offset, records=done)
        else:
            partition.reached(batch.tp, batch.next_offset, records=done)
        if done:
            self._ticking.read(batch.tp, records[done - 1].timestamp)
            self.lagging.read(batch.tp, records[done - 1].timestamp / 1000)
        self.pulse.beat()

    def _tick(self) -> None:
        if self._ticking.due:
            self._ticking.tick(self.partitions.values(), self._consumer.last_look)

    async def _let_go(self) -> None:
        """What waited long enough for a good event is set aside now."""
        for tp in [tp for tp, held in self._held.items() if held.until <= time.monotonic()]:
            held, partition = self._held.pop(tp), self.partitions.get(tp.partition)
            if partition is not None:
                await self._apply_to(partition, held.batch, held.until)


def _parts(
    domain: Domain, encoding: Encoding, invalidator: Invalidator, pulse: Pulse, tracer: Tracer | None
) -> tuple[Handling, Committing]:
    """Those that keep traces, or those that do not: it is chosen once, not asked for each event."""
    if tracer is None:
        return Handling(domain, encoding), Committing(invalidator, pulse)
    from agents.engine.tracing import TracedCommitting, TracedHandling  # noqa: PLC0415  # only who has it installed gets here

    return TracedHandling(domain, encoding, tracer), TracedCommitting(invalidator, pulse, tracer)


def _cancelled_itself() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
