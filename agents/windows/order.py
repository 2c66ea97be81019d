"""What is due next. Rows say when; this only finds them without looking at all of them."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Order:
    """Hints, each a time and a key, in buckets of one time each. A hint is never later than what its row says, and may be wrong
    otherwise: whoever takes one looks at the row, and puts it back under its new time if it is not due yet.

    So a change of mind costs nothing until its time comes, and a failure only needs the hints of the rows that were put back: one
    hint too many is no harm. A step costs O(log of the different times), and a million windows of one hour are one bucket.
    """

    __slots__ = ("_buckets", "_times")

    def __init__(self, hints: Iterable[tuple[int, str]] = ()) -> None:
        self._buckets: dict[int, list[str]] = {}
        for time, key in hints:
            self._buckets.setdefault(time, []).append(key)
        self._times = list(self._buckets)
        heapify(self._times)

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def put(self, time: int, key: str) -> None:
        """A row with this key wants to be looked at from this time on."""
        bucket = self._buckets.get(time)
        if bucket is None:
            self._buckets[time] = [key]
            heappush(self._times, time)
        else:
            bucket.append(key)

    @property
    def next(self) -> int | None:
        """The earliest time; None when nothing waits."""
        return self._times[0] if self._times else None

    def take(self, until: int, limit: int) -> Iterator[str]:
        """At most `limit` keys whose time has come, the earliest first; each leaves the order as it is given out."""
        while limit > 0 and self._times and self._times[0] <= until:
            time = self._times[0]
            bucket = self._buckets[time]
            key = bucket.pop()
            if not bucket:
                heappop(self._times)
                del self._buckets[time]
            limit -= 1
            yield key
