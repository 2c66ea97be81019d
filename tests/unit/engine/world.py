"""A domain that can fail, and its runner without a broker: slices go in, a partition's transactions come out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from faust.types import TP
from msgspec import Struct

from agents.domain import Domain
from agents.engine.consuming import Batch
from agents.engine.decoding import Bad, Decoded
from agents.engine.encoding import Encoding
from agents.engine.partition import Partition
from agents.engine.runner import Runner
from agents.state import State, Table
from bookly.cache.staleness import Staleness
from bookly.catalog import EVENTS
from bookly.records.availability import ReservationConfirmed, ReservationCreated
from tests.unit.clock import at
from tests.unit.facts import asked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.engine.fuse import Limits
    from agents.engine.outgoing import Outgoing

INPUT = TP("bookly.availability", 2)
CONTROL = TP("bookly.availability.control", 2)
REPLAY = TP("bookly.availability.replay", 2)


class Count(Struct, frozen=True):
    count: int = 0


class Counting(State):
    counts = Table("counts", Count)


broken = {"bad"}  # reservations whose handler raises


def count_reservation(event: ReservationCreated, state: Counting) -> None:
    """Counts, and fails for broken reservations, after it has changed its table and emitted an event."""
    state.counts[event.resource_id] = Count(state.counts.get(event.resource_id, Count()).count + 1)
    state.emit(ReservationConfirmed(event.reservation_id, event.resource_id, event.user_id, "apr-1", True, 1, 2))
    if event.reservation_id in broken:
        raise ValueError("a bug in the handler")


DOMAIN = Domain.of("availability", Counting, (count_reservation,))


@dataclass
class Record:
    """What aiokafka hands over. Its value names an event of the world."""

    offset: int
    value: bytes | None
    key: bytes | None = b"room"
    headers: tuple[tuple[str, bytes], ...] = (("ce_id", b"1"),)
    timestamp: int = 0


@dataclass
class Stale:
    """Makes a resource stale by its id."""

    pending: int = 0
    told: set[str] = field(default_factory=set)
    staleness: Staleness = field(default_factory=Staleness)

    def tags(self, group: str, events: Iterable[Any]) -> set[str]:
        return {event.resource_id for event in events}

    def add(self, tags: Iterable[str], since: float | None = None) -> None:
        self.told.update(tags)

    async def send(self) -> None:
        """Nobody is away."""


@dataclass
class World:
    """One partition. `send` gives a slice to the runner; offsets go on."""

    limits: Limits | None = None
    domain: Domain = DOMAIN
    events: list[Any] = field(default_factory=list)
    tracer: Any = None
    runner: Runner = field(init=False)
    partition: Partition = field(init=False)

    def __post_init__(self) -> None:
        encoding = Encoding({spec.type.value: 1 for spec in EVENTS.values()}, 4)
        self.runner = Runner(self.domain, "", cast("Any", self), encoding, cast("Any", Stale()), self.limits, tracer=self.tracer)
        self.partition = self.runner.partitions[INPUT.partition] = Partition(self.domain, INPUT.partition)

    async def decode(self, values: Any) -> Decoded:
        found = [self.events[int(value)] for value in values]
        bad = {index: event for index, event in enumerate(found) if isinstance(event, Bad)}
        return Decoded([None if index in bad else event for index, event in enumerate(found)], bad)

    async def send(self, *events: Any, key: bytes | None = b"room") -> None:
        first = len(self.events)
        self.events += events
        records = [Record(offset, str(offset).encode(), key) for offset in range(first, len(self.events))]
        await self.give(records, len(self.events))

    async def give(self, records: list[Record], next_offset: int, tp: TP = INPUT) -> None:
        start = records[0].offset if records else self.partition.done_up_to(tp)
        await self.runner._apply(Batch(tp, cast("Any", records), start, next_offset, 0))

    async def command(self, value: bytes, key: bytes = b"room") -> None:
        offset = self.partition.done_up_to(CONTROL)
        await self.give([Record(offset, value, key)], offset + 1, CONTROL)

    async def replay(self, *offsets: int, key: bytes | None = b"room") -> None:
        """Records that were sent, once more, each naming its place."""
        first = self.partition.done_up_to(REPLAY)
        records = [replayed(source, first + index, key) for index, source in enumerate(offsets)]
        await self.give(records, first + len(records), REPLAY)

    async def wait_in_vain(self) -> None:
        """No good event follows: what is held has waited its time."""
        self.runner._held = {tp: held._replace(until=0.0) for tp, held in self.runner._held.items()}
        await self.runner._let_go()

    @property
    def count(self) -> int:
        return sum(row.count for row in self.partition.rows["counts"].values())

    @property
    def letters(self) -> list[Outgoing]:
        return [record for record in self.partition._outgoing if record.topic.endswith(".dead")]

    @property
    def tally(self) -> dict[str, int]:
        """What was counted; how the fuse stands is left out."""
        counted = self.partition.tallies[INPUT].items()
        return {name: count for name, count in counted if count and name not in {"failing", "behind"}}

    @property
    def replays(self) -> dict[str, int]:
        """What became of replayed records."""
        return dict(self.partition.tallies[REPLAY])


def replayed(source: int, offset: int = 0, key: bytes | None = b"room") -> Record:
    """The record of the input at this offset as it lies on the replay topic."""
    place = {"id": "plan", "topic": INPUT.topic, "partition": str(INPUT.partition), "offset": str(source)}
    headers = (("ce_id", b"1"), *((f"replay.{name}", text.encode()) for name, text in place.items()))
    return Record(offset, str(source).encode(), key, headers)


def naming_the_head(partition: Partition, act: str, key: bytes = b"room") -> bytes:
    """The command of an operator who sees what waits of a key as it is now."""
    head = partition.parking.behind(key)[0]
    return json.dumps({"act": act, "by": "operator", "sequence": head.sequence, "attempt": head.attempt}).encode()


def reservation(name: str) -> ReservationCreated:
    return at(8, asked(name, 9, 10))
