"""From the owners of all partitions to figures: every one of them answers, or nobody is told anything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from api.http.problems import Invalid
from api.http.reads.reading import whole
from api.reports.grouping import MOST_GROUPS, Counting, Report, refuse_too_many, report
from api.reports.question import Question, Unaskable
from api.reports.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.http.ports import Owners


class _Several:
    """Rows that are read once, for several questions."""

    def __init__(self, questions: tuple[Question, ...], world: World) -> None:
        self.countings = [Counting(question, world) for question in questions]

    def add(self, key: str, row: Any) -> None:
        for counting in self.countings:
            counting.add(key, row)


async def gather(owners: Owners, *questions: Question, most: int = MOST_GROUPS) -> tuple[list[Report], World, Mapping[str, int]]:
    """Answers to questions about one period, of one reading of the rows; each of at most so many groups. The version is that of
    the demand alone, whose rows are read last. Raises Invalid, TooMuch, or what stands for 503.
    """
    first = questions[0]
    of = first.resource if all(question.resource == first.resource for question in questions) else None
    world = World(await _resources(owners, of))
    await asyncio.to_thread(_refuse_too_many, questions, world, most)
    sinks, version = await owners.between(
        "reports", "demand", lambda: _Several(questions, world), since=first.since, until=first.until, of=of
    )
    return await asyncio.to_thread(_reports, questions, sinks, world), world, version


def _refuse_too_many(questions: tuple[Question, ...], world: World, most: int) -> None:
    try:
        for question in questions:
            refuse_too_many(question, world, most)
    except Unaskable as error:
        raise Invalid([(f"query.{error.field}", error.reason)]) from None


def _reports(questions: tuple[Question, ...], sinks: list[_Several], world: World) -> list[Report]:
    """A long time for the event loop, where others wait."""
    return [report(each, (sink.countings[n] for sink in sinks), world) for n, each in enumerate(questions)]


async def _resources(owners: Owners, of: str | None) -> dict[str, Any]:
    if of is None:
        return dict(whole(await owners.rows("reports", "downtime", limit=None)))
    row = (await owners.row("reports", "downtime", of, routed_by=of)).value
    return {} if row is None else {of: row}
