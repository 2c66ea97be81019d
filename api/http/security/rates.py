"""How often one caller may ask. Redis counts for all processes; without it each counts for itself: no limit is lifted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookly.errors import CacheUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.http.ports import AuthCache


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests a principal has in a window of seconds."""

    limit: int = 600
    window_s: int = 60


class Limiter:
    """Counts requests against a rate."""

    def __init__(self, auth: AuthCache, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._auth, self._rate, self._clock = auth, rate, clock
        self._own: Counter[str] = Counter()
        self._ends = 0.0

    async def hit(self, user_id: str) -> float | None:
        """None if it is allowed; else in how many seconds it will be."""
        limit, window_s = self._rate.limit, self._rate.window_s
        try:
            found = await self._auth.hit_rate_limit("api", user_id, limit=limit, window_s=window_s)
        except CacheUnavailable:
            return self._hit_here(user_id)
        return None if found.allowed else found.retry_after_s

    def _hit_here(self, user_id: str) -> float | None:
        if (now := self._clock()) >= self._ends:
            self._own.clear()
            self._ends = now + self._rate.window_s
        self._own[user_id] += 1
        return None if self._own[user_id] <= self._rate.limit else self._ends - now
