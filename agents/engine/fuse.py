"""When a group stops by itself: a bad deploy must not empty a topic into the dead letters."""

from __future__ import annotations

import math
import sys
from collections import deque
from dataclasses import dataclass
from itertools import repeat


@dataclass(frozen=True)
class Limits:
    """What a partition may fail of. `run`: events in a row. `share`: part of the last `window` events that were tried.

    `parked`, `parked_bytes`: what may wait behind failed events; it is held in memory.
    """

    run: int = 20
    share: float = 0.5
    window: int = 200
    parked: int = 20_000
    parked_bytes: int = 64 * 1024 * 1024

    @classmethod
    def off(cls) -> Limits:
        """For one start, when people have decided that what fails shall become dead letters. Memory keeps its bounds."""
        return cls(run=sys.maxsize, share=math.inf)


class Fuse:
    """Outcomes of one input partition. Parked and ignored records are not tried, so they say nothing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._run = 0
        self._recent: deque[bool] = deque(maxlen=limits.window)

    def good(self, count: int = 1) -> None:
        if count:
            self._run = 0
            self._recent.extend(repeat(False, min(count, self._limits.window)))

    def bad(self) -> None:
        self._run += 1
        self._recent.append(True)

    def blown_by(self, pending: int) -> str | None:
        """Why to stop, were so many more bad ones to follow; None to go on."""
        run, bad, seen = self._run + pending, sum(self._recent) + pending, len(self._recent) + pending
        if run >= self._limits.run:
            return f"{run} events in a row failed"
        if seen >= self._limits.window and bad > self._limits.share * self._limits.window:
            return f"{bad} of the last {self._limits.window} events failed"
        return None
