"""A handler knows when the log took the event at hand, by the broker's clock: in a slice, one by one, released, and by time."""

from __future__ import annotations

from agents.domain import Domain
from agents.rebuild.folding import Fold
from agents.state import State, Table
from bookly.records.availability import ReservationCreated
from tests.unit.engine.world import CONTROL, Count, Record, World, naming_the_head, reservation

broken = {"bad"}
CLOCK = 90_000


class Written(State):
    times = Table("times", Count)


def note(event: ReservationCreated, state: Written) -> None:
    if event.reservation_id in broken:
        raise ValueError("a bug in the handler")
    state.times[event.reservation_id] = Count(state.written_at or 0)


def note_the_clock(_: int, state: Written) -> None:
    state.times["clock"] = Count(state.written_at or 0)


DOMAIN = Domain.of("availability", Written, (note,), clock=note_the_clock)


async def written(world: World, *names: str) -> dict[str, int]:
    """What was noted when these have been read; each was written a millisecond after the one before it."""
    world.events += [reservation(name) for name in names]
    records = [Record(offset, str(offset).encode(), name.encode(), timestamp=offset + 1) for offset, name in enumerate(names)]
    await world.give(records, len(records))
    return times(world)


def times(world: World) -> dict[str, int]:
    return {key: row.count for key, row in world.partition.rows["times"].items()}


async def test_of_each_event_of_a_slice() -> None:
    assert await written(World(domain=DOMAIN), "r-1", "r-2") == {"r-1": 1_000, "r-2": 2_000}


async def test_of_each_though_one_fails_and_of_a_released_one_when_it_was_released() -> None:
    world = World(domain=DOMAIN)
    assert await written(world, "r-1", "bad", "r-3") == {"r-1": 1_000, "r-3": 3_000}
    command = Record(0, naming_the_head(world.partition, "retry", b"bad"), b"bad", timestamp=50)
    broken.clear()
    await world.give([command], 1, CONTROL)
    broken.add("bad")
    assert times(world)["bad"] == 50_000


async def test_of_what_time_brings_about_it_is_that_time() -> None:
    world = World(domain=DOMAIN)
    world.runner._applying.let_time_pass(world.partition, CLOCK)
    assert times(world)["clock"] == CLOCK


def test_of_an_event_that_is_read_again() -> None:
    fold = Fold(DOMAIN)
    fold.apply(reservation("r-1"), 7_000)
    assert fold.rows["times"] == {"r-1": Count(7_000)}
