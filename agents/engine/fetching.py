"""The thread that fetches: what aiokafka parses is handed on as it is (aiokafka 0.14, faust-streaming 0.15.3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import aiokafka.consumer.consumer
from aiokafka.consumer import fetcher
from faust.transport.drivers import aiokafka as driver

from agents.engine.leasing import LeasedCoordinator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust.types import TP

FETCH_WAIT_MS = 100  # Faust says 1500: while a broker holds a request for partitions that are empty, it is asked for no other


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


class Unpacked(fetcher.PartitionRecords):
    """Records as aiokafka's parser leaves them: offset, timestamp, key, value, headers.

    The topic and partition, which a ConsumerRecord would repeat, are the batch's. It saves half of what fetching costs. It
    stands in for aiokafka's in the whole process: the engine's other consumers need no more, either.
    """

    def __iter__(self) -> Any:
        return self._records_iterator

    def _consumer_record(self, tp: Any, record: Any) -> Any:  # noqa: ARG002  # the batch knows it
        return record


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Reads only what is committed: an aborted transaction's events were never published."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        fetcher.PartitionRecords = Unpacked
        aiokafka.consumer.consumer.GroupCoordinator = LeasedCoordinator
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

    def last_stable_offset(self, tp: TP) -> int | None:
        """Behind the last record that is committed; None before the first fetch."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        if assignment is None or tp not in assignment.tps:
            return None
        end = assignment.state_value(tp).lso
        return None if end is None else int(end)
