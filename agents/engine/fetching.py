"""The thread that fetches: what aiokafka parses is handed on as it is (aiokafka 0.14, faust-streaming 0.15.3)."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import aiokafka.consumer.consumer
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from faust.transport.drivers import aiokafka as driver

from agents.engine.leasing import LeasedCoordinator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from faust.types import TP

FETCH_WAIT_MS = 100  # Faust says 1500: while a broker holds a request for partitions that are empty, it is asked for no other
MUCH = 1_000  # records that waited where it was asked: whoever is so far behind does not rest


class Fetched(Protocol):
    """A record of a batch, which knows its topic and partition for all of them."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Run(list["Fetched"]):
    """The records of a batch. `offset`: that of the last one."""

    __slots__ = ("offset",)

    offset: int


class Whole:
    """A batch that is read at once: iterated, it gives its records as one run."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Run]:
        run = Run(self._batch)
        if run:
            run.offset = run[-1].offset
            yield run

    def __next__(self) -> Any:
        return next(self._batch)


class Batches:
    """What was fetched of a partition, batch by batch."""

    def __init__(self, records: Any) -> None:
        self._records, self.has_next = records, records.has_next

    def next_batch(self) -> Whole:
        return Whole(self._records.next_batch())


class Unpacked(fetcher.PartitionRecords):
    """Records as aiokafka's parser leaves them: offset, timestamp, key, value, headers.

    Its rules for batches, of aborted transactions and markers, hold as they are; but the records of one come all at once, and
    without their topic and partition, which a ConsumerRecord would repeat: one by one costs most of what fetching does. It stands
    in for aiokafka's in the whole process: the engine's other consumers need no more, either.
    """

    def __init__(self, tp: Any, records: Any, *arguments: Any) -> None:
        super().__init__(tp, Batches(records), *arguments)
        self._left: Sequence[Fetched] = ()

    def take(self, most: int | None) -> tuple[list[Fetched], bool]:
        """At most so many of the next records, and whether there are no more. `next_fetch_offset` is then behind them."""
        found, over = list(self._left), False
        while not over and (most is None or len(found) < most):
            run = next(self._records_iterator, None)
            over = run is None
            found += run or ()
        self._left = () if most is None else found[most:]
        if self._left:
            del found[most:]
        if not over:
            self.next_fetch_offset = found[-1].offset + 1
        return found, over

    def _consumer_record(self, tp: Any, run: Run) -> list[Fetched]:  # noqa: ARG002  # the batch knows it
        first = self.next_fetch_offset
        return run if run[0].offset >= first else [record for record in run if record.offset >= first]


class Result(fetcher.FetchResult):
    """Gives what is asked for at once."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Fetched]:
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        found, over = self._partition_records.take(max_records)
        self._update_position()
        if over:
            self._partition_records = None
        return found


class Look(NamedTuple):
    """At this time (milliseconds since 1970) the last record of a partition lay before `end`, be its transaction open.

    It is when the broker was asked: a process that was stopped before it read the answer must not take it for today's.
    """

    at: int
    end: int


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class PacedFetcher(fetcher.Fetcher):
    """Asks at most once a `pause` (seconds) where nothing waits but what has just come: it would wait for the next commit anyway.

    And leaves at each partition whose answer it has taken when it asked for it (`asked_at`); aiokafka notes when answers came.
    """

    def __init__(self, *arguments: Any, pause: Callable[[], float], **named: Any) -> None:
        self._pause = pause
        super().__init__(*arguments, **named)

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        asked_at, began = now(), time.monotonic()
        asked = [
            (assignment.state_value(TopicPartition(topic, number)), offset)
            for topic, partitions in request.topics
            for number, offset, _ in partitions
        ]
        for state, _ in asked:
            state.timestamp = None
        has_records: bool = await super()._proc_fetch_request(assignment, node_id, request)
        for state, _ in asked:
            if state.timestamp is not None:  # else the answer was an error, or of another position
                state.asked_at = asked_at
        if sum((state.highwater or 0) - offset for state, offset in asked) < MUCH:
            self._wake()
            with suppress(asyncio.CancelledError):  # partitions that are given up: aiokafka's own ends without an error, too
                await asyncio.sleep(began + self._pause() - time.monotonic())
        return has_records

    def _wake(self) -> None:
        """Whoever waits for records; else they would be told when the next question is allowed."""
        for waiter in list(self._fetch_waiters):
            self._notify(waiter)


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Reads only what is committed: an aborted transaction's events were never published."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        fetcher.PartitionRecords, fetcher.FetchResult = Unpacked, Result
        app: Any = self.consumer.app
        fetcher_of = partial(PacedFetcher, pause=lambda: app.runner.committing.pause)
        aiokafka.consumer.consumer.GroupCoordinator, aiokafka.consumer.consumer.Fetcher = LeasedCoordinator, fetcher_of
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    def lease_renewed(self) -> float:
        """When the lease of the group's membership was renewed last, by the clock of `leasing`. May be asked from any thread."""
        coordinator = None if self._consumer is None else self._consumer._coordinator
        return coordinator.renewed if isinstance(coordinator, LeasedCoordinator) else -math.inf

    def position_after_fetch(self, tp: TP) -> int | None:
        """Where the fetcher reads next. It moves only in a fetch, and the caller runs between two of them."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        if assignment is None or tp not in assignment.tps:
            return None
        state = assignment.state_value(tp)
        return int(state._position) if state.has_valid_position else None

    def last_look(self, tp: TP) -> Look | None:
        """What the last fetch has said; None before the first one."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        if assignment is None or tp not in assignment.tps:
            return None
        state = assignment.state_value(tp)
        at = getattr(state, "asked_at", None)  # read before the end: the thread that fetches may look again in between
        return None if at is None else Look(int(at), int(state.highwater))

    def last_stable_offset(self, tp: TP) -> int | None:
        """Behind the last record that is committed; None before the first fetch."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        if assignment is None or tp not in assignment.tps:
            return None
        end = assignment.state_value(tp).lso
        return None if end is None else int(end)
