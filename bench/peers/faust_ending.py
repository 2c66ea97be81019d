"""How a fold on stock Faust ends: it acknowledges the last event after the agent's body, and commits only on its own time."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.peers.stopwatch import Task

PAUSE_S = 0.005


def commit_all(app: Any, task: Task, then: Callable[[], None]) -> None:
    """In the background: commit until all of the topic is committed; then end the process at once."""

    async def ending() -> None:
        committed: dict[Any, int] = app.consumer._committed_offset  # it has no public name
        while sum(offset or 0 for tp, offset in committed.items() if tp.topic == task.topic) < task.events:
            await app.consumer.commit()
            await asyncio.sleep(PAUSE_S)
        then()
        os._exit(0)

    app.add_future(ending())
