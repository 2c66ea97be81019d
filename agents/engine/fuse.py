"""When a group stops by itself: a bad deploy must not empty a topic into the dead letters."""

from __future__ import annotations

import math
import sys
from collections import Counter, deque
from dataclasses import dataclass
from itertools import repeat


@dataclass(frozen=True)
class Limits:
    """What a partition may fail of. `run`: events in a row, those that wait behind failed ones of at least `keys` keys included
    (a single key may wait as long as it likes). `share`: part of the last `window` events that were tried.

    `parked`, `parked_bytes`: what may wait behind failed events; it is held in memory.
    """

    run: int = 20
    keys: int = 5
    share: float = 0.5
    window: int = 200
    parked: int = 20_000
    parked_bytes: int = 64 * 1024 * 1024

    @classmethod
    def off(cls) -> Limits:
        """For one start, when people have decided that what fails shall become dead letters. Memory keeps its bounds."""
        return cls(run=sys.maxsize, share=math.inf)

    @property
    def is_off(self) -> bool:
        return self.run == sys.maxsize


class Fuse:
    """Outcomes of one input partition. Parked and ignored records are not tried, so they say nothing.

    What happened since the last good event is in `run`, as "failing" and "behind": a tally, which is committed with the offset.
    """

    def __init__(self, limits: Limits, run: Counter[str] | None = None) -> None:
        self._limits = limits
        self._run = Counter() if run is None else run
        self._recent: deque[bool] = deque(maxlen=limits.window)

    @property
    def failed(self) -> int:
        return self._run["failing"]

    def good(self, count: int = 1) -> None:
        if count:
            if self._run["failing"] or self._run["behind"]:
                self._run["failing"] = self._run["behind"] = 0
            self._recent.extend(repeat(False, min(count, self._limits.window)))

    def bad(self) -> None:
        if not self._limits.is_off:
            self._run["failing"] += 1
        self._recent.append(True)

    def parked(self) -> None:
        """One more waits behind a failed one of its key."""
        if not self._limits.is_off:
            self._run["behind"] += 1

    def blown_by(self, failed: int, waiting: int = 0) -> str | None:
        """Why to stop, were so many more to fail or wait; None to go on."""
        run, behind = self.failed + failed, self._run["behind"] + waiting
        bad, seen = sum(self._recent) + failed, len(self._recent) + failed
        if run >= self._limits.run:
            return f"{run} events in a row failed"
        if run >= self._limits.keys and run + behind >= self._limits.run:
            return f"{run} events in a row failed and {behind} wait behind them"
        if seen >= self._limits.window and bad > self._limits.share * self._limits.window:
            return f"{bad} of the last {self._limits.window} events failed"
        return None
