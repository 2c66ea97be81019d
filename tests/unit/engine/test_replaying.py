"""A replayed record is judged by the place that it came from: applied only where it was given up, and once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from agents.engine.decoding import Bad
from agents.engine.ledger import GivenUp, Ledger
from bookly.errors import MalformedBytes
from tests.unit.engine import world as here
from tests.unit.engine.world import INPUT, Record, World, naming_the_head, replayed, reservation

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def bug() -> Iterator[None]:
    here.broken.add("bad")
    yield
    here.broken.clear()
    here.broken.add("bad")


async def given_one_that_was_skipped() -> World:
    world = World()
    await world.send(reservation("one"), reservation("bad"), reservation("three"))
    await world.wait_in_vain()
    await world.command(naming_the_head(world.partition, "skip"))
    return world


def ledger(world: World) -> dict[str, Any]:
    """What its changelog says."""
    kept = {(one.key or b"").decode(): one.value for one in world.partition.ledger.changes()}
    return {place: json.loads(value) for place, value in kept.items() if value is not None}


def waiting(world: World) -> list[tuple[int, int]]:
    return [(parked.offset, parked.attempt) for parked in world.partition.parking.behind(b"room")]


async def test_a_skip_is_written_down_with_who_gave_up_what_and_why() -> None:
    world = await given_one_that_was_skipped()
    entry = ledger(world)["bookly.availability|2|1"]
    assert entry.pop("at") > 0
    assert entry == {
        "key": "room",
        "type": "availability.reservation.created",
        "reason": "HANDLER_RAISED",
        "handler": "count_reservation",
        "error": "ValueError: a bug in the handler",
        "by": "operator",
        "attempt": 1,
    }


async def test_a_failed_record_without_a_key_is_given_up_at_once() -> None:
    world = World()
    await world.send(Bad("MALFORMED", MalformedBytes("cut short")), reservation("bad"), key=None)
    await world.wait_in_vain()
    about = [(place, entry["key"], entry["reason"], entry["by"]) for place, entry in ledger(world).items()]
    assert about == [
        ("bookly.availability|2|0", None, "MALFORMED", "bookly-availability"),
        ("bookly.availability|2|1", None, "HANDLER_RAISED", "bookly-availability"),
    ]


async def test_what_was_given_up_is_applied_once_however_often_it_is_replayed() -> None:
    world = await given_one_that_was_skipped()
    here.broken.clear()
    for _ in range(3):
        await world.replay(*range(3))
    assert (world.count, ledger(world)) == (3, {})
    assert world.replays == {"applied": 1, "skipped": 8}


async def test_what_the_group_has_not_come_to_yet_is_left_to_it() -> None:
    world = await given_one_that_was_skipped()
    world.events.append(reservation("four"))
    await world.replay(3)
    assert (world.count, world.replays) == (2, {"ahead": 1})
    await world.give([Record(3, b"3")], 4)
    await world.replay(3)
    assert (world.count, world.replays) == (3, {"ahead": 1, "skipped": 1})


async def test_what_failed_last_and_is_held_for_a_good_one_is_ahead_as_well() -> None:
    world = World()
    await world.send(reservation("one"), reservation("bad"), reservation("three"))
    await world.replay(0, 1, 2)
    assert world.replays == {"skipped": 1, "ahead": 2}
    await world.wait_in_vain()
    await world.replay(1, 2)
    assert (world.replays, world.count) == ({"skipped": 1, "ahead": 2, "waiting": 2}, 1)


async def test_what_waits_is_left_waiting() -> None:
    world = World()
    await world.send(reservation("bad"), reservation("two"))
    await world.wait_in_vain()
    here.broken.clear()
    await world.replay(0, 1)
    assert (waiting(world), world.count, world.replays) == ([(0, 1), (1, 0)], 0, {"waiting": 2})


async def test_one_that_fails_again_heads_its_key_with_the_place_that_it_came_from() -> None:
    world = await given_one_that_was_skipped()
    await world.replay(1)
    headers = dict(world.letters[-1].headers)
    names = ("dead.topic", "dead.partition", "dead.offset", "dead.attempt")
    assert [headers[name] for name in names] == [INPUT.topic.encode(), b"2", b"1", b"2"]
    assert (waiting(world), ledger(world), world.replays) == ([(1, 2)], {}, {"dead": 1})
    await world.replay(1)
    assert (waiting(world), world.replays) == ([(1, 2)], {"dead": 1, "waiting": 1})
    await world.command(naming_the_head(world.partition, "skip"))
    assert ledger(world)["bookly.availability|2|1"]["attempt"] == 2


async def test_one_whose_key_waits_by_now_goes_behind_it() -> None:
    world = await given_one_that_was_skipped()
    await world.send(reservation("bad"))
    await world.wait_in_vain()
    here.broken.clear()
    await world.replay(1)
    assert (waiting(world), world.count, world.replays) == ([(3, 1), (1, 0)], 2, {"waiting": 1})
    await world.command(naming_the_head(world.partition, "retry"))
    assert (waiting(world), world.count) == ([], 4)


async def test_one_without_a_key_that_fails_again_is_given_up_again() -> None:
    world = World()
    await world.send(reservation("bad"), key=None)
    await world.wait_in_vain()
    await world.replay(0, key=None)
    assert (ledger(world)["bookly.availability|2|0"]["attempt"], world.replays) == (2, {"dead": 1})
    here.broken.clear()
    await world.replay(0, 0, key=None)
    assert (world.count, world.replays) == (1, {"dead": 1, "applied": 1, "skipped": 1})


async def test_a_replay_is_nothing_to_the_fuse() -> None:
    world = await given_one_that_was_skipped()
    before = dict(world.partition.tallies[INPUT])
    await world.replay(1)
    assert world.partition.tallies[INPUT] == before


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"replay.id": None}, "no header replay.id"),
        ({"replay.topic": None}, "no header replay.topic"),
        ({"replay.topic": b"bookly.availability.control"}, "no topic of events"),
        ({"replay.topic": b"bookly.availability.replay"}, "no topic of events"),
        ({"replay.topic": b"bookly.reports"}, "no topic of events"),
        ({"replay.topic": b"\xff"}, "no topic of events"),
        ({"replay.partition": b"1"}, "came from partition 1"),
        ({"replay.partition": b"two"}, "whole number"),
        ({"replay.offset": b"-1"}, "whole number"),
        ({"replay.offset": b""}, "whole number"),
        ({"replay.offset": b"9" * 5000}, "whole number"),
    ],
)
async def test_one_that_cannot_have_come_from_there_is_a_dead_letter_of_its_own_place(
    changed: dict[str, bytes | None], why: str
) -> None:
    world = await given_one_that_was_skipped()
    here.broken.clear()
    headers = {**dict(replayed(1).headers), **changed}
    record = Record(0, b"1", headers=tuple((name, value) for name, value in headers.items() if value is not None))
    await world.give([record], 1, here.REPLAY)
    letter = dict(world.letters[-1].headers)
    assert (letter["dead.topic"], letter["dead.offset"], letter["dead.reason"]) == (
        b"bookly.availability.replay",
        b"0",
        b"MALFORMED",
    )
    assert why in letter["dead.error"].decode()
    assert (world.count, world.replays, len(ledger(world))) == (2, {"dead": 1}, 1)


async def test_one_that_says_its_place_twice_is_refused() -> None:
    world = await given_one_that_was_skipped()
    here.broken.clear()
    record = replayed(1)
    await world.give([Record(0, b"1", headers=(*record.headers, ("replay.offset", b"2")))], 1, here.REPLAY)
    assert (world.count, world.replays) == (2, {"dead": 1})


def test_the_ledger_comes_back_from_its_changelog() -> None:
    kept, again = Ledger("changelog", 2), Ledger("changelog", 2)
    entry = GivenUp("room", "a.b.c", "HANDLER_RAISED", "handler", "error", "operator", 7, 1)
    for offset in (1, 2):
        kept.add(("odd|topic", 2, offset), entry)
    for record in kept.changes():
        again.restore(Record(0, record.value, record.key))
    kept.forget_changes()
    kept.take(("odd|topic", 2, 1))
    for record in kept.changes():
        again.restore(Record(0, record.value, record.key))
    assert (len(again), again.take(("odd|topic", 2, 1)), again.take(("odd|topic", 2, 2))) == (1, None, entry)
