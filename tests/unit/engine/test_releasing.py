"""A command is for the head that its sender saw. Where another is the head by now nothing changes, and the log says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.unit.engine import world as here
from tests.unit.engine.world import CONTROL, World, naming_the_head, reservation

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def bugs() -> Iterator[None]:
    here.broken.update({"bad", "worse"})
    yield
    here.broken.clear()
    here.broken.add("bad")


async def given_two_failures_of_a_key_with_a_good_one_between_them() -> World:
    world = World()
    await world.send(reservation("bad"), reservation("good"), reservation("worse"), reservation("last"))
    await world.wait_in_vain()
    return world


def waiting(world: World) -> list[tuple[bytes | None, int]]:
    return [(parked.value, parked.attempt) for parked in world.partition.parking.behind(b"room")]


async def test_a_skip_that_comes_twice_drops_one_event() -> None:
    world = await given_two_failures_of_a_key_with_a_good_one_between_them()
    skip = naming_the_head(world.partition, "skip")
    await world.command(skip)
    await world.command(skip)
    assert waiting(world) == [(b"2", 1), (b"3", 0)]
    assert world.count == 1
    await world.command(naming_the_head(world.partition, "skip"))
    assert (waiting(world), world.count) == ([], 2)


async def test_a_retry_that_comes_twice_is_one_attempt() -> None:
    world = await given_two_failures_of_a_key_with_a_good_one_between_them()
    retry = naming_the_head(world.partition, "retry")
    await world.command(retry)
    await world.command(retry)
    assert waiting(world)[0] == (b"0", 2)
    assert len(world.letters) == 2


async def test_who_skips_what_has_failed_again_meanwhile_has_not_seen_why() -> None:
    world = await given_two_failures_of_a_key_with_a_good_one_between_them()
    skip = naming_the_head(world.partition, "skip")
    await world.command(naming_the_head(world.partition, "retry"))
    await world.command(skip)
    assert [value for value, _ in waiting(world)] == [b"0", b"1", b"2", b"3"]


async def test_a_refused_command_is_done_with_and_the_log_says_what_was_named_and_what_is_there() -> None:
    world = await given_two_failures_of_a_key_with_a_good_one_between_them()
    first, _, second, _ = world.partition.parking.behind(b"room")
    skip = naming_the_head(world.partition, "skip")
    await world.command(skip)
    letters = len(world.letters)
    with capture_logs() as lines:
        await world.command(skip)
    about = {
        "key": "b'room'",
        "act": "skip",
        "by": "operator",
        "why": "",
        "named": (first.sequence, 1),
        "head": (second.sequence, 1),
    }
    assert lines == [{"event": "not the head", "log_level": "warning", **about}]
    assert world.partition.offsets[CONTROL] == 2
    assert world.partition.tallies[CONTROL] == {"applied": 2}
    assert len(world.letters) == letters


async def test_a_command_for_a_key_that_flows_again_finds_no_head() -> None:
    world = await given_two_failures_of_a_key_with_a_good_one_between_them()
    here.broken.clear()
    retry = naming_the_head(world.partition, "retry")
    await world.command(retry)
    with capture_logs() as lines:
        await world.command(retry)
    assert [(line["event"], line["head"]) for line in lines] == [("not the head", None)]
    assert world.count == 4
