"""What is away delays events, and holds up no transaction of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.outbox.world import by_key, write

if TYPE_CHECKING:
    from tests.integration.outbox.world import World


def test_events_are_written_while_registry_and_broker_are_away_and_published_when_they_are_back(world: World) -> None:
    world.stack.registry.pause()
    world.stack.broker.pause()
    with world.database.engine.begin() as connection:
        for number in range(20):
            write(connection, number, f"room-{number % 4}")
    relay = world.relay()
    world.wait_for("the relay has begun", lambda: relay.figure("bookly_outbox_interruptions_total") >= 0)
    assert world.database.measure().size == 20
    world.stack.broker.resume()
    world.wait_for("it waits for the registry alone", lambda: "schema registry" in relay.said())
    assert world.database.measure()[:1] == (20,)
    world.stack.registry.resume()
    world.wait_until_empty()
    assert by_key(world.read()) == world.database.committed()
    assert relay.stop() == 0


def test_a_registry_that_goes_away_later_is_not_missed(world: World) -> None:
    relay = world.relay()
    with world.database.engine.begin() as connection:
        write(connection, 1, "room-1")
    world.wait_until_empty()
    world.stack.registry.pause()
    with world.database.engine.begin() as connection:
        write(connection, 2, "room-2")
    world.wait_until_empty()
    assert by_key(world.read()) == world.database.committed()
    assert relay.is_alive


def test_a_database_that_is_away_is_waited_for(postgresql_world: World) -> None:
    world = postgresql_world
    relay = world.relay()
    world.wait_for("it has begun", lambda: relay.figure("bookly_outbox_shards") == 64)
    world.database.crash()
    world.wait_for("it noticed", lambda: relay.figure("bookly_outbox_interruptions_total") > 0)
    with world.database.engine.begin() as connection:
        write(connection, 1, "room-1")
    world.wait_until_empty()
    assert by_key(world.read()) == world.database.committed()
