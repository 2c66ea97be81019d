"""Whatever is killed, and whenever: what was committed arrives, in order, and nothing else does."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

from tests.integration.outbox.world import by_key
from tests.integration.outbox.writers import Writers

if TYPE_CHECKING:
    from tests.integration.outbox.world import World

SEED = int(os.environ.get("BOOKLY_OUTBOX_SEED", "9"))
ROUNDS = int(os.environ.get("BOOKLY_OUTBOX_ROUNDS", "6"))  # 24 take minutes: BOOKLY_OUTBOX_ROUNDS=24
WORDS = ("--lease", "2")


def test_kills_of_relays_and_of_postgresql_and_a_halted_broker_lose_nothing(postgresql_world: World) -> None:
    """Two relays, four writers; in each round a relay is killed at a random moment, in some the server or the broker as well."""
    chance = random.Random(SEED)
    world = postgresql_world
    relays = [world.relay(*WORDS) for _ in range(2)]
    with Writers(world.database, SEED) as writers:
        for number in range(ROUNDS):
            world.wait_for_more(chance.randint(1, 30))
            time.sleep(chance.random() * 0.2)
            victim = chance.randrange(2)
            if number % 6 == 2:
                world.database.crash()
            if number % 6 == 4:
                world.stack.broker.pause()
                relays[victim].kill()
                time.sleep(chance.random())
                world.stack.broker.resume()
            relays[victim].kill()
            relays[victim] = world.relay(*WORDS)
    world.wait_until_empty()
    _all_is_there(world, writers)


def test_kills_of_relays_of_a_file_lose_nothing(sqlite_world: World) -> None:
    """One at a time publishes; the other takes over when the lease of a dead one has run out."""
    chance = random.Random(SEED)
    world = sqlite_world
    relays = [world.relay(*WORDS) for _ in range(2)]
    with Writers(world.database, SEED, count=2) as writers:
        for _ in range(max(2, ROUNDS // 4)):
            world.wait_for_more(chance.randint(1, 30))
            victim = chance.randrange(2)
            relays[victim].kill()
            relays[victim] = world.relay(*WORDS)
    world.wait_until_empty()
    _all_is_there(world, writers)


def _all_is_there(world: World, writers: Writers) -> None:
    committed, read = world.database.committed(), world.read()
    assert by_key(read) == committed
    assert not {record.event_id for record in read} & set(writers.rolled_back)
    assert len(read) >= sum(map(len, committed.values())) > 20 * ROUNDS
    assert writers.rolled_back
