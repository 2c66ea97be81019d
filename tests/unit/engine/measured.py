"""A worker that can be asked for its metrics, without a broker."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from faust.types import TP

from agents.engine.pulse import Phase
from bookly.records.availability import ReservationConfirmed, ReservationCreated
from tests.unit.engine.world import INPUT, Count, World

if TYPE_CHECKING:
    from agents.engine.app import BooklyApp
    from bookly.cache.staleness import Staleness


def app_of(staleness: Staleness, waiting: int = 0) -> BooklyApp:
    """Of a worker that has applied three events of its first partition, of which two are committed, and has two more to read."""
    world = World()
    world.partition.begin_at(INPUT, 0)
    world.partition.tally(INPUT, applied=3, dead=1, failing=7)
    world.partition.reached(INPUT, 3, records=3)
    world.partition.rows["counts"]["room-1"] = Count(3)
    world.runner._applying.seen.update({ReservationCreated: 3, ReservationConfirmed: 1})
    world.runner.committing.took.add(0.02)
    world.runner.lagging.note(INPUT, 3, 5, time.monotonic() - 40)
    world.runner._invalidator = cast("Any", SimpleNamespace(staleness=staleness, pending=waiting))
    world.runner.pulse.enter(Phase.RUNNING)
    return cast("BooklyApp", SimpleNamespace(runner=world.runner, lag=lambda: {INPUT: 2, TP("gone", 9): 5}))
