"""The whole pipeline in memory: five groups that read partitions in a random interleaving, as a broker would let them."""

from __future__ import annotations

from collections import defaultdict, deque
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec

from agents import domains
from bookly.outgoing import written
from bookly.testing import DomainBench

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.records import Record
    from demo.week import Happening

PARTITIONS = 4


class Memory:
    """`log` holds every event in the order of publishing. Order is kept within a partition only."""

    def __init__(self, seed: int = 0) -> None:
        self.log: list[Record] = []
        self.benches = {name: DomainBench(domain) for name, domain in domains().items()}
        self._waiting: defaultdict[tuple[str, str, int], deque[Record]] = defaultdict(deque)
        self._rng = Random(seed)
        self._read = 0

    def publish(self, happenings: Iterable[Happening]) -> None:
        """Publish a step and run every group until all is read, what they emit included."""
        for event, at, actor in happenings:
            self._append(written(event, "booking-web", {"occurred_at": at, "actor": actor})[1])
        while self._waiting:
            place = self._rng.choice(list(self._waiting))
            bench, queue = self.benches[place[0]], self._waiting[place]
            bench.when(queue.popleft())
            if not queue:
                del self._waiting[place]
            for record in bench.emitted:
                self._append(record)

    def read_on(self) -> list[Record]:
        """What is new in the log since it was last asked."""
        fresh, self._read = self.log[self._read :], len(self.log)
        return fresh

    def rows(self, domain: str, name: str) -> Iterable[tuple[str, Any]]:
        """The rows of a table as its changelog would bring them back."""
        rows: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self.benches[domain].tables[name]))
        return rows.items()

    def _append(self, record: Record) -> None:
        self.log.append(record)
        number = crc32(getattr(record, record.KEY_FIELD).encode()) % PARTITIONS
        for name, domain in domains().items():
            if record.TOPIC in domain.topics:
                self._waiting[name, record.TOPIC, number].append(record)
