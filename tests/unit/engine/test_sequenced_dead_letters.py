"""A key whose event failed waits; all others flow. Released, its events are applied in the order in which they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.engine.decoding import Bad
from agents.engine.parking import Parked, Parking
from bookly.errors import MalformedBytes
from tests.unit.engine import world as here
from tests.unit.engine.world import INPUT, Record, World, naming_the_head, reservation

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_COMMANDS = (
    b"",
    b"release it!",
    b'{"act":"drop","by":"me","sequence":0,"attempt":1}',
    b'{"act":"retry","sequence":0,"attempt":1}',
    b'{"act":"retry","by":"me"}',
    b'{"act":"skip","by":"me","sequence":0}',
    b'{"act":"skip","by":"me","attempt":1}',
    b'{"act":"retry","by":"me","sequence":0,"attempt":1,"x":1}',
)


@pytest.fixture(autouse=True)
def bug() -> Iterator[None]:
    here.broken.add("bad")
    yield
    here.broken.clear()
    here.broken.add("bad")


async def given_a_failed_event_and_two_behind_it() -> World:
    world = World()
    await world.send(reservation("bad"), reservation("two"), reservation("three"))
    await world.wait_in_vain()
    return world


def waiting(world: World, key: bytes = b"room") -> list[tuple[bytes | None, int]]:
    return [(parked.value, parked.attempt) for parked in world.partition.parking.behind(key)]


async def test_later_events_of_a_failed_key_wait_in_order_and_those_of_others_are_applied() -> None:
    world = await given_a_failed_event_and_two_behind_it()
    await world.send(reservation("four"), key=b"another room")
    await world.send(reservation("five"))
    assert waiting(world) == [(b"0", 1), (b"1", 0), (b"2", 0), (b"4", 0)]
    assert world.count == 1
    assert world.tally == {"applied": 1, "dead": 1, "parked": 3}


async def test_a_failed_event_in_the_middle_of_a_slice_lets_what_came_before_it_through() -> None:
    world = World()
    await world.send(reservation("one"), reservation("bad"), reservation("three"))
    await world.send(reservation("four"), key=b"another room")
    assert world.count == 2
    assert waiting(world) == [(b"1", 1), (b"2", 0)]


async def test_bytes_that_are_no_event_hold_their_key_and_a_record_without_a_key_holds_nobody() -> None:
    world = World()
    await world.send(Bad("MALFORMED", MalformedBytes("cut short")), reservation("two"))
    await world.wait_in_vain()
    assert waiting(world) == [(b"0", 1), (b"1", 0)]
    free = World()
    await free.send(Bad("MALFORMED", MalformedBytes("cut short")), reservation("two"), key=None)
    assert (free.count, len(free.partition.parking)) == (1, 0)


async def test_a_release_after_the_mend_applies_all_in_order_and_the_key_flows_again() -> None:
    world = await given_a_failed_event_and_two_behind_it()
    here.broken.clear()
    await world.command(naming_the_head(world.partition, "retry"))
    assert world.count == 3
    assert b"room" not in world.partition.parking
    assert world.tally == {"dead": 1, "parked": 2, "released": 3}
    await world.send(reservation("four"))
    assert world.count == 4


async def test_a_release_that_fails_again_is_another_dead_letter_and_nobody_overtakes() -> None:
    world = await given_a_failed_event_and_two_behind_it()
    await world.command(naming_the_head(world.partition, "retry"))
    assert waiting(world) == [(b"0", 2), (b"1", 0), (b"2", 0)]
    assert [dict(letter.headers)["dead.attempt"] for letter in world.letters] == [b"1", b"2"]
    assert world.count == 0


async def test_to_skip_leaves_the_failed_event_dead_and_applies_those_behind_it() -> None:
    world = await given_a_failed_event_and_two_behind_it()
    await world.command(naming_the_head(world.partition, "skip"))
    assert (world.count, waiting(world)) == (2, [])
    assert len(world.letters) == 1


async def test_a_release_of_what_nobody_waits_for_changes_nothing() -> None:
    world = World()
    await world.command(b'{"act":"retry","by":"operator","sequence":0,"attempt":1}', key=b"nobody")
    assert (world.count, world.letters) == (0, [])


@pytest.mark.parametrize("command", NO_COMMANDS)
async def test_a_command_that_is_none_is_a_dead_letter_and_releases_nothing(command: bytes) -> None:
    world = await given_a_failed_event_and_two_behind_it()
    await world.command(command)
    assert len(waiting(world)) == 3
    assert dict(world.letters[-1].headers)["dead.topic"] == b"bookly.availability.control"


async def test_what_waits_survives_its_changelog() -> None:
    world = await given_a_failed_event_and_two_behind_it()
    changes = list(world.partition.parking.changes())
    again = Parking(changes[0].topic, 2)
    for offset, record in enumerate(changes):
        again.restore(Record(offset, record.value, record.key, tuple(record.headers)))
    assert again.behind(b"room") == world.partition.parking.behind(b"room")
    assert (len(again), again.size) == (3, 3)
    assert again.reserve(1) == world.partition.parking.reserve(1)


async def test_what_was_released_leaves_tombstones_and_is_gone_after_a_recovery() -> None:
    world = await given_a_failed_event_and_two_behind_it()
    again = Parking("changelog", 2)
    for record in world.partition.parking.changes():
        again.restore(Record(0, record.value, record.key, tuple(record.headers)))
    world.partition.parking.forget_changes()
    await world.command(naming_the_head(world.partition, "skip"))
    for record in world.partition.parking.changes():
        assert record.value is None
        again.restore(Record(0, None, record.key))
    assert not again


async def test_a_tombstone_that_failed_comes_back_as_a_tombstone() -> None:
    world = World()
    world.events.append(Bad("MALFORMED", MalformedBytes("no value")))
    parking = world.partition.parking
    parking.put(here_parked := _parked(None))
    again = Parking("changelog", 2)
    for record in parking.changes():
        assert record.value is not None, "a tombstone in the changelog would forget it"
        again.restore(Record(0, record.value, record.key, tuple(record.headers)))
    assert again.behind(b"room") == [here_parked]


async def test_failed_events_at_the_end_wait_for_a_good_one_and_nothing_behind_the_last_good_is_owed() -> None:
    world = World()
    await world.send(reservation("one"), key=b"another room")
    await world.send(reservation("bad"))
    assert world.partition.offsets == {INPUT: 1}
    assert world.letters == []
    await world.send(reservation("three"), key=b"another room")
    assert world.partition.offsets == {INPUT: 3}
    assert len(world.letters) == 1


async def test_failed_events_at_the_end_are_set_aside_when_no_good_one_comes() -> None:
    world = World()
    await world.send(reservation("bad"))
    await world.wait_in_vain()
    assert world.partition.offsets == {INPUT: 1}
    assert len(world.letters) == 1
    assert world.runner._held == {}


def _parked(value: bytes | None) -> Parked:
    return Parked.of(INPUT, Record(7, value), 3, 1)


async def test_what_failed_behind_a_good_event_waits_its_own_time() -> None:
    world = World()
    await world.send(reservation("bad"), key=b"one")
    held = world.runner._held[INPUT]
    world.runner._held[INPUT] = held._replace(until=held.until - 0.5)
    await world.send(reservation("good"), reservation("bad"), key=b"two")
    assert world.runner._held[INPUT].until > held.until, "else it would be set aside sooner, and the fuse blow later"
