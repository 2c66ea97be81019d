"""Taking over, and being interrupted while doing so."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest
from faust.types import TP

import agents.engine.recovery
from agents.engine.partition import Partition
from agents.engine.pulse import Phase
from agents.engine.recovery import Revoked, _recover_offsets
from tests.unit.engine.world import CONTROL, DOMAIN, INPUT, Count, World

if TYPE_CHECKING:
    from collections.abc import Iterable


class Open:
    """Transactions that nobody has closed yet."""

    closed = 0

    async def close(self) -> None:
        Open.closed += 1


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fencing is done at once, and reading the changelogs has no end."""

    async def fence(self: Partition, _: str) -> None:
        self._transactions = cast("Any", Open())

    async def recover(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Open, "closed", 0)
    monkeypatch.setattr(Partition, "fence", fence)
    monkeypatch.setattr(agents.engine.recovery, "_recover_rows", recover)


@pytest.mark.usefixtures("slow")
async def test_partitions_that_are_revoked_while_they_are_taken_over_are_let_go_at_once() -> None:
    world = World()
    taking = asyncio.create_task(world.runner.take_over([1, 2]))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(2):  # and not only when the budget of a slice is over
        await world.runner.give_up()
    with pytest.raises(Revoked):
        await taking
    assert not world.runner.partitions
    assert Open.closed == 2, "a producer that nobody uses holds its connection for ever"


@pytest.mark.usefixtures("slow")
async def test_a_take_over_that_another_assignment_ends_closes_its_producers() -> None:
    world = World()
    taking = asyncio.create_task(world.runner.take_over([1, 2]))
    await asyncio.sleep(0.01)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert Open.closed == 2


async def test_a_worker_that_was_told_to_end_takes_nothing_over() -> None:
    world = World()
    world.runner.pulse.enter(Phase.STOPPING)
    with pytest.raises(Revoked):
        await world.runner.take_over([1])
    world.runner.pulse.enter(Phase.RUNNING)
    assert world.runner.pulse.phase is Phase.STOPPING, "else its fetcher's end would look like a crash"


class Servers:
    """What the group committed, and where its topics begin."""

    def __init__(self, committed: dict[TP, int], begins: int) -> None:
        self._committed, self._begins = committed, begins

    async def start(self) -> None:
        """Nothing to connect to."""

    close = stop = start

    async def list_consumer_group_offsets(self, _: str) -> dict[TP, Any]:
        return {tp: SimpleNamespace(offset=offset, metadata='{"applied":5}') for tp, offset in self._committed.items()}

    async def beginning_offsets(self, places: Iterable[Any]) -> dict[Any, int]:
        return dict.fromkeys(places, self._begins)


async def test_what_retention_deleted_unread_is_said_and_reading_goes_on_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = Servers({INPUT: 5}, begins=9)
    monkeypatch.setattr(agents.engine.recovery, "AIOKafkaAdminClient", lambda **_: servers)
    monkeypatch.setattr(agents.engine.recovery, "AIOKafkaConsumer", lambda **_: servers)
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(agents.engine.recovery.log, "error", lambda what, **about: said.append({"what": what, **about}))
    partition = Partition(DOMAIN, INPUT.partition)
    await _recover_offsets(DOMAIN, "", {INPUT.partition: partition})
    assert said == [{"what": "deleted unread", "topic": INPUT.topic, "partition": 2, "first": 5, "next": 9}]
    assert partition.done_up_to(INPUT) == 9
    assert partition.done_up_to(TP(DOMAIN.control, CONTROL.partition)) == 9, "never committed: nothing to miss"
    assert partition.tallies[INPUT] == {"applied": 5}


async def test_rows_without_any_offset_are_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Exception):
        pass

    def stop(reason: str, **about: Any) -> NoReturn:
        raise Stopped(reason, about)

    servers = Servers({INPUT._replace(partition=1): 5}, begins=0)
    monkeypatch.setattr(agents.engine.recovery, "AIOKafkaAdminClient", lambda **_: servers)
    monkeypatch.setattr(agents.engine.recovery, "AIOKafkaConsumer", lambda **_: servers)
    monkeypatch.setattr(agents.engine.recovery, "stop_process", stop)
    empty, full = Partition(DOMAIN, 1), Partition(DOMAIN, INPUT.partition)
    await _recover_offsets(DOMAIN, "", {1: empty, INPUT.partition: Partition(DOMAIN, INPUT.partition)})
    full.rows["counts"]["room"] = Count(7)
    with pytest.raises(Stopped, match="partition 2 of bookly-availability has rows, but no committed offset"):
        await _recover_offsets(DOMAIN, "", {1: empty, INPUT.partition: full})
