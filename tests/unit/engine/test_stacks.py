"""Where a process stands, as its log says it."""

from __future__ import annotations

import asyncio
import re

from agents.engine.stacks import stacks


def test_the_stacks_show_this_very_line() -> None:
    assert "test_the_stacks_show_this_very_line" in stacks()


async def test_the_stacks_show_what_a_task_waits_for() -> None:
    async def inner() -> None:
        await asyncio.Event().wait()

    async def outer() -> None:
        await inner()

    task = asyncio.create_task(outer(), name="commit")
    await asyncio.sleep(0)
    shown = stacks(asyncio.get_running_loop())
    task.cancel()
    assert re.search(r"task commit: .*outer:\d+ > .*inner:\d+ > Event.wait:\d+", shown), shown
