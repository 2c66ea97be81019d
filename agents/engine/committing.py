"""When transactions are committed: one round of them at a time, while the next slices are applied (docs/decisions/0004)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from agents.engine.fatal import EXIT_DATA, stop_process
from agents.engine.refusing import NotPermittedError
from bookly.cache.staleness import Spread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from agents.engine.partition import Partition, Transaction
    from agents.engine.pulse import Pulse
    from bookly.cache.invalidator import Invalidator

COMMIT_S = 0.1  # from one round to the next while there is always more; and the longest rest
RESTS = 2  # a round is followed by a rest of so many times what it took: what trickles in meanwhile shares the next one
AHEAD_S = 1.0  # how long slices are applied while a commit is under way; then it is waited for
MARKERS_S = 1.0  # a busy worker commits offsets that moved past transaction markers alone at the latest after this


class Committing:
    """One transaction a partition, all partitions of a round side by side."""

    def __init__(self, invalidator: Invalidator, pulse: Pulse) -> None:
        self.running: set[asyncio.Task[None]] = set()  # the round that is under way, if there is one
        self._invalidator = invalidator
        self._pulse = pulse
        self.took = Spread()  # what rounds have taken, until all of it was durable
        self._began = self._began_all = 0.0  # the last round, and the last one that took markers along
        self._ended = 0.0
        self.pause = 0.0  # seconds from a round to the next while events trickle in; the thread that fetches reads it, too

    def due(self, *, dry: bool) -> bool:
        """Whether it is time for a round. `dry`: nothing more is at hand."""
        return not self.rest and (dry or time.monotonic() - self._began >= COMMIT_S)

    @property
    def rest(self) -> float:
        """Seconds in which no round is worth it. 0 after a silence, so that one event alone does not wait."""
        return max(0.0, self._ended + self.pause - time.monotonic())

    @property
    def since(self) -> float | None:
        """When the round under way began, if there is one. May be asked from any thread."""
        return self._began if self.running else None

    async def begin(self, partitions: Iterable[Partition], *, idle: bool = False) -> None:
        """Take from each partition what is not committed and begin to commit it; one round at a time.

        A worker that commits more slowly than it applies is held here, so that memory is not ahead of the log without bounds.
        `idle`: offsets that moved past transaction markers alone are worth a commit of their own.
        """
        if self.running:
            if time.monotonic() - self._began < AHEAD_S:
                return
            await self.settle()
        now = time.monotonic()
        everything = idle or now - self._began_all > MARKERS_S
        wanted = [p for p in partitions if (p.is_behind if everything else p.is_dirty)]
        taken = [(partition, transaction) for partition in wanted if (transaction := partition.take()) is not None]
        self._began, self._began_all = now, now if everything else self._began_all
        if taken:
            committing = asyncio.create_task(self.commit(taken), name="commit")
            self.running = {committing}
            committing.add_done_callback(self._end)

    def _end(self, committing: asyncio.Task[None]) -> None:
        self.running.discard(committing)
        self._ended = time.monotonic()
        self.pause = min(RESTS * (self._ended - self._began), COMMIT_S)

    async def finish(self, partitions: Collection[Partition]) -> None:
        """Everything applied is committed when this returns."""
        await self.settle()
        await self.begin(partitions, idle=True)
        await self.settle()

    async def settle(self) -> None:
        """The round under way has ended when this returns."""
        if self.running:
            await asyncio.wait(set(self.running))

    def cancel(self) -> None:
        """It takes too long: what is not committed is redone by whoever takes the partitions over."""
        for committing in self.running:
            committing.cancel()

    async def commit(self, taken: Sequence[tuple[Partition, Transaction]]) -> None:
        """Make it durable, then make the caches forget. A commit that fails ends the process: nothing of it counts.

        Rows are told by us alone, and from when their commit was answered (docs/decisions/0006): who finds an entry stale is
        told the new row, though the broker may need a moment yet until those who read the log see it.
        """
        began = time.monotonic()
        try:
            await asyncio.gather(*(self.write(partition, transaction) for partition, transaction in taken))
        except NotPermittedError as error:
            stop_process(str(error), error, code=EXIT_DATA)
        except Exception as error:  # noqa: BLE001  # whatever it was, nothing of it counts
            stop_process("a transaction could not be committed; it is redone from the last commit", error)
        self.took.add(time.monotonic() - began)
        self._pulse.beat()
        await self.forget(taken)

    async def write(self, partition: Partition, transaction: Transaction) -> None:
        """One partition's part of a round."""
        await partition.commit(transaction)

    async def forget(self, taken: Sequence[tuple[Partition, Transaction]]) -> None:
        """Redis is told what is stale; where it is away, the invalidator remembers it."""
        since = min((transaction.since for _, transaction in taken if transaction.since is not None), default=None)
        self._invalidator.add({tag for _, transaction in taken for tag in transaction.stale}, since)
        await self._invalidator.send()
