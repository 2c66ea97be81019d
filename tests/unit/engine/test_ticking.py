"""What happens by time alone: when a partition is told its time, and what becomes of what it does then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from agents.domain import Domain
from agents.engine import applying, ticking
from agents.engine.fatal import EXIT_DATA
from agents.engine.fetching import Look
from agents.engine.ticking import Ticking
from bookly.records.availability import ReservationNoShow
from tests.unit.engine.world import CONTROL, INPUT, REPLAY, Count, Counting, Record, World, count_reservation, reservation

if TYPE_CHECKING:
    from agents.engine.partition import Partition

NOON = 43_200_000_000  # microseconds


def count_noons(now: int, state: Counting) -> None:
    """Once a day, and once only."""
    if now >= NOON and "noon" not in state.counts:
        missed = state.happen(ReservationNoShow("r-1", "room-1", "ann", 1, 2), "noon", NOON)
        state.counts["noon"] = Count(1)
        assert missed.metadata.occurred_at == NOON


DOMAIN = Domain.of("availability", Counting, (count_reservation,), clock=count_noons)


def world() -> World:
    made = World(domain=DOMAIN)
    for tp in (INPUT, CONTROL, REPLAY):
        made.partition.begin_at(tp, 7)
    return made


async def test_what_time_has_changed_is_owed_with_its_events_and_stale_entries_though_no_offset_moved() -> None:
    quiet = world()
    quiet.runner._applying.let_time_pass(quiet.partition, NOON)
    assert quiet.partition.is_dirty
    assert quiet.partition.is_behind
    owed = quiet.partition.take()
    assert owed is not None
    assert [record.topic for record in owed.records] == ["bookly-availability-counts-changelog", "bookly.availability"]
    assert owed.stale == {"room-1"}
    assert owed.since == NOON / 1e6
    assert quiet.partition.take() is None, "once"


async def test_such_a_commit_carries_the_offsets_as_they_stand_for_rows_without_any_are_refused_at_a_takeover() -> None:
    quiet = world()
    quiet.partition.resume_from(INPUT, 9, '{"applied":2}')
    quiet.runner._applying.let_time_pass(quiet.partition, NOON)
    owed = quiet.partition.take()
    assert owed is not None
    assert {place: (found.offset, found.metadata) for place, found in owed.places.items()} == {
        TopicPartition(*INPUT): (9, '{"applied":2}'),
        TopicPartition(*CONTROL): (7, "{}"),
        TopicPartition(*REPLAY): (7, "{}"),
    }


async def test_time_that_changes_nothing_owes_nothing() -> None:
    quiet = world()
    quiet.runner._applying.let_time_pass(quiet.partition, NOON - 1)
    assert not quiet.partition.is_dirty
    assert not quiet.partition.is_behind
    assert quiet.partition.take() is None


async def test_what_time_does_and_what_events_do_is_committed_together() -> None:
    busy = world()
    await busy.send(*(reservation(f"r-{number}") for number in range(8)))
    busy.runner._applying.let_time_pass(busy.partition, NOON)
    owed = busy.partition.take()
    assert owed is not None
    assert owed.places[TopicPartition(*INPUT)].offset == 8
    assert {record.key for record in owed.records if record.topic.endswith("changelog")} == {b"noon", b"room-1"}


async def test_doing_it_again_publishes_the_same_id() -> None:
    again = [world() for _ in range(2)]
    for each in again:
        each.runner._applying.let_time_pass(each.partition, NOON)
    first, second = (each.partition._outgoing for each in again)
    assert first == second
    assert dict(first[0].headers)["ce_id"]


async def test_a_clock_that_raises_stops_the_process_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(reason: str, error: BaseException, *, code: int) -> NoReturn:
        raise SystemExit(reason, code) from error

    def breaks(now: int, state: Counting) -> None:
        count_noons(now, state)
        raise ValueError("a bug in the clock")

    monkeypatch.setattr(applying, "stop_process", stop)
    broken = World(domain=Domain.of("availability", Counting, (), clock=breaks))
    with pytest.raises(SystemExit, match=r"what availability does by time alone failed on partition 2") as stopped:
        broken.runner._applying.let_time_pass(broken.partition, NOON)
    assert stopped.value.args[1] == EXIT_DATA
    assert not broken.partition.rows["counts"]
    assert not broken.partition._outgoing
    assert not broken.partition.is_dirty


JUST_NOW = 43_199_500  # milliseconds: half a second before NOON


class Told:
    """Remembers what time partitions were told. `looks`: at the inputs, all else was seen to be read to its end JUST_NOW."""

    def __init__(self, partition: Partition, looks: dict[TP, Look | None]) -> None:
        self.times: list[int] = []
        self._partition, self._looks = partition, looks
        self.ticking = Ticking(DOMAIN, lambda _, now: self.times.append(now), wall=lambda: NOON)

    def tick(self) -> list[int]:
        self.ticking.tick([self._partition], lambda tp: self._looks.get(tp, Look(JUST_NOW, 7)))
        return self.times


async def test_where_all_is_read_it_is_as_late_as_when_that_was_last_seen_and_never_later_than_the_wall_says() -> None:
    assert Told(world().partition, {}).tick() == [JUST_NOW * 1000]
    assert Told(world().partition, {CONTROL: Look(JUST_NOW - 9, 7)}).tick() == [(JUST_NOW - 9) * 1000]
    assert Told(world().partition, dict.fromkeys((INPUT, CONTROL, REPLAY), Look(NOON, 7))).tick() == [NOON]


async def test_while_records_wait_time_is_that_of_what_was_read_last() -> None:
    told = Told(world().partition, {INPUT: Look(JUST_NOW, 8)})
    told.ticking.read(INPUT, 5_000)
    told.ticking.read(INPUT, 4_000)
    assert told.tick() == [5_000_000]


async def test_nobody_is_told_the_time_before_it_is_known_what_waits() -> None:
    assert Told(world().partition, {CONTROL: None}).tick() == [], "nothing was fetched yet"
    assert Told(world().partition, {INPUT: Look(JUST_NOW, 8)}).tick() == [], "nothing was read yet, and something waits"


async def test_what_failed_and_is_held_is_not_read() -> None:
    held = World(domain=DOMAIN)
    held.events = [reservation("one"), reservation("bad")]
    await held.give([Record(0, b"0", timestamp=1_000), Record(1, b"1", timestamp=9_000)], 2)
    looks = {INPUT: Look(JUST_NOW, 2), CONTROL: Look(JUST_NOW, 0), REPLAY: Look(JUST_NOW, 0)}
    assert held.runner._ticking.time_of(held.partition, NOON, looks.get) == 1_000_000


def test_a_clock_is_due_about_once_a_second_and_never_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Ticking(DOMAIN, lambda *_: None)
    found = [clock.due]
    for pause_s in (60.0, 0.0):
        monkeypatch.setattr(ticking, "CLOCK_S", pause_s)
        clock.tick([], lambda _: None)
        found.append(clock.due)
    assert found == [True, False, True], "at once, and a pause later"
    assert not Ticking(World().domain, lambda *_: None).due
