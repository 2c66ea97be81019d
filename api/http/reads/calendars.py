"""What is taken, and who waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from api.http.ports import Edge
from api.http.problems import Invalid
from api.http.reads.reading import there
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import CALENDARS, WAITLISTS
from api.http.security.principals import Asker
from api.http.shapes.base import FIRST, LAST, Id
from api.http.shapes.bookings import Day, Waiting, Waitlist, Week
from bookly.cache.spans import DAY_MICROS
from bookly.records.sealing import micros

router = APIRouter(tags=["calendars"])
Row = dict[str, Any]


@router.get("/resources/{resource_id}/days/{date}", dependencies=[Depends(Guard(CALENDARS))])
async def day(edge: TheEdge, resource_id: Id, date: Annotated[date, Path(examples=["2026-11-25"])]) -> Day:
    """What is taken on a day."""
    _refuse_far(date, "path.date")
    name = date.isoformat()

    async def load() -> list[Row] | None:
        return _within(await _calendar(edge, resource_id), date, 1)

    found = await edge.caches.availability.availability.get_or_load(resource_id, name, loader=load)
    return Day(resource_id=resource_id, date=name, slots=there(found, "resource"))


@router.get("/resources/{resource_id}/weeks/{week}", dependencies=[Depends(Guard(CALENDARS))])
async def week(
    edge: TheEdge, resource_id: Id, week: Annotated[str, Path(pattern=r"^\d{4}-W\d{2}$", examples=["2026-W48"])]
) -> Week:
    """What is taken in an ISO week."""
    try:
        monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except ValueError:
        raise Invalid([("path.week", "there is no such ISO week")]) from None
    _refuse_far(monday, "path.week")

    async def load() -> list[Row] | None:
        return _within(await _calendar(edge, resource_id), monday, 7)

    found = await edge.caches.availability.schedule.get_or_load(resource_id, week, loader=load)
    return Week(resource_id=resource_id, week=week, slots=there(found, "resource"))


@router.get("/resources/{resource_id}/waitlist")
async def waitlist(edge: TheEdge, who: Annotated[Asker, Depends(Guard(WAITLISTS))], resource_id: Id) -> Waitlist:
    """Who waits, in order."""

    async def load() -> list[Row] | None:
        if not await _exists(edge, resource_id):
            return None
        row = (await edge.owners.row("availability", "queues", resource_id, routed_by=resource_id)).value
        return [] if row is None else list(row["entries"])

    found = await edge.caches.availability.waitlist.get_or_load(resource_id, loader=load)
    entries = tuple(_waiting(waiting, place) for place, waiting in enumerate(there(found, "resource"), 1))
    mine = entries if who.may_all else tuple(each for each in entries if each.user_id == who.user_id)
    return Waitlist(resource_id=resource_id, entries=mine)


async def _calendar(edge: Edge, resource_id: str) -> list[Row] | None:
    """A resource without a calendar has nothing taken; one that does not exist is None."""
    if not await _exists(edge, resource_id):
        return None
    row = (await edge.owners.row("availability", "calendars", resource_id, routed_by=resource_id)).value
    return [] if row is None else list(row["slots"])


async def _exists(edge: Edge, resource_id: str) -> bool:
    return (await edge.owners.row("availability", "resources", resource_id, routed_by=resource_id)).value is not None


def _within(slots: list[Row] | None, first: date, days: int) -> list[Row] | None:
    if slots is None:
        return None
    begin = micros(datetime.combine(first, time(), UTC))
    end = begin + days * DAY_MICROS
    return [slot for slot in slots if slot["starts_at"] < end and begin < slot["ends_at"]]


def _waiting(waiting: Any, place: int) -> Waiting:
    return Waiting.model_validate(waiting).model_copy(update={"place": place})


def _refuse_far(day: date, field: str) -> None:
    if not FIRST.date() <= day <= LAST.date():
        raise Invalid([(field, f"it is outside of {FIRST:%Y} to {LAST:%Y}")])
