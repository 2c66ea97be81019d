"""Ends a process that stands still, from a thread outside of the event loop: a stuck loop cannot judge itself.

What was not committed is redone by whoever takes the partitions over, so ending is always right; standing still never is.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import structlog

from agents.engine.fatal import stop_process
from agents.engine.pulse import Phase
from agents.engine.stacks import stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faust.types import TP

    from agents.engine.pulse import Pulse

log = structlog.get_logger(__name__)
LOOK_S = 1.0
STILL_S = 30.0  # work is there, and was not done for so long; a partition waits for its turn far less than that
LOOP_S = 10.0  # the event loop did not turn for so long
DRAIN_S = 20.0  # from SIGTERM, or a crash, to the end of the process


class Work(NamedTuple):
    """What there is to do. `behind`: the offset that each input partition with lag stands at."""

    behind: Mapping[TP, int]
    committing_since: float | None  # when the commit under way began


class Standing(NamedTuple):
    """A partition with lag stands at this offset since then."""

    offset: int
    since: float


class Watchdog(threading.Thread):
    """`work` is asked from this thread; it must not block."""

    def __init__(
        self,
        pulse: Pulse,
        work: Callable[[], Work],
        *,
        still_s: float = STILL_S,
        loop_s: float = LOOP_S,
        look_s: float = LOOK_S,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._pulse, self._work = pulse, work
        self._still_s, self._loop_s, self._look_s = still_s, loop_s, look_s
        self._must_end_by: float | None = None
        self._committing_since: float | None = None
        self._standing: Mapping[TP, Standing] = {}

    def must_end_within(self, seconds: float) -> None:
        """From now on the process has so long to end by itself, and is judged by nothing else: what shows that it is alive ends
        first. The first deadline holds.
        """
        if self._must_end_by is None:
            self._must_end_by = time.monotonic() + seconds

    def run(self) -> None:
        try:
            self._watch()
        except Exception as error:  # noqa: BLE001  # whatever it was: nobody would see a process that stands still
            stop_process("the watchdog failed", error)

    def _watch(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(self._look_s)
            now = time.monotonic()
            if now - looked > 3 * self._look_s + 1.0:  # this thread did not run either: the process was stopped
                self._pulse.restart()
            looked = now
            self.look(now)
            why = self.verdict(now)
            if why is not None:
                log.critical("standing still", reason=why, stacks=stacks(self._pulse.loop))
                stop_process(why)

    def look(self, now: float) -> None:
        """Note since when each partition with lag stands where it is. One without has nothing to do, for however long."""
        if self._must_end_by is not None:
            return  # what would answer is being taken down
        work = self._work()
        self._committing_since = work.committing_since
        before, standing = self._standing, {}
        for tp, offset in work.behind.items():
            known = before.get(tp)
            standing[tp] = known if known is not None and known.offset == offset else Standing(offset, now)
        self._standing = standing

    def verdict(self, now: float) -> str | None:
        """Why the process has to end; None while it does what it should."""
        pulse = self._pulse
        if self._must_end_by is not None:
            late = "the process was to end and did not within its time; what is not committed is redone elsewhere"
            return late if now > self._must_end_by else None
        if pulse.phase is not Phase.STARTING and now - pulse.looped > self._loop_s:
            return f"the event loop has not turned for {now - pulse.looped:.0f} s: a handler blocks it, or computes too long"
        if pulse.phase is Phase.RECOVERING and (still := self._still(pulse.moved, now)):
            return f"taking partitions over has made no progress for {still:.0f} s"
        if self._committing_since is not None and (still := self._still(self._committing_since, now)):
            return f"a commit has been under way for {still:.0f} s"
        for tp, (offset, since) in self._standing.items():
            if still := self._still(since, now):
                return f"{tp.topic} partition {tp.partition} has lag and has stood at offset {offset} for {still:.0f} s"
        return None

    def _still(self, since: float, now: float) -> float:
        """For how long, if it is too long, else 0. Time in which nothing could be done does not count."""
        still = now - max(since, self._pulse.excused)
        return still if still > self._still_s else 0.0
