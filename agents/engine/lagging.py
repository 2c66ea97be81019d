"""For how long the next record of a partition has waited. Its own time is in a record that nobody may have fetched yet, so it is
known by when the log's end was first seen beyond it.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from faust.types import TP

MOST = 1_000  # ends that are remembered of a partition; then every other one


class End(NamedTuple):
    """At `seen` (seconds, monotonic) the log first ended there."""

    seen: float
    at: int


class Lagging:
    """`note` is called about once a second, and `read` for each slice; `seconds` may be asked from any thread."""

    def __init__(self) -> None:
        self._ends: dict[TP, deque[End]] = {}
        self._found: dict[TP, int] = {}  # where it ended when it was seen first: what lies before had waited already
        self._read: dict[TP, float] = {}  # when the last record that was read was written (seconds since 1970)

    def forget(self) -> None:
        """The partitions have changed hands."""
        for known in (self._ends, self._found, self._read):
            known.clear()

    def read(self, tp: TP, written_at: float) -> None:
        self._read[tp] = written_at

    def note(self, tp: TP, done: int, end: int, now: float) -> None:
        """All before `done` is done, and the log ends at `end`."""
        self._found.setdefault(tp, end)
        ends = self._ends.setdefault(tp, deque())
        while ends and ends[0].at <= done:
            ends.popleft()
        if end > done and (not ends or end > ends[-1].at):
            ends.append(End(now, end))
        if len(ends) > MOST:
            self._ends[tp] = deque(list(ends)[::2])

    def seconds(self, tp: TP, done: int, now: float, wall: float | None = None) -> float:
        """0 where nothing waits. `wall`: seconds since 1970."""
        waits = next((end for end in list(self._ends.get(tp, ())) if end.at > done), None)
        if waits is None:
            return 0.0
        written_at = self._read.get(tp) if done < self._found.get(tp, 0) else None
        known = now - waits.seen
        return known if written_at is None else max(known, (time.time() if wall is None else wall) - written_at)
