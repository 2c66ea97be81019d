"""How Faust is told to be, where it would otherwise be something else."""

from __future__ import annotations

from typing import Any, cast

from agents.engine.app import QUEUED_SLICES, build
from agents.engine.runner import Runner
from tests.unit.engine.world import DOMAIN


async def test_what_is_fetched_and_not_applied_is_bounded_so_that_a_backlog_stays_on_the_broker() -> None:
    app = build(DOMAIN, "127.0.0.1:1", cast("Runner", None), 4)
    queue: Any = app.agents[DOMAIN.name].stream().channel.queue
    for _ in range(QUEUED_SLICES):
        queue.put_nowait("a slice")
    assert queue.full()
