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
    first = starts_at // DAY_MICROS
    return _days(first, max(first, (ends_at - 1) // DAY_MICROS))


def weeks(starts_at: int, ends_at: int) -> tuple[str, ...] | None:
    """`2026-W48` for each ISO week, whose year may differ from the date's. None as for days."""
    first = starts_at // DAY_MICROS
    return _weeks(first, max(first, (ends_at - 1) // DAY_MICROS))


@lru_cache(4096)
def _days(first: int, last: int) -> tuple[str, ...] | None:
    dates = _dates(first, last)
    return None if dates is None else tuple(day.isoformat() for day in dates)


@lru_cache(4096)
def _weeks(first: int, last: int) -> tuple[str, ...] | None:
    dates = _dates(first, last)
    return None if dates is None else tuple(dict.fromkeys(f"{day:%G-W%V}" for day in dates))


def _dates(first: int, last: int) -> list[date] | None:
    if first < 0 or last > _LAST or last - first >= MOST_DAYS:
        return None
    return [date.fromordinal(_EPOCH + day) for day in range(first, last + 1)]
