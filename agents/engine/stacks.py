"""Where a process stands: what a log needs to say when it is ended for standing still."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def stacks(loop: asyncio.AbstractEventLoop | None = None) -> str:
    """Every thread, and every task of the loop with what it waits for. May be asked from any thread."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    frames = sys._current_frames()
    threads = [f"{names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}" for ident, frame in frames.items()]
    tasks = asyncio.all_tasks(loop) if loop is not None else ()
    return "\n".join([*threads, *(f"task {task.get_name()}: {' > '.join(_chain(task.get_coro()))}" for task in tasks)])


def _chain(waiting: Any) -> Iterator[str]:
    """From the task's own coroutine to the innermost one that it awaits."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        yield f"{frame.f_code.co_qualname}:{frame.f_lineno}" if frame is not None else type(waiting).__name__
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
