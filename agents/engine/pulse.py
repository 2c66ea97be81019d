"""Signs of life of a worker, written by the event loop and read by threads outside of it: the watchdog and the health page."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class Phase(StrEnum):
    STARTING = "starting"  # not a member of the group yet
    RECOVERING = "recovering"  # takes partitions over: fences, reads changelogs
    RUNNING = "running"
    STOPPING = "stopping"


class Pulse:
    """When something was finished last (`moved`), when the event loop turned last (`looped`), and up to when nothing could be
    finished, whatever waited (`excused`). Seconds of the monotonic clock.
    """

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.loop: asyncio.AbstractEventLoop | None = None  # once it turns
        self.moved = self.looped = self.excused = time.monotonic()

    def enter(self, phase: Phase) -> None:
        """Nothing follows STOPPING."""
        if self.phase is not Phase.STOPPING:
            self.phase = phase
        self.beat()

    def beat(self) -> None:
        self.moved = time.monotonic()

    def turn(self) -> None:
        self.looped = time.monotonic()

    def excuse(self) -> None:
        """A dependency is away, and whoever waits for it has a patience of its own."""
        self.excused = time.monotonic()

    def restart(self) -> None:
        """The process itself stood still: nothing that it did not do meanwhile counts."""
        self.moved = self.looped = self.excused = time.monotonic()
