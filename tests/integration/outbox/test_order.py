"""Events of one key are published in the order in which their transactions were committed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from bookly.outbox.tables import OUTBOX as TABLE
from tests.integration.outbox.world import OUTBOX, by_key, status, write
from tests.integration.outbox.writers import Writers
from tests.pipeline import eventually

if TYPE_CHECKING:
    from tests.integration.outbox.world import Database, World


def test_who_writes_the_same_key_waits_for_the_commit_and_nobody_else_does(on_postgresql: Database) -> None:
    """Else the later commit could have the earlier number, and a relay that looked in between would have passed it by."""
    engine = on_postgresql.engine
    second = threading.Thread(target=_write_alone, args=(on_postgresql, "room-1"))
    with engine.connect() as first:
        OUTBOX.write(first, status("room-1"))
        second.start()
        with engine.connect() as other:
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            while not other.execute(waiting).scalar_one():
                assert second.is_alive(), "it did not wait"
                other.rollback()
        _write_alone(on_postgresql, "room-2")
        with engine.connect() as reader:
            assert reader.execute(select(TABLE.c.key)).scalars().all() == ["room-2"]
        first.commit()
    second.join(30)
    with engine.connect() as reader:
        assert reader.execute(select(TABLE.c.key).order_by(TABLE.c.id)).scalars().all() == ["room-1", "room-2", "room-1"]


def _write_alone(database: Database, key: str) -> None:
    with database.engine.begin() as connection:
        OUTBOX.write(connection, status(key))


def test_numbers_of_a_key_follow_the_commits_of_concurrent_writers(on_postgresql: Database) -> None:
    """Compared with the time at which PostgreSQL says that it committed each."""
    with Writers(on_postgresql, seed=1, count=8):
        eventually(lambda: on_postgresql.measure().size >= 1_000, "a thousand events are written")
    with on_postgresql.engine.connect() as connection:
        numbered: dict[str, list[str]] = {}
        for key, event_id in connection.execute(select(TABLE.c.key, TABLE.c.event_id).order_by(TABLE.c.id)):
            numbered.setdefault(key, []).append(event_id)
    assert numbered == on_postgresql.committed()


def test_a_relay_that_reads_while_others_write_keeps_the_order_of_commits(postgresql_world: World) -> None:
    world = postgresql_world
    world.relay()
    with Writers(world.database, seed=2, count=8):
        world.wait_for("a thousand events", lambda: len(world.read()) > 1_000)
    world.wait_until_empty()
    assert by_key(world.read()) == world.database.committed()


def test_one_key_after_another_as_fast_as_it_can(world: World) -> None:
    """Many events of few keys, all there before the relay begins: more than it reads at once."""
    with world.database.engine.begin() as connection:
        for number in range(1_500):
            write(connection, number, f"room-{number % 3}")
    world.relay()
    world.wait_until_empty()
    assert by_key(world.read()) == world.database.committed()
