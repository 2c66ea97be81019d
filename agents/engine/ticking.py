"""Time for what happens by time alone: a domain's clock, for each partition about once a second, between two slices.

Time is not the wall's while there are records to read. Whoever was down for two hours finds the check-in of one hour ago in the
log: were it told first what time it is, it would call that visitor a no-show. So a partition's time is that up to which it has
read everything, and only where nothing is left to read that of the wall.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from faust.types import TP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.domain import Domain
    from agents.engine.partition import Partition

CLOCK_S = 1.0


class Ticking:
    """`let_time_pass` is called with a partition and its time. `wall`: microseconds since 1970 (UTC)."""

    def __init__(
        self,
        domain: Domain,
        let_time_pass: Callable[[Partition, int], None],
        wall: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._domain, self._let_time_pass, self._wall = domain, let_time_pass, wall
        self._has_clock = domain.has_clock
        self._ticked = time.monotonic()
        self._read: dict[TP, int] = {}  # when the last record that was read was written, milliseconds

    @property
    def due(self) -> bool:
        """Whether it is time again. Never for a domain without a clock."""
        return self._has_clock and time.monotonic() - self._ticked >= CLOCK_S

    def read(self, tp: TP, written_at: int) -> None:
        """A record of this partition was read that was written then (milliseconds since 1970)."""
        if self._has_clock and written_at > self._read.get(tp, -1):
            self._read[tp] = written_at

    def forget(self) -> None:
        """The partitions have changed hands."""
        self._read.clear()

    def tick(self, partitions: Iterable[Partition], end: Callable[[TP], int | None]) -> None:
        """Tell each partition its time. `end`: behind the last record that there is to read."""
        now = self._wall()
        for partition in partitions:
            its = self.time_of(partition, now, end)
            if its is not None:
                self._let_time_pass(partition, its)
        self._ticked = time.monotonic()

    def time_of(self, partition: Partition, now: int, end: Callable[[TP], int | None]) -> int | None:
        """Up to when it has read all of its inputs; None while that is unknown."""
        for topic in self._domain.inputs:
            tp = TP(topic, partition.number)
            last = end(tp)
            if last is None:
                return None
            if last > partition.done_up_to(tp):
                if tp not in self._read:
                    return None
                now = min(now, self._read[tp] * 1000)
        return now
