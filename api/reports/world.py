"""What is known beside demand: which resources there are, or were, and when each of them could have been booked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from api.reports.bookable import Bookable, out_of_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.reports.question import Question


@dataclass(frozen=True)
class World:
    """`resources`: rows of the table `downtime`, of every resource that there is or was. What is not among them had no time in
    which it could have been booked, as what was deleted before a period had none in it.
    """

    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bookable: Bookable = field(default_factory=Bookable.ruled)
    _out: dict[tuple[str, int, int], dict[int, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def category(self, resource: str) -> str:
        """As it is now; empty where it is not known."""
        return str(self.resources.get(resource, {}).get("category_id", ""))

    def asked_of(self, question: Question) -> dict[str, str]:
        """Category by resource, of those that are asked for and could have been booked."""
        return {
            resource: category
            for resource in (self.resources if question.resource is None else (question.resource,))
            if self._gone(resource, question.until) > question.since
            and question.category in (None, category := self.category(resource))
        }

    def free(self, resource: str, hour: int, question: Question) -> int:
        """For how many minutes of an hour of the period it could have been booked."""
        if self._gone(resource, question.until) <= question.since or not self.bookable.at(hour, self.category(resource)):
            return 0
        return 60 - self.out_of_use(resource, question).get(hour, 0)

    def out_of_use(self, resource: str, question: Question) -> dict[int, int]:
        """By hour of the period how many minutes of it went: to maintenance, or because it was deleted."""
        place = (resource, question.since, question.until)
        if place not in self._out:
            gone = (self._gone(resource, question.until), question.until, "DELETED")
            jobs = {**self.resources[resource].get("jobs", {}), "": gone}
            taken: dict[int, int] = {}
            for hour, minutes in out_of_use(jobs, question.since, question.until):
                taken[hour] = taken.get(hour, 0) + minutes
            self._out[place] = taken
        return self._out[place]

    def _gone(self, resource: str, until: int) -> int:
        """From when on there is none of it, `until` where there still is."""
        row = self.resources.get(resource)
        if row is None:
            return 0
        return min(until, row.get("deleted_at", 0)) if row.get("deleted") else until
