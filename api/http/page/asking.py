"""What the page was asked to show: all of it stands in its address, so that every view is a link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query

from api.http.problems import Invalid
from api.http.shapes.base import Id
from api.reports.question import LONGEST, Question, Unaskable, asked

DAYS: Final = 28  # that are shown where no period is asked for
SHOWN: Final = ("asked", "unmet", "utilisation")
MOST: Final = 10  # bars of a chart


@dataclass(frozen=True)
class View:
    """`first` and `last` day (UTC), both shown. `show`: what the heat map is of."""

    first: date
    last: date
    show: str = "asked"
    resource: str = ""
    category: str = ""

    def question(self, by: str, top: int | None = None, sort: str = "asked") -> Question:
        """About what is viewed. Raises Invalid."""
        since, end = (datetime.combine(day, time(), UTC) for day in (self.first, self.last + timedelta(days=1)))
        try:
            return asked(since, end, by, top=top, sort=sort, resource=self.resource or None, category=self.category or None)
        except Unaskable as error:
            raise Invalid([(f"query.{'last' if error.field == 'until' else error.field}", error.reason)]) from None

    def link(self, **changed: object) -> str:
        """The address of the same view with something else in it."""
        said = {"first": self.first, "last": self.last, "show": self.show, "resource": self.resource, "category": self.category}
        return "?" + urlencode({name: value for name, value in {**said, **changed}.items() if value not in ("", None)})

    def days(self, many: int) -> str:
        """The address of the same view of so many days, up to its last."""
        return self.link(first=self.last - timedelta(days=many - 1))


async def view(
    first: Annotated[date | None, Query()] = None,
    last: Annotated[date | None, Query()] = None,
    show: Annotated[str, Query(pattern="^(asked|unmet|utilisation)$")] = "asked",
    resource: Annotated[Id | None, Query()] = None,
    category: Annotated[Id | None, Query()] = None,
) -> View:
    """Raises Invalid."""
    last = last or datetime.now(UTC).date()
    found = View(last, last, show, resource or "", category or "")
    if not date(2000, 1, 1) <= last <= date(2199, 12, 31):
        raise Invalid([("query.last", "it is outside of 2000 to 2199")])
    first = first or last - timedelta(days=DAYS - 1)
    if not last - LONGEST < first <= last:
        raise Invalid([("query.first", f"it is the first of at most {LONGEST.days} days up to the last")])
    return View(first, last, found.show, found.resource, found.category)
