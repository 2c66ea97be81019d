"""What the page was asked to show: all of it stands in its address, so that every view is a link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError

from api.http.problems import Invalid
from api.http.shapes.base import Id
from api.reports.question import LONGEST, Question, Unaskable, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

DAYS: Final = 28  # that are shown where no period is asked for
SHOWN: Final = ("asked", "unmet", "utilisation")
MOST: Final = 10  # bars of a chart
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
Read = TypeVar("Read")
_ID: Final[TypeAdapter[str]] = TypeAdapter(Id)


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


def viewed(request: Request) -> View:
    """What the address says; an empty field of the form says nothing. Raises Invalid."""
    said = {name: text for name, text in request.query_params.items() if text}
    last = _day("last", said) or datetime.now(UTC).date()
    first = _day("first", said) or last - timedelta(days=DAYS - 1)
    if not last - LONGEST < first <= last:
        raise Invalid([("query.first", f"it is the first of at most {LONGEST.days} days up to the last")])
    show = said.get("show", SHOWN[0])
    if show not in SHOWN:
        raise Invalid([("query.show", f"it is none of {', '.join(SHOWN)}")])
    return View(first, last, show, _id("resource", said), _id("category", said))


def drafted(request: Request) -> View:
    """As much of it as can be understood, and the rest as if it were not said: what the form shows beside a refusal."""
    said = {name: text for name, text in request.query_params.items() if text}
    last = _understood(_day, "last", said) or datetime.now(UTC).date()
    first = _understood(_day, "first", said) or last - timedelta(days=DAYS - 1)
    resource, category = (_understood(_id, name, said) or "" for name in ("resource", "category"))
    show = said.get("show", SHOWN[0])
    return View(first, last, show if show in SHOWN else SHOWN[0], resource, category)


def _understood(read: Callable[[str, Mapping[str, str]], Read], name: str, said: Mapping[str, str]) -> Read | None:
    try:
        return read(name, said)
    except Invalid:
        return None


def _id(name: str, said: Mapping[str, str]) -> str:
    try:
        return _ID.validate_python(said[name]) if name in said else ""
    except ValidationError:
        raise Invalid([(f"query.{name}", "it is no name of a resource, or of a category")]) from None


def _day(name: str, said: Mapping[str, str]) -> date | None:
    if name not in said:
        return None
    try:
        found = date.fromisoformat(said[name])
    except ValueError:
        raise Invalid([(f"query.{name}", "it is no day: give it as 2026-11-25")]) from None
    if not EARLIEST <= found <= LATEST:
        raise Invalid([(f"query.{name}", f"it is outside of {EARLIEST.year} to {LATEST.year}")])
    return found
