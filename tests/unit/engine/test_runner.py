"""A slice of events through the runner, without a broker: what is applied, what is set aside, what is to be committed."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from agents.engine import partition
from agents.engine.decoding import Bad
from agents.engine.fatal import EXIT_DATA
from agents.engine.partition import Partition
from bookly.errors import MalformedBytes
from tests.unit.engine.world import DOMAIN, INPUT, Count, Record, World, reservation

BAD = "bad"


async def test_good_events_are_applied_and_their_rows_and_events_are_owed() -> None:
    world = World()
    await world.send(reservation("one"), reservation("two"))
    assert world.count == 2
    assert [record.topic for record in world.partition._outgoing] == ["bookly.availability", "bookly.availability"]
    assert len(list(world.partition._changelog_records())) == 1, "one record a dirty key, however often it changed"
    assert world.partition.offsets == {INPUT: 2}
    assert world.partition.is_dirty


async def test_what_is_committed_says_when_the_oldest_record_that_it_follows_from_was_written() -> None:
    world = World()
    world.events = [reservation("one"), reservation("two"), reservation("three")]
    await world.give([Record(0, b"0", timestamp=2_000), Record(1, b"1", timestamp=3_000)], 2)
    await world.give([Record(2, b"2", timestamp=1_500)], 3)
    first = world.partition.take()
    assert first is not None
    assert (first.stale, first.since) == ({"room-1"}, 1.5)
    await world.send(reservation("four"))
    second = world.partition.take()
    assert second is not None
    assert second.since == 0.0, "it begins anew with each transaction"


async def test_an_event_whose_handler_raises_leaves_no_trace_but_its_dead_letter() -> None:
    world = World()
    await world.send(reservation("one"))
    await world.send(reservation(BAD), key=b"other")
    await world.send(reservation("two"))
    [(_, row)] = world.partition.rows["counts"].items()
    assert row == Count(2), "what the handler did before it raised is gone"
    by_topic = sorted(record.topic for record in world.partition._outgoing)
    assert by_topic == ["bookly.availability", "bookly.availability", "bookly.availability.dead"]
    assert world.tally == {"applied": 2, "dead": 1}


async def test_a_dead_letter_says_why_where_and_keeps_bytes_and_headers() -> None:
    world = World()
    await world.send(reservation(BAD))
    await world.wait_in_vain()
    [letter] = world.letters
    headers = dict(letter.headers)
    assert (letter.value, letter.key, letter.partition) == (b"0", b"room", INPUT.partition)
    assert headers["ce_id"] == b"1"
    assert headers["dead.reason"] == b"HANDLER_RAISED"
    assert headers["dead.handler"] == b"count_reservation"
    assert headers["dead.error"] == b"ValueError: a bug in the handler"
    assert (headers["dead.topic"], headers["dead.partition"], headers["dead.offset"]) == (b"bookly.availability", b"2", b"0")


@pytest.mark.parametrize("reason", ["MALFORMED", "UNKNOWN_SCHEMA"])
async def test_what_is_no_event_is_set_aside_and_its_neighbours_are_applied(reason: str) -> None:
    world = World()
    await world.send(reservation("one"), Bad(reason, MalformedBytes("no event")), reservation("two"), key=None)
    assert world.count == 2
    [letter] = world.letters
    assert dict(letter.headers)["dead.reason"] == reason.encode()


async def test_only_markers_make_no_commit_urgent() -> None:
    world = World()
    await world.give([], 1)
    assert world.partition.offsets == {INPUT: 1}
    assert world.partition.is_behind
    assert not world.partition.is_dirty


async def test_what_was_fetched_before_a_rebalance_and_committed_since_is_not_applied_again() -> None:
    world = World()
    world.events = [reservation("one"), reservation("two"), reservation("three")]
    world.partition.resume_from(INPUT, 2, "")
    records = [Record(offset, str(offset).encode()) for offset in range(3)]
    await world.give(records, 4)
    assert world.count == 1
    assert world.partition.offsets == {INPUT: 4}

    again = World()
    again.partition.resume_from(INPUT, 3, "")
    await again.give(records[:2], 3)
    assert not again.partition.rows["counts"]
    assert not again.partition.offsets
    assert not again.partition.is_dirty


async def test_markers_of_a_quiet_topic_are_committed_though_another_is_busy() -> None:
    world = World()
    committed: list[set[int]] = []

    async def commit(taken: Any) -> None:
        committed.append({partition.number for partition, _ in taken})

    world.runner.committing.commit = commit  # type: ignore[method-assign]
    quiet = world.runner.partitions[3] = Partition(DOMAIN, 3)
    quiet.reached(INPUT._replace(partition=3), 7, records=0)
    await world.send(reservation("one"))
    await world.runner.committing.begin(world.runner.partitions.values())
    await world.runner.committing.settle()
    quiet.reached(INPUT._replace(partition=3), 8, records=0)
    await world.send(reservation("two"))
    await world.runner.committing.begin(world.runner.partitions.values())
    await world.runner.committing.settle()
    assert committed == [{2, 3}, {2}], "the second waits for MARKERS_S"


async def test_a_row_that_no_changelog_takes_stops_the_group_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(reason: str, *, code: int) -> NoReturn:
        raise SystemExit(reason, code)

    monkeypatch.setattr(partition, "stop_process", stop)
    monkeypatch.setattr(partition, "ROW_BYTES", len(b'{"count":1}') - 1)
    world = World()
    await world.send(reservation("one"))
    with pytest.raises(SystemExit, match=r"the row 'room-1' of availability's table counts has 11 bytes") as stopped:
        world.partition.take()
    assert stopped.value.args[1] == EXIT_DATA
