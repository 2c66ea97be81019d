"""Time for what happens by time alone: a domain's clock, for each partition about once a second, between two slices.

Time is not the wall's. Whoever was down for two hours finds the check-in of one hour ago in the log: were it told first what time
it is, it would call that visitor a no-show. So a partition's time is that up to which it is known to have read everything: when
the last record was written that it has read, or when it was last seen that there are no more. While the broker is away time
stands still, and it may step back by a moment when records arrive.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from faust.types import TP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.domain import Domain
    from agents.engine.fetching import Look
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
        self._ticked = -math.inf
        self._read: dict[TP, int] = {}  # when the last record that was read was written, milliseconds

    @property
    def due(self) -> bool:
        """Whether it is time, or time again. Never for a domain without a clock."""
        return self._has_clock and time.monotonic() - self._ticked >= CLOCK_S

    def read(self, tp: TP, written_at: int) -> None:
        """A record of this partition was read that was written then (milliseconds since 1970)."""
        if self._has_clock and written_at > self._read.get(tp, -1):
            self._read[tp] = written_at

    def forget(self) -> None:
        """The partitions have changed hands."""
        self._read.clear()

    def tick(self, partitions: Iterable[Partition], last_look: Callable[[TP], Look | None]) -> None:
        """Tell each partition its time. `last_look`: when it was last seen which records there are."""
        now = self._wall()
        for partition in partitions:
            its = self.time_of(partition, now, last_look)
            if its is not None:
                self._let_time_pass(partition, its)
        self._ticked = time.monotonic()

    def time_of(self, partition: Partition, now: int, last_look: Callable[[TP], Look | None]) -> int | None:
        """Up to when it has read all of its inputs; None while that is unknown."""
        for topic in self._domain.inputs:
            tp = TP(topic, partition.number)
            look = last_look(tp)
            if look is None:
                return None
            known = look.at if look.end <= partition.done_up_to(tp) else self._read.get(tp)
            if known is None:
                return None
            now = min(now, known * 1000)
        return now
