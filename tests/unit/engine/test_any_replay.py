"""Whatever is replayed, whenever and however often: each event has its effect once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from agents.engine.fuse import Limits
from tests.unit.engine import world as here
from tests.unit.engine.world import World, naming_the_head, reservation

if TYPE_CHECKING:
    from collections.abc import Sequence

Step = tuple[str, int]
steps = st.lists(st.tuples(st.sampled_from(("good", "bad", "free", "skip", "retry", "replay", "wait")), st.integers(0, 12)))


async def take(world: World, step: Step) -> None:
    what, number = step
    if what in {"good", "bad"}:
        await world.send(reservation(what))
    elif what == "free":
        await world.send(reservation("bad"), key=None)
    elif what == "replay":
        await world.replay(number)  # of one that is applied, waits, was given up, or is to come
    elif what == "wait":
        await world.wait_in_vain()
    elif b"room" in world.partition.parking:
        await world.command(naming_the_head(world.partition, what))


async def play(history: Sequence[Step]) -> World:
    world = World(Limits.off())
    for step in history:
        await take(world, step)
    await world.wait_in_vain()
    here.broken.clear()
    for _ in range(2):
        await world.replay(*range(len(world.events)))
        if b"room" in world.partition.parking:
            await world.command(naming_the_head(world.partition, "retry"))
    await world.replay(*range(len(world.events)))
    return world


@given(steps)
def test_after_a_replay_of_everything_each_event_was_applied_once(history: list[Step]) -> None:
    here.broken.add("bad")
    try:
        world = asyncio.run(play(history))
    finally:
        here.broken.add("bad")
    assert world.count == len(world.events)
    assert not world.partition.parking
    assert not world.partition.ledger
