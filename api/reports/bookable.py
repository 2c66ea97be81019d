"""How long a resource could have been booked: the rule in bookable.toml, less its maintenance."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.reports.question import HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

RULE: Final = Path(__file__).with_name("bookable.toml")
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTE: Final = 60_000_000


class Bookable:
    """`hours`: by category, or `default`, the first hour and the end of each weekday; a day that is left out is closed."""

    def __init__(self, hours: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
        self._known: dict[tuple[int, str], bool] = {}
        self._hours = {name: tuple(days.get(day, (0, 0)) for day in DAYS) for name, days in hours.items()}

    @classmethod
    def ruled(cls, path: Path = RULE) -> Bookable:
        """By a file. Raises ValueError where it is no such rule."""
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        for name, days in found.items():
            for day, span in days.items():
                if day not in DAYS or len(span) != 2 or not 0 <= span[0] < span[1] <= 24:
                    raise ValueError(f"{path.name}: [{name}] {day} = {span}: give a weekday its first hour and its end, 0 to 24")
        if "default" not in found:
            raise ValueError(f"{path.name}: there is no [default]")
        return cls(found)

    def opens(self, category: str) -> str:
        """The name of the rule that a category follows."""
        return category if category in self._hours else "default"

    def at(self, hour: int, category: str) -> bool:
        """Whether it could be booked in this hour."""
        rule = self.opens(category)
        found = self._known.get((hour, rule))
        if found is None:
            found = self._known[hour, rule] = self._at(hour, rule)
        return found

    def _at(self, hour: int, rule: str) -> bool:
        time = datetime.fromtimestamp(hour // 1_000_000, UTC)
        first, end = self._hours[rule][time.weekday()]
        return first <= time.hour < end


def out_of_use(jobs: Mapping[str, Any], since: int, until: int) -> Iterator[tuple[int, int]]:
    """Hours of the period, and how many minutes of each maintenance took; a job that was cancelled took none."""
    planned = ((begin, end) for begin, end, state in jobs.values() if state != "CANCELLED")
    for begin, end in _apart((max(begin, since), min(end, until)) for begin, end in planned):
        for hour in range(begin - begin % HOUR, end, HOUR):
            yield hour, (min(end, hour + HOUR) - max(begin, hour)) // MINUTE


def _apart(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same time, none of it twice."""
    reached = 0
    for begin, end in sorted(spans):
        if end > max(begin, reached):
            yield max(begin, reached), end
            reached = end
