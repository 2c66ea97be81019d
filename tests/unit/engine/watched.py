"""A watchdog and what it sees, with a clock of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from agents.engine.pulse import Phase, Pulse
from agents.engine.watchdog import Watchdog, Work

if TYPE_CHECKING:
    from faust.types import TP


class Watched:
    """A watchdog and what it sees. `at` lets the time go on, with a loop that turns."""

    def __init__(self, phase: Phase = Phase.RUNNING, behind: dict[TP, int] | None = None, *, ago: float = 0.0) -> None:
        self.pulse, self.began = Pulse(), time.monotonic() - ago
        self.pulse.phase, self.pulse.excused = phase, self.began
        self.work = Work(behind or {}, None)
        self.watchdog = Watchdog(self.pulse, lambda: self.work, still_s=30, loop_s=10)

    def at(self, seconds: float) -> str | None:
        """What it says so many seconds after it began."""
        now = self.pulse.looped = self.began + seconds
        self.watchdog.look(now)
        return self.watchdog.verdict(now)
