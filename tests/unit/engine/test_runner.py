"""A slice of events through the runner, without a broker: what is applied, what is set aside, what is owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from faust.types import TP
from msgspec import Struct

from agents.domain import Domain
from agents.engine.consuming import Batch
from agents.engine.decoding import Bad
from agents.engine.encoding import Encoding
from agents.engine.partition import Partition, Tally
from agents.engine.runner import Runner
from agents.state import State, Table
from bookly.catalog import EVENTS
from bookly.errors import MalformedBytes
from bookly.records.availability import ReservationConfirmed, ReservationCreated
from tests.unit.clock import at
from tests.unit.facts import asked

if TYPE_CHECKING:
    from collections.abc import Iterable

INPUT = TP("bookly.availability", 2)


class Count(Struct, frozen=True):
    count: int = 0


class Counting(State):
    counts = Table("counts", Count)


def count_reservation(event: ReservationCreated, state: Counting) -> None:
    """Counts, and fails for reservations called bad, after it has changed its table and emitted an event."""
    state.counts[event.resource_id] = Count(state.counts.get(event.resource_id, Count()).count + 1)
    state.emit(ReservationConfirmed(event.reservation_id, event.resource_id, event.user_id, "apr-1", True, 1, 2))
    if event.reservation_id == "bad":
        raise ValueError("a bug in the handler")


@dataclass
class Record:
    """What aiokafka hands over."""

    offset: int
    value: bytes | None = b"bytes"
    key: bytes = b"room"
    topic: str = INPUT.topic
    partition: int = INPUT.partition
    headers: tuple[tuple[str, bytes], ...] = (("ce_id", b"1"),)


@dataclass
class Decoded:
    events: list[Any]

    async def decode(self, records: Any) -> list[Any]:
        return [self.events[record.offset] for record in records]


@dataclass
class Stale:
    asked_for: list[Any] = field(default_factory=list)

    def tags(self, group: str, events: Iterable[Any]) -> set[str]:
        return {event.resource_id for event in events}


async def run(*events: Any, done_up_to: int = 0) -> Partition:
    """One slice, from offset 0 on, through the runner; the partition that it changed, which had come so far before."""
    domain = Domain.of("availability", Counting, (count_reservation,))
    encoding = Encoding({spec.type.value: 1 for spec in EVENTS.values()}, 4)
    runner = Runner(domain, "", cast("Any", Decoded(list(events))), encoding, cast("Any", Stale()))
    partition = runner.partitions[INPUT.partition] = Partition(domain, INPUT.partition)
    partition.resume_from(INPUT, done_up_to, "")
    records = [Record(offset) for offset in range(len(events))]
    await runner._apply(Batch(INPUT, cast("Any", records), len(events) + 1, 0))
    return partition


def reservation(name: str) -> ReservationCreated:
    return at(8, asked(name, 9, 10))


async def test_good_events_are_applied_and_their_rows_and_events_are_owed() -> None:
    partition = await run(reservation("one"), reservation("two"))
    [(_, row)] = partition.rows["counts"].items()
    assert row == Count(2)
    assert [record.topic for record in partition._outgoing] == ["bookly.availability", "bookly.availability"]
    assert len(list(partition._changelog_records())) == 1, "one record a dirty key, however often it changed"
    assert partition.offsets == {INPUT: 3}
    assert partition.owes


async def test_an_event_whose_handler_raises_leaves_no_trace_but_its_dead_letter() -> None:
    partition = await run(reservation("one"), reservation("bad"), reservation("two"))
    [(_, row)] = partition.rows["counts"].items()
    assert row == Count(2), "what the handler did before it raised is gone"
    by_topic = sorted(record.topic for record in partition._outgoing)
    assert by_topic == ["bookly.availability", "bookly.availability", "bookly.availability.dead"]
    assert partition.tallies[INPUT] == Tally(applied=2, ignored=0, dead=1, repeats=0)


async def test_a_dead_letter_says_why_where_and_keeps_bytes_and_headers() -> None:
    partition = await run(reservation("bad"))
    [letter] = partition._outgoing
    headers = dict(letter.headers)
    assert (letter.value, letter.key, letter.partition) == (b"bytes", b"room", INPUT.partition)
    assert headers["ce_id"] == b"1"
    assert headers["dead.reason"] == b"HANDLER_RAISED"
    assert headers["dead.handler"] == b"count_reservation"
    assert headers["dead.error"] == b"ValueError: a bug in the handler"
    assert (headers["dead.topic"], headers["dead.partition"], headers["dead.offset"]) == (b"bookly.availability", b"2", b"0")


@pytest.mark.parametrize("reason", ["MALFORMED", "UNKNOWN_SCHEMA"])
async def test_what_is_no_event_is_set_aside_and_its_neighbours_are_applied(reason: str) -> None:
    partition = await run(reservation("one"), Bad(reason, MalformedBytes("no event")), reservation("two"))
    [(_, row)] = partition.rows["counts"].items()
    assert row == Count(2)
    [letter] = [record for record in partition._outgoing if record.topic.endswith(".dead")]
    assert dict(letter.headers)["dead.reason"] == reason.encode()


async def test_only_markers_make_no_commit_urgent() -> None:
    partition = await run()
    assert partition.offsets == {INPUT: 1}
    assert partition.moved
    assert not partition.owes


async def test_what_was_fetched_before_a_rebalance_and_committed_since_is_not_applied_again() -> None:
    partition = await run(reservation("one"), reservation("two"), reservation("three"), done_up_to=2)
    [(_, row)] = partition.rows["counts"].items()
    assert row == Count(1)
    assert partition.offsets == {INPUT: 4}
    again = await run(reservation("one"), reservation("two"), done_up_to=3)
    assert not again.rows["counts"]
    assert not again.offsets
    assert not again.owes
