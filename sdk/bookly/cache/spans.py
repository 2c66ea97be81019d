"""The days and ISO weeks (UTC) that a slot touches, named as in keys. Slots are half-open: midnight ends the day before it."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

DAY_MICROS: Final = 86_400_000_000
MOST_DAYS: Final = 62  # a longer slot makes the whole calendar stale instead of hundreds of days one by one
_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date.max.toordinal() - _EPOCH


def days(starts_at: int, ends_at: int) -> tuple[str, ...] | None:
    """`2026-11-24` for each day; times are microseconds since 1970. None when it is too long, or on no calendar."""
    touched = _touched(starts_at, ends_at)
    return None if touched is None else tuple([_day(day) for day in touched])


def weeks(starts_at: int, ends_at: int) -> tuple[str, ...] | None:
    """`2026-W48` for each ISO week, whose year may differ from the date's. None as for days."""
    touched = _touched(starts_at, ends_at)
    return None if touched is None else tuple(dict.fromkeys([_week(day) for day in touched]))


def _touched(starts_at: int, ends_at: int) -> range | None:
    first = starts_at // DAY_MICROS
    last = max(first, (ends_at - 1) // DAY_MICROS)
    return range(first, last + 1) if first >= 0 and last <= _LAST and last - first < MOST_DAYS else None


@lru_cache(4096)
def _day(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


@lru_cache(4096)
def _week(day: int) -> str:
    year, week, _ = date.fromordinal(_EPOCH + day).isocalendar()
    return f"{year}-W{week:02}"
