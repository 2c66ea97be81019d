"""Ends a process that stands still, from a thread outside of the event loop: a stuck loop cannot judge itself.

What was not committed is redone by whoever takes the partitions over, so ending is always right; standing still never is.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING

import structlog

from agents.engine.fatal import stop_process
from agents.engine.pulse import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.engine.pulse import Pulse

log = structlog.get_logger(__name__)
LOOK_S = 1.0
STILL_S = 30.0  # work is there, and nothing was finished for so long
LOOP_S = 10.0  # the event loop did not turn for so long
DRAIN_S = 20.0  # from SIGTERM to the end of the process


class Watchdog(threading.Thread):
    """`behind`: whether records wait to be applied. Asked from this thread; must not block."""

    def __init__(
        self,
        pulse: Pulse,
        behind: Callable[[], bool],
        *,
        still_s: float = STILL_S,
        loop_s: float = LOOP_S,
        look_s: float = LOOK_S,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._pulse, self._behind = pulse, behind
        self._still_s, self._loop_s, self._look_s = still_s, loop_s, look_s
        self._must_end_by: float | None = None
        self._behind_since: float | None = None

    def must_end_within(self, seconds: float) -> None:
        """From now on the process has so long to end by itself."""
        self._must_end_by = time.monotonic() + seconds

    def run(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(self._look_s)
            now = time.monotonic()
            if now - looked > 3 * self._look_s + 1.0:  # this thread did not run either: the process was stopped
                self._pulse.restart()
                self._behind_since = None
            looked = now
            self.look(now)
            why = self.verdict(now)
            if why is not None:
                log.critical("standing still", reason=why, stacks=stacks())
                stop_process(why)

    def look(self, now: float) -> None:
        """Note since when records wait: a worker that had nothing to do for hours has not stood still."""
        self._behind_since = (self._behind_since or now) if self._behind() else None

    def verdict(self, now: float) -> str | None:
        """Why the process has to end; None while it does what it should."""
        pulse = self._pulse
        if self._must_end_by is not None and now > self._must_end_by:
            return "the process was told to end and did not within its time; what is not committed is redone elsewhere"
        if pulse.phase is not Phase.STARTING and now - pulse.looped > self._loop_s:
            return f"the event loop has not turned for {now - pulse.looped:.0f} s: a handler blocks it, or computes too long"
        if pulse.phase is Phase.RECOVERING and now - pulse.moved > self._still_s:
            return f"taking partitions over has made no progress for {now - pulse.moved:.0f} s"
        if self._behind_since is not None and (still := now - max(pulse.moved, self._behind_since)) > self._still_s:
            return f"records wait and none was finished for {still:.0f} s"
        return None


def stacks() -> str:
    """Where every thread is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    frames = sys._current_frames()
    return "\n".join(f"{names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}" for ident, frame in frames.items())
