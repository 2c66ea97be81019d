"""A log in memory that takes whole transactions or nothing, and a partition that comes back from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from faust.types import TP
from msgspec.json import Decoder

from agents.domain import Domain
from agents.engine.partition import Partition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.engine.outgoing import Outgoing

Place = tuple[str, int]


class Entry(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int = 0


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
        partition._transactions = cast("Any", self)
        for table in domain.tables:
            decode, rows = Decoder(table.row).decode, partition.rows[table.name]
            for entry in self.topics[domain.changelog(table.name), number]:
                if entry.value is None:
                    rows.pop((entry.key or b"").decode(), None)
                else:
                    rows[(entry.key or b"").decode()] = decode(entry.value)
        for entry in self.topics[domain.parked, number]:
            partition.parking.restore(entry)
        for entry in self.topics[domain.given_up, number]:
            partition.ledger.restore(entry)
        for tp, (offset, metadata) in self.offsets.items():
            partition.resume_from(tp, offset, metadata)
        return partition

    async def write(self, records: Iterable[Outgoing]) -> None:
        self._open += [
            ((record.topic, record.partition), (record.key, record.value, tuple(record.headers))) for record in records
        ]

    async def send_offsets(self, places: Any, group: str) -> None:
        self._moved = {TP(*place): (found.offset, found.metadata) for place, found in places.items()}

    async def commit(self) -> None:
        for place, entry in self._open:
            self.topics[place].append(Entry(len(self.topics[place]), *entry))
        self.offsets.update(self._moved)
        self._open, self._moved = [], {}
        self.transactions += 1
