"""Whatever comes, cut into slices anyhow, and whenever the worker dies: each event has its effect once, in its key's order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from agents.domain import Domain
from agents.engine.consuming import Batch
from agents.engine.decoding import Bad, Decoded
from agents.engine.encoding import Encoding
from agents.engine.fuse import Limits
from agents.engine.runner import Runner
from agents.state import State, Table
from bookly.catalog import EVENTS
from bookly.errors import MalformedBytes
from bookly.records.availability import ReservationConfirmed, ReservationCreated, WaitlistOffered
from tests.unit.clock import at
from tests.unit.engine.log import Log
from tests.unit.engine.world import CONTROL, INPUT, Record, Stale, naming_the_head
from tests.unit.facts import asked, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = ("a", "b", None)
KINDS = ("good", "raises", "malformed", "ignored")


class Order(Struct, frozen=True):
    """Reservations of a key in the order in which they were applied."""

    names: tuple[str, ...] = ()


class Ordering(State):
    orders = Table("orders", Order)


def note(event: ReservationCreated, state: Ordering) -> None:
    """Writes it down and tells of it; fails after that when it is one that raises."""
    order = state.orders.get(event.resource_id, Order())
    state.orders[event.resource_id] = Order((*order.names, event.reservation_id))
    state.emit(ReservationConfirmed(event.reservation_id, event.resource_id, event.user_id, "apr", True, 1, 2))
    if event.user_id == "raises":
        raise ValueError("as it always does")


DOMAIN = Domain.of("availability", Ordering, (note,))
Step = tuple[str, Any]  # what happens next: so many records are handed over or lost, a commit, a crash, patience ends


@dataclass
class Worker:
    """Runs one history through runners that die, over a log that does not."""

    history: Sequence[tuple[str | None, str]]
    log: Log = field(default_factory=Log)
    commands: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = [
            Record(offset, str(offset).encode(), None if key is None else key.encode())
            for offset, (key, _) in enumerate(self.history)
        ]
        self.start()

    async def read_again(self, tp: TP, offset: int) -> int:
        self.read = offset
        return offset

    def lose(self, count: int) -> None:
        """Records that were fetched and never handed over, as around a rebalance."""
        self.read += count

    def start(self) -> None:
        encoding = Encoding({spec.type.value: 1 for spec in EVENTS.values()}, 4)
        self.runner = Runner(DOMAIN, "", cast("Any", self), encoding, cast("Any", Stale()), Limits.off())
        self.runner._consumer = self
        self.partition = self.runner.partitions[INPUT.partition] = self.log.partition(DOMAIN, INPUT.partition)
        self.read = self.partition.done_up_to(INPUT)

    async def decode(self, values: Sequence[bytes]) -> Decoded:
        found = [self.event(int(value)) for value in values]
        bad = {index: event for index, event in enumerate(found) if isinstance(event, Bad)}
        return Decoded([None if index in bad else event for index, event in enumerate(found)], bad)

    def event(self, offset: int) -> Any:
        key, kind = self.history[offset]
        if kind == "malformed":
            return Bad("MALFORMED", MalformedBytes("cut short"))
        if kind == "ignored":
            return at(1, offered("w", resource=key or "none"))
        return at(1, asked(str(offset), 9, 10, kind, resource=key or "none"))

    async def hand_over(self, count: int) -> None:
        slice_, start = self.records[self.read : self.read + count], self.read
        self.read += len(slice_)
        await self.runner._apply(Batch(INPUT, cast("Any", slice_), start, self.read, 0))

    async def commit(self) -> None:
        transaction = self.partition.take()
        if transaction is not None:
            await self.partition.commit(transaction)

    async def lose_patience(self) -> None:
        self.runner._held = {tp: held._replace(until=0.0) for tp, held in self.runner._held.items()}
        await self.runner._let_go()

    async def skip(self, key: str) -> None:
        """An operator's command, sent twice; one that died with its worker is read again, so it is sent as what comes next."""
        command = naming_the_head(self.partition, "skip", key.encode())
        await self.obey(command, key)
        left = self.partition.parking.behind(key.encode())
        await self.obey(command, key)
        assert self.partition.parking.behind(key.encode()) == left

    async def obey(self, command: bytes, key: str) -> None:
        offset = self.partition.done_up_to(CONTROL)
        record = Record(offset, command, key.encode())
        await self.runner._apply(Batch(CONTROL, cast("Any", [record]), offset, offset + 1, 0))

    async def take(self, step: Step) -> None:
        what, how = step
        if what == "hand over":
            await self.hand_over(how)
        elif what == "commit":
            await self.commit()
        elif what == "crash":
            self.start()
        elif what == "lose":
            self.lose(how)
        elif what == "patience ends":
            await self.lose_patience()

    async def finish(self) -> None:
        while self.read < len(self.records) or self.partition.done_up_to(INPUT) != len(self.records):
            await self.hand_over(len(self.records))
            await self.lose_patience()
        await self.commit()


def applied(worker: Worker, key: str | None) -> list[int]:
    row = worker.log.partition(DOMAIN, INPUT.partition).rows["orders"].get(key or "none")
    return [int(name) for name in row.names] if row else []


def waiting(worker: Worker, key: str) -> list[int]:
    parked = worker.log.partition(DOMAIN, INPUT.partition).parking.behind(key.encode())
    return [one.offset for one in parked]


def expected(history: Sequence[tuple[str | None, str]], key: str | None) -> tuple[list[int], list[int]]:
    """Applied and waiting: all handled ones up to the first that fails, then all that follow; without a key nobody waits."""
    mine = [(offset, kind) for offset, (its, kind) in enumerate(history) if its == key and kind != "ignored"]
    if key is None:
        return [offset for offset, kind in mine if kind == "good"], []
    first = next((place for place, (_, kind) in enumerate(mine) if kind != "good"), len(mine))
    return [offset for offset, _ in mine[:first]], [offset for offset, _ in mine[first:]]


histories = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KINDS)), max_size=25)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["hand over", "hand over", "lose"]), st.integers(1, 6)),
        st.tuples(st.sampled_from(["commit", "crash", "patience ends"]), st.none()),
    ),
    max_size=30,
)


@given(histories, steps)
def test_each_event_is_applied_or_waits_once_and_in_order(history: list[tuple[str | None, str]], course: list[Step]) -> None:
    async def run() -> Worker:
        worker = Worker(history)
        for step in course:
            await worker.take(step)
        await worker.finish()
        return worker

    worker = asyncio.run(run())
    for key in KEYS:
        done, left = expected(history, key)
        assert applied(worker, key) == done
        if key is not None:
            assert waiting(worker, key) == left
    _emitted_once(worker)
    _dead_letters_are_the_failed(worker)
    tally = worker.partition.tallies[INPUT]
    assert tally["applied"] + tally["ignored"] + tally["dead"] + tally["parked"] == len(history)
    assert worker.log.offsets.get(INPUT, (0, ""))[0] == len(history)


@given(histories, steps)
def test_skipping_what_fails_until_nothing_waits_applies_all_good_events_in_order(
    history: list[tuple[str | None, str]], course: list[Step]
) -> None:
    async def run() -> Worker:
        worker = Worker(history)
        for step in course:
            await worker.take(step)
        await worker.finish()
        for key in ("a", "b"):
            while worker.partition.parking.behind(key.encode()):
                await worker.skip(key)
                await worker.commit()
                worker.start()
        return worker

    worker = asyncio.run(run())
    for key in KEYS:
        assert applied(worker, key) == [o for o, (its, kind) in enumerate(history) if its == key and kind == "good"]
    _emitted_once(worker)


def _emitted_once(worker: Worker) -> None:
    told = sum(len(entries) for (topic, _), entries in worker.log.topics.items() if topic == ReservationConfirmed.TOPIC)
    assert told == sum(len(applied(worker, key)) for key in KEYS)


def _dead_letters_are_the_failed(worker: Worker) -> None:
    letters = [int(entry.value or b"") for entry in worker.log.topics[DOMAIN.dead_letters, INPUT.partition]]
    assert len(letters) == len(set(letters))
    keyless = [o for o, (key, kind) in enumerate(worker.history) if key is None and kind in {"raises", "malformed"}]
    heads = [left[0] for key in ("a", "b") if (left := expected(worker.history, key)[1])]
    assert sorted(letters) == sorted([*keyless, *heads])


def test_the_kinds_of_this_suite_are_what_they_are_called() -> None:
    assert WaitlistOffered not in DOMAIN.handlers
    assert ReservationCreated in DOMAIN.handlers
