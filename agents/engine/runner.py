"""The loop of a worker: slices are applied as they come, and committed when the input runs dry or a commit is due."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from agents.engine.applying import Applying
from agents.engine.fatal import stop_process
from agents.engine.pulse import Phase, Pulse
from agents.engine.recovery import Revoked, take_over
from agents.engine.releasing import Releasing
from agents.engine.visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust.types import TP

    from agents.domain import Domain
    from agents.engine.consuming import Batch
    from agents.engine.decoding import Decoding
    from agents.engine.encoding import Encoding
    from agents.engine.fuse import Limits
    from agents.engine.partition import Owed, Partition
    from agents.engine.stream import BatchStream
    from bookly.cache.invalidator import Invalidator

log = structlog.get_logger(__name__)
COMMIT_S = 0.1  # a commit at the latest after this, however much waits
AHEAD_S = 1.0  # how long slices are applied while a commit is under way; then it is waited for
IDLE_S = 0.25  # offsets that moved past transaction markers alone are committed after this silence
HOLD_S = 1.0  # how long failed records wait for a good one behind them: until then nothing behind the last good one is committed
GIVE_UP_S = 5.0  # what the running slice may take when partitions are revoked
MARKERS_S = (
    1.0  # offsets that moved past transaction markers alone are committed at the latest after this, however busy others are
)


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
    ) -> None:
        self.domain = domain
        self.brokers = brokers
        self.partitions: dict[int, Partition] = {}
        self.pulse = pulse or Pulse()
        self._decoding = decoding
        self._applying = Applying(domain, encoding, invalidator, limits)
        self._releasing = Releasing(domain, decoding, self._applying)
        self._held: dict[TP, Held] = {}
        self._invalidator = invalidator
        self._visibility = Visibility(brokers, invalidator)
        self._consumer: Any = None  # a BatchConsumer, from when the stream runs
        self._turn = asyncio.Lock()
        self._paying: set[asyncio.Task[None]] = set()
        self._paid = self._paid_all = 0.0  # when the last payment began, and the last one that included markers
        self._taking: asyncio.Future[dict[int, Partition]] | None = None

    async def run(self, stream: BatchStream) -> None:
        """Apply slices as they come; commit when the input runs dry, and at the latest after COMMIT_S. Ends with the app."""
        self._consumer = stream.consumer
        batches = aiter(stream.batches())
        following = asyncio.ensure_future(anext(batches))
        while True:
            done, _ = await asyncio.wait({following, *self._paying}, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
            if following not in done:
                async with self._turn:
                    await self._let_go()
                    await self._commit_soon(idle=not done)
                continue
            try:
                batch = following.result()
            except StopAsyncIteration:
                async with self._turn:
                    return await self._commit_all()
            following = asyncio.ensure_future(anext(batches))
            async with self._turn:
                await self._apply(batch)
                await self._let_go()
                if (stream.dry and not following.done()) or time.monotonic() - self._paid >= COMMIT_S:
                    await self._commit_soon()

    async def take_over(self, numbers: list[int]) -> None:
        """Own exactly these partitions, as of their last commit. Raises Revoked when they are given up meanwhile."""
        if self.pulse.phase is Phase.STOPPING:
            raise Revoked
        async with self._turn:
            self.pulse.enter(Phase.RECOVERING)
            await self._settle()
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
        """Commit what has been applied and give all partitions up; what the budget does not allow is redone by the next owner."""
        if self.pulse.phase is Phase.RUNNING:
            self.pulse.enter(Phase.RECOVERING)
        if self._taking is not None:
            self._taking.cancel()
        try:
            async with asyncio.timeout(GIVE_UP_S), self._turn:
                await self._commit_all()
        except TimeoutError:
            log.warning("revoked before all was committed: it is redone elsewhere", budget_s=GIVE_UP_S)
            for paying in self._paying:
                paying.cancel()
        await self._close()

    async def drain(self) -> None:
        """The process ends: what is applied is committed, nothing more is taken."""
        self.pulse.enter(Phase.STOPPING)
        await self.give_up()
        await self._visibility.close()

    @property
    def paying_since(self) -> float | None:
        """When the commit under way began, if there is one. May be asked from any thread."""
        return self._paid if self._paying else None

    @property
    def parked(self) -> int:
        """Records that wait behind failed ones."""
        return sum(len(partition.parking) for partition in self.partitions.values())

    @property
    def invalidations(self) -> int:
        """Cache tags that Redis has not taken yet."""
        return self._invalidator.pending

    async def _close(self) -> None:
        self._held.clear()
        self._applying.forget()
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
        if batch.tp.topic == self.domain.control:
            await self._releasing.obey(partition, batch.tp, records)
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
        self.pulse.beat()

    async def _let_go(self) -> None:
        """What waited long enough for a good event is set aside now."""
        for tp in [tp for tp, held in self._held.items() if held.until <= time.monotonic()]:
            held, partition = self._held.pop(tp), self.partitions.get(tp.partition)
            if partition is not None:
                await self._apply_to(partition, held.batch, held.until)

    async def _commit_soon(self, *, idle: bool = False) -> None:
        """Begin to pay what is owed; the next slices are applied meanwhile. One payment at a time.

        Who is behind with paying is waited for, so that memory is not ahead of the log without bounds.
        """
        if self._paying:
            if time.monotonic() - self._paid < AHEAD_S:
                return
            await self._settle()
        now = time.monotonic()
        everything = idle or now - self._paid_all > MARKERS_S
        partitions = [p for p in self.partitions.values() if (p.moved if everything else p.owes)]
        bills = [(partition, owed) for partition in partitions if (owed := partition.owed()) is not None]
        self._paid, self._paid_all = now, now if everything else self._paid_all
        if bills:
            paying = asyncio.create_task(self._pay(bills), name="commit")
            self._paying = {paying}
            paying.add_done_callback(self._paying.discard)

    async def _commit_all(self) -> None:
        """Everything applied is committed when this returns."""
        await self._settle()
        await self._commit_soon(idle=True)
        await self._settle()

    async def _settle(self) -> None:
        if self._paying:
            await asyncio.wait(set(self._paying))

    async def _pay(self, bills: Sequence[tuple[Partition, Owed]]) -> None:
        """Make it durable, then make the caches forget. A commit that fails ends the process: nothing of it counts."""
        try:
            places = await asyncio.gather(*(partition.pay(owed) for partition, owed in bills))
        except Exception as error:  # noqa: BLE001  # whatever it was, nothing of it counts
            stop_process("a transaction could not be committed; it is redone from the last commit", error)
        self.pulse.beat()
        stale = {tag for _, owed in bills for tag in owed.stale}
        await self._visibility.make_stale(stale, {place: offset for each in places for place, offset in each.items()})


def _cancelled_itself() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
