"""A log in memory that takes whole transactions or nothing, and a partition that comes back from it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from faust.types import TP
from msgspec.json import Decoder

from agents.domain import Domain
from agents.engine.partition import Partition

Place = tuple[str, int]


class Entry(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int = 0


class Written(NamedTuple):
    topic: str
    partition: int
    offset: int


@dataclass
class Builder:
    """`room`: records that a batch takes."""

    room: int = 3
    entries: list[tuple[Any, ...]] = field(default_factory=list)

    def append(self, *, timestamp: None, key: bytes | None, value: bytes | None, headers: Any) -> object | None:
        if len(self.entries) == self.room:
            return None
        self.entries.append((key, value, tuple(headers)))
        return object()

    def close(self) -> None:
        """Nothing is added any more."""


@dataclass
class Log:
    """Of one group: topics, and the offsets with their metadata that were committed together with what they hold."""

    topics: defaultdict[Place, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    offsets: dict[TP, tuple[int, str]] = field(default_factory=dict)
    transactions: int = 0
    _open: list[tuple[Place, tuple[Any, ...]]] = field(default_factory=list)
    _moved: dict[TP, tuple[int, str]] = field(default_factory=dict)

    def partition(self, domain: Domain, number: int) -> Partition:
        """What the next owner of the partition has."""
        self._open, self._moved = [], {}
        partition = Partition(domain, number)
        partition._producer = self
        for table in domain.tables:
            decode, rows = Decoder(table.row).decode, partition.rows[table.name]
            for entry in self.topics[domain.changelog(table.name), number]:
                if entry.value is None:
                    rows.pop((entry.key or b"").decode(), None)
                else:
                    rows[(entry.key or b"").decode()] = decode(entry.value)
        for entry in self.topics[domain.parked, number]:
            partition.parking.restore(entry)
        for tp, (offset, metadata) in self.offsets.items():
            partition.resume_from(tp, offset, metadata)
        return partition

    async def begin_transaction(self) -> None:
        assert not self._open

    def create_batch(self) -> Builder:
        return Builder()

    async def send_batch(self, builder: Builder, topic: str, *, partition: int) -> asyncio.Future[Written]:
        self._open += [((topic, partition), entry) for entry in builder.entries]
        sent: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        sent.set_result(Written(topic, partition, len(self.topics[topic, partition])))
        return sent

    async def send_offsets_to_transaction(self, places: Any, group: str) -> None:
        self._moved = {TP(*place): (found.offset, found.metadata) for place, found in places.items()}

    async def commit_transaction(self) -> None:
        for place, entry in self._open:
            self.topics[place].append(Entry(len(self.topics[place]), *entry))
        self.offsets.update(self._moved)
        self._open, self._moved = [], {}
        self.transactions += 1
