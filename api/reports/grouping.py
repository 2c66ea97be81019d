"""From rows to groups. Rows of several partitions are counted apart and merged: their order changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from api.reports.bookable import Bookable, out_of_use
from api.reports.figures import Figures
from api.reports.question import HOUR, Question, Unaskable, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Place: TypeAlias = tuple[int | str, ...]
MOST_GROUPS = 20_000


@dataclass(frozen=True)
class World:
    """What is known beside demand. `resources`: rows of the table `downtime`, of every resource that there is or was."""

    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bookable: Bookable = field(default_factory=Bookable.ruled)

    def category(self, resource: str) -> str:
        """As it is now; empty where it is not known."""
        return str(self.resources.get(resource, {}).get("category_id", ""))


@dataclass(frozen=True)
class Group:
    """`names`: by dimension."""

    names: Mapping[str, int | str]
    figures: Figures


@dataclass(frozen=True)
class Report:
    """`total`: of all groups, those beyond `top` as well."""

    question: Question
    groups: tuple[Group, ...]
    total: Figures


class Counting:
    """Rows of the table `demand`, one after another, into the groups of a question."""

    def __init__(self, question: Question, world: World) -> None:
        self._question, self._world = question, world
        self.groups: dict[Place, Figures] = {}

    def add(self, key: str, row: Mapping[str, Any]) -> None:
        """`key`: resource|hour."""
        question, world = self._question, self._world
        resource, _, time = key.rpartition("|")
        hour = int(time)
        if not question.since <= hour < question.until or question.resource not in (None, resource):
            return
        category = world.category(resource) or row.get("category") or ""
        if question.category not in (None, category):
            return
        place = _place(question, resource, category, places(hour, question.times))
        if place not in self.groups:
            self.groups[place] = Figures()
        self.groups[place].add(row, bookable=world.bookable.at(hour, category))


def report(question: Question, counted: Iterable[Counting], world: World) -> Report:
    """All groups that there can be, also those of which nothing was asked. Raises Unaskable where they are too many."""
    groups = _bookable(question, world)
    for counting in counted:
        for place, figures in counting.groups.items():
            groups.setdefault(place, Figures()).merge(figures)
    total = Figures()
    for figures in groups.values():
        total.merge(figures)
    ordered = sorted(groups.items())
    if question.top is not None:
        ordered = sorted(ordered, key=lambda item: -(item[1].told()[question.sort] or 0))[: question.top]
    named = tuple(Group(dict(zip(question.by, place, strict=True)), figures) for place, figures in ordered)
    return Report(question, named, total)


def _bookable(question: Question, world: World) -> dict[Place, Figures]:
    """Empty groups, with the time in which they could have been booked."""
    known = _asked_of(question, world)
    when = {rule: _minutes(question, world, rule) for rule in {world.bookable.opens(category) for category in known.values()}}
    many = sum(len(when[world.bookable.opens(category)]) for category in known.values())
    if "resource" in question.by and many > MOST_GROUPS:
        raise Unaskable("by", f"these are {many:,} groups, more than {MOST_GROUPS:,}: ask for fewer days, or one category")
    groups: dict[Place, Figures] = {}
    for resource, category in known.items():
        for place, minutes in when[world.bookable.opens(category)].items():
            groups.setdefault(_place(question, resource, category, place), Figures()).bookable_minutes += minutes
        for hour, minutes in out_of_use(world.resources[resource].get("jobs", {}), question.since, question.until):
            if world.bookable.at(hour, category):
                groups[_place(question, resource, category, places(hour, question.times))].bookable_minutes -= minutes
    return groups


def _asked_of(question: Question, world: World) -> dict[str, str]:
    """Category by resource, of those that can be booked."""
    return {
        resource: world.category(resource)
        for resource, row in world.resources.items()
        if not row.get("deleted")
        and question.resource in (None, resource)
        and question.category in (None, world.category(resource))
    }


def _minutes(question: Question, world: World, category: str) -> dict[Place, int]:
    """Of one resource of this category, at each place in time, the closed ones too."""
    found: dict[Place, int] = {}
    for hour in range(question.since, question.until, HOUR):
        place = places(hour, question.times)
        found[place] = found.get(place, 0) + 60 * world.bookable.at(hour, category)
    return found


def _place(question: Question, resource: str, category: str, when: Place) -> Place:
    """In the order of `by`."""
    times = iter(when)
    entities = {"resource": resource, "category": category}
    return tuple(entities[name] if name in entities else next(times) for name in question.by)
