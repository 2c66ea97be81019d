"""What is asked: a period, by what it is grouped, which groups come first, and of what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from api.reports.figures import FIGURES
from bookly.records.sealing import micros

HOUR: Final = 3_600_000_000  # microseconds
ENTITIES: Final = ("resource", "category")
TIMES: Final = ("day", "weekday", "hour")
DIMENSIONS: Final = (*ENTITIES, *TIMES)
LONGEST: Final = timedelta(days=92)
MOST: Final = 1_000  # of the first groups


class Unaskable(ValueError):
    """`field` of the question, and what is wrong with it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Question:
    """Whole hours of event time (microseconds, UTC), `until` not included. `by`: any of DIMENSIONS, none twice; empty asks for
    the total. `top`: so many groups, those with the highest figure `sort` first; without it all of them, by their names.
    """

    since: int
    until: int
    by: tuple[str, ...] = ()
    top: int | None = None
    sort: str = "asked"
    resource: str | None = None
    category: str | None = None

    @property
    def times(self) -> tuple[str, ...]:
        return tuple(name for name in self.by if name in TIMES)

    @property
    def entities(self) -> tuple[str, ...]:
        return tuple(name for name in self.by if name in ENTITIES)


def asked(
    since: datetime,
    until: datetime,
    by: str = "",
    *,
    top: int | None = None,
    sort: str = "asked",
    resource: str | None = None,
    category: str | None = None,
) -> Question:
    """A question as people write it: `by` is names with commas between them. Raises Unaskable."""
    names = tuple(name.strip() for name in by.split(",") if name.strip())
    for name in names:
        if name not in DIMENSIONS:
            raise Unaskable("by", f"{name!r} is none of {', '.join(DIMENSIONS)}")
    if len(set(names)) < len(names):
        raise Unaskable("by", "each name once")
    for field, time in (("since", since), ("until", until)):
        if time.astimezone(UTC) != time.astimezone(UTC).replace(minute=0, second=0, microsecond=0):
            raise Unaskable(field, "demand is counted by the hour: give a whole hour (UTC)")
    if not since < until <= since + LONGEST:
        raise Unaskable("until", f"it must be after since, by at most {LONGEST.days} days")
    if top is not None and not 1 <= top <= MOST:
        raise Unaskable("top", f"1 to {MOST:,}")
    if sort not in FIGURES:
        raise Unaskable("sort", f"{sort!r} is none of {', '.join(FIGURES)}")
    return Question(micros(since), micros(until), names, top, sort, resource or None, category or None)


@lru_cache(maxsize=20_000)  # a period has 2,208 hours, and each is asked for by every resource
def places(at: int, names: tuple[str, ...]) -> tuple[int | str, ...]:
    """Where an hour belongs, by each of these names: the day as 2026-11-25, weekdays from 1 (Monday), hours of the day from 0."""
    time = datetime.fromtimestamp(at // 1_000_000, UTC)
    named: dict[str, int | str] = {"day": f"{time:%Y-%m-%d}", "weekday": time.isoweekday(), "hour": time.hour}
    return tuple(named[name] for name in names)
