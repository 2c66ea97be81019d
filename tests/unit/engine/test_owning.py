"""Who may tell of a partition: its owner, once it has recovered it and until it gives it up."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import pytest

import agents.engine.recovery
import agents.engine.runner
from agents.engine.app import REBALANCE_S, SESSION_S
from agents.engine.owning import NotOwned, Ownership, Recovering
from agents.engine.partition import Partition
from tests.unit.engine.world import INPUT, World, reservation


@pytest.fixture
def world() -> World:
    return World()


def test_the_owner_tells_until_the_partition_is_given_up(world: World) -> None:
    owner = Ownership(world.runner, lambda: True)
    assert owner.partition(INPUT.partition) is world.partition
    with pytest.raises(NotOwned):
        owner.partition(3)
    asyncio.run(world.runner.give_up())
    with pytest.raises(NotOwned):
        owner.partition(INPUT.partition)


async def test_a_partition_is_recovering_from_when_it_is_given_until_its_rows_are_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, owner = asyncio.Event(), Ownership(world.runner, lambda: True)

    async def recovered(domain: Any, brokers: str, numbers: list[int], progress: Any) -> dict[int, Partition]:
        await read.wait()
        return {number: Partition(domain, number) for number in numbers}

    async def took_over(_: str) -> None:
        """The caches are told."""

    monkeypatch.setattr(agents.engine.runner, "take_over", recovered)
    monkeypatch.setattr(world.runner._invalidator, "took_over", took_over, raising=False)
    async with world.runner._turn:  # the slice before is still being applied
        taking = asyncio.create_task(world.runner.take_over([3]))
        await asyncio.sleep(0)
        with pytest.raises(Recovering):
            owner.partition(3)
    await asyncio.sleep(0)
    for number, error in ((3, Recovering), (1, NotOwned)):
        with pytest.raises(error):
            owner.partition(number)
    read.set()
    await taking
    assert owner.partition(3).number == 3
    assert world.runner.taking == frozenset()


async def test_whatever_happens_when_partitions_are_given_up_they_are_not_told_of_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Partition) -> NoReturn:
        raise ValueError("a row that cannot be written")

    await world.send(reservation("one"))
    monkeypatch.setattr(Partition, "take", broken)
    with pytest.raises(ValueError, match="a row that"):
        await world.runner.give_up()
    with pytest.raises(NotOwned):
        Ownership(world.runner, lambda: True).partition(INPUT.partition)


def test_a_member_that_does_not_come_back_to_its_group_loses_the_lease_before_others_get_its_partitions() -> None:
    assert REBALANCE_S > SESSION_S, "while the group rebalances no heartbeat renews it"
