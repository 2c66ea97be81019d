"""When a group stops by itself."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from agents.engine import applying
from agents.engine.fatal import EXIT_DATA
from agents.engine.fuse import Fuse, Limits
from tests.unit.engine import world as here
from tests.unit.engine.world import INPUT, World, reservation


class Stopped(Exception):
    pass


@pytest.fixture(autouse=True)
def stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(reason: str, error: Any = None, *, code: int = 70) -> NoReturn:
        raise Stopped(reason, code)

    monkeypatch.setattr(applying, "stop_process", stop)


async def test_a_handler_that_raises_on_every_event_stops_the_group_before_anything_is_set_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(Limits(run=3))
    await world.send(reservation("one"), key=b"good")
    monkeypatch.setattr(here, "broken", {"a", "b", "c"})
    await world.send(reservation("a"), key=b"1")
    await world.send(reservation("b"), key=b"2")
    with pytest.raises(
        Stopped, match=r"3 events in a row failed on bookly.availability partition 2, from offset 1 on"
    ) as stopped:
        await world.send(reservation("c"), key=b"3")
    assert stopped.value.args[1] == EXIT_DATA
    assert world.partition.offsets == {INPUT: 1}, "nothing behind the last good event is to be committed"
    assert world.letters == []


def test_what_waited_before_a_good_event_does_not_count_with_what_fails_after_it() -> None:
    fuse = Fuse(Limits())
    for _ in range(30):
        fuse.parked()
    fuse.good()
    assert fuse.blown_by(Limits.keys) is None


async def test_a_slow_trickle_of_failing_events_stops_the_group_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Limits(run=3))
    monkeypatch.setattr(here, "broken", {"a"})
    for key in (b"1", b"2"):
        await world.send(reservation("a"), key=key)
        await world.wait_in_vain()
    with pytest.raises(Stopped, match="3 events in a row"):
        await world.send(reservation("a"), key=b"3")


async def test_a_restart_does_not_forget_what_failed_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "broken", {"a"})
    world = World(Limits(run=3))
    for key in (b"1", b"2"):
        await world.send(reservation("a"), key=key)
        await world.wait_in_vain()
    committed = str(world.partition.tallies[INPUT])
    restarted = World(Limits(run=3))
    restarted.partition.resume_from(INPUT, 0, committed)
    with pytest.raises(Stopped, match="3 events in a row"):
        await restarted.send(reservation("a"), key=b"3")


async def test_a_good_event_ends_the_run_for_those_who_come_after_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "broken", {"a"})
    world = World(Limits(run=2))
    await world.send(reservation("a"), key=b"1")
    await world.wait_in_vain()
    await world.send(reservation("good"), key=b"2")
    restarted = World(Limits(run=2))
    restarted.partition.resume_from(INPUT, 0, str(world.partition.tallies[INPUT]))
    await restarted.send(reservation("a"), key=b"3")


async def test_what_an_open_fuse_let_through_does_not_stop_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "broken", {"a"})
    world = World(Limits.off())
    for key in (b"1", b"2", b"3"):
        await world.send(reservation("a"), key=key)
        await world.wait_in_vain()
    assert world.tally["dead"] == 3
    assert world.partition.tallies[INPUT]["failing"] == 0


async def test_one_failed_key_with_many_behind_it_is_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Limits(run=3))
    await world.send(*[reservation("bad") for _ in range(10)])
    await world.wait_in_vain()
    assert len(world.letters) == 1


async def test_a_bad_deploy_with_few_keys_stops_the_group_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Limits(run=8, keys=3))
    monkeypatch.setattr(here, "broken", {"a"})
    for key in (b"1", b"2", b"3"):
        await world.send(reservation("a"), key=key)
    with pytest.raises(Stopped, match="3 events in a row failed and 5 wait behind them"):
        await world.send(*[reservation("a") for _ in range(5)], key=b"1")
    assert world.letters == []


async def test_more_than_memory_is_for_stops_the_group() -> None:
    world = World(Limits(parked=4))
    await world.send(*[reservation("bad") for _ in range(5)])
    with pytest.raises(Stopped, match="5 records of partition 2 wait behind failed ones"):
        await world.wait_in_vain()


def test_half_of_the_last_events_failed() -> None:
    fuse = Fuse(Limits(run=100, share=0.5, window=10))
    for _ in range(5):
        fuse.good()
        fuse.bad()
    assert fuse.blown_by(0) is None
    assert fuse.blown_by(1) == "6 of the last 10 events failed"
    fuse.good(1_000)
    assert fuse.blown_by(5) is None


def test_the_fuse_can_be_taken_out_for_one_start() -> None:
    fuse = Fuse(Limits.off())
    for _ in range(1_000):
        fuse.bad()
    assert fuse.blown_by(1_000) is None
