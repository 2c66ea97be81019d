"""From rows to groups. Rows of several partitions are counted apart and merged: their order changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from api.reports.figures import Figures
from api.reports.question import HOUR, Question, Unaskable, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from api.reports.world import World

Place: TypeAlias = tuple[int | str, ...]
MOST_GROUPS = 20_000
MOST_IN_A_FILE = 100_000


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
        category = world.category(resource) if resource in world.resources else row.get("category", "")
        if question.category not in (None, category):
            return
        place = _place(question, resource, category, places(hour, question.times))
        if place not in self.groups:
            self.groups[place] = Figures()
        self.groups[place].add(row, free=world.free(resource, hour, question) if row.get("used_minutes") else 0)


def refuse_too_many(question: Question, world: World, most: int = MOST_GROUPS) -> None:
    """Raises Unaskable: before a row is read, for nobody looks at so many."""
    entities = {_named(question, resource, category) for resource, category in world.asked_of(question).items()}
    times = {places(hour, question.times) for hour in range(question.since, question.until, HOUR)}
    if (many := len(entities) * len(times)) > most:
        raise Unaskable("by", f"these are {many:,} groups, more than {most:,}: ask for fewer days, or one category")


def report(question: Question, counted: Iterable[Counting], world: World) -> Report:
    """All groups that there can be, also those of which nothing was asked."""
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
    """Empty groups, with the time in which they could have been booked: what is alike is multiplied, not counted one by one."""
    known, bookable = world.asked_of(question), world.bookable
    alike = Counter((*_named(question, each, category), bookable.opens(category)) for each, category in known.items())
    when = {rule: _minutes(question, world, rule) for *_, rule in alike}
    groups: dict[Place, Figures] = {}
    for (resource, category, rule), many in alike.items():
        for place, minutes in when[rule].items():
            groups.setdefault(_place(question, resource, category, place), Figures()).bookable_minutes += minutes * many
    for resource, category in known.items():
        for hour, minutes in world.out_of_use(resource, question).items():
            if bookable.at(hour, category):
                groups[_place(question, resource, category, places(hour, question.times))].bookable_minutes -= minutes
    return groups


def _minutes(question: Question, world: World, rule: str) -> dict[Place, int]:
    """Of one resource that follows this rule, at each place in time, the closed ones too."""
    found: dict[Place, int] = {}
    for hour in range(question.since, question.until, HOUR):
        place = places(hour, question.times)
        found[place] = found.get(place, 0) + 60 * world.bookable.at(hour, rule)
    return found


def _named(question: Question, resource: str, category: str) -> tuple[str, str]:
    """What a group's name says of them; empty where it says nothing."""
    return resource if "resource" in question.by else "", category if "category" in question.by else ""


def _place(question: Question, resource: str, category: str, when: Place) -> Place:
    """In the order of `by`."""
    times = iter(when)
    entities = {"resource": resource, "category": category}
    return tuple(entities[name] if name in entities else next(times) for name in question.by)
