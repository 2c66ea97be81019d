"""Two relays share the keys; one that dies, ends or is halted leaves its own to the other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from bookly.outbox.claims import AdvisoryLocks
from tests.integration.outbox.world import by_key, write
from tests.integration.outbox.writers import Writers

if TYPE_CHECKING:
    from tests.integration.outbox.processes import RelayProcess
    from tests.integration.outbox.world import Database, World

PUBLISHED, SHARDS = "bookly_outbox_published_total", "bookly_outbox_shards"


def shards(relay: RelayProcess, count: float) -> bool:
    return relay.figure(SHARDS) == count


def test_as_long_as_nobody_dies_each_event_is_written_once(postgresql_world: World) -> None:
    """The second joins while the first is at work, and leaves again: shards change hands without a repeat."""
    world = postgresql_world
    first = world.relay()
    with Writers(world.database, seed=3):
        world.wait_for("the first has all", lambda: shards(first, 64) and world.read())
        second = world.relay()
        world.wait_for("half of them are the other's", lambda: shards(first, 32) and shards(second, 32))
        world.wait_for("the second publishes, too", lambda: second.figure(PUBLISHED) > 100)
        assert second.stop() == 0
        world.wait_for("the first has all again", lambda: shards(first, 64))
    world.wait_until_empty()
    committed = world.database.committed()
    assert by_key(world.read()) == committed
    assert len(world.read()) == sum(map(len, committed.values()))


def test_a_dead_relays_keys_are_taken_over_at_once(postgresql_world: World) -> None:
    first, second = (postgresql_world.relay("--lease", "600") for _ in range(2))
    postgresql_world.wait_for("they share", lambda: shards(first, 32) and shards(second, 32))
    first.kill()
    postgresql_world.wait_for("the second has all", lambda: shards(second, 64))


def test_a_relay_that_is_halted_while_idle_holds_nothing_up(world: World) -> None:
    first = world.relay("--lease", "2")
    world.wait_for("it has all", lambda: shards(first, 64))
    first.halt()
    with Writers(world.database, seed=4, count=2):
        _taken_over(world, first)
    _nothing_is_amiss(world, first)


def test_a_relay_that_is_halted_at_work_does_no_harm_when_it_goes_on(postgresql_world: World) -> None:
    """On PostgreSQL alone: who is halted in the middle of writing to an SQLite file has locked it for everybody."""
    world = postgresql_world
    first = world.relay("--lease", "2")
    with Writers(world.database, seed=4, count=2):
        world.wait_for("it publishes", lambda: first.figure(PUBLISHED) > 50)
        first.halt()
        _taken_over(world, first)
    _nothing_is_amiss(world, first)


def test_the_server_ends_the_session_of_a_relay_that_asks_nothing_any_more(on_postgresql: Database) -> None:
    """In the middle of a transaction or between two: a halted process does not say which."""
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    for within in (True, False):
        locks, halted = AdvisoryLocks(1.0), on_postgresql.engine.connect()
        with halted.begin():
            locks.enter(halted)
            locks.renew(halted, [])
        if within:
            halted.begin()
            halted.execute(text("SELECT 1"))
        with on_postgresql.engine.connect() as other:
            assert other.execute(held).scalar_one() == 65
            until = time.monotonic() + 20
            while other.execute(held).scalar_one():
                other.rollback()
                assert time.monotonic() < until, f"its locks are held, {within=}"
        halted.invalidate()
        halted.close()


def _taken_over(world: World, halted: RelayProcess) -> None:
    second = world.relay("--lease", "2")
    world.wait_for("the second has taken over", lambda: second.figure(PUBLISHED) > 50)
    halted.resume()
    world.wait_for("the first is back", lambda: halted.figure(SHARDS) >= 0)


def _nothing_is_amiss(world: World, resumed: RelayProcess) -> None:
    world.wait_until_empty()
    assert by_key(world.read()) == world.database.committed()
    assert [relay.stop() for relay in world.relays] == [0, 0]
    assert not resumed.is_alive


def test_a_relay_that_is_told_to_end_leaves_nothing_half_done(world: World) -> None:
    with Writers(world.database, seed=5, count=2):
        for _ in range(3):
            relay = world.relay()
            world.wait_for_more(1)
            assert relay.stop() == 0
    world.relay()
    world.wait_until_empty()
    committed = world.database.committed()
    assert by_key(world.read()) == committed
    assert len(world.read()) == sum(map(len, committed.values()))


def test_only_one_relay_at_a_time_publishes_a_file(sqlite_world: World) -> None:
    first = sqlite_world.relay()
    sqlite_world.wait_for("the first has all", lambda: shards(first, 64))
    second = sqlite_world.relay()
    sqlite_world.wait_for("the second has looked", lambda: second.figure("bookly_outbox_events") == 0)
    assert shards(second, 0)
    with sqlite_world.database.engine.begin() as connection:
        write(connection, 1, "room-1")
    sqlite_world.wait_until_empty()
    assert (first.figure(PUBLISHED), second.figure(PUBLISHED)) == (1, 0)
    assert first.stop() == 0
    sqlite_world.wait_for("the second takes over at once", lambda: shards(second, 64))
