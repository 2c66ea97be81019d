"""How much was asked for, hour by hour."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.http.ports import Answer
from api.http.problems import Invalid
from api.http.reads.reading import older
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import DEMAND
from api.http.shapes.base import Id, Moment
from api.http.shapes.demand import Demand, Hour
from bookly.records.sealing import micros

router = APIRouter(tags=["demand"], dependencies=[Depends(Guard(DEMAND))])
HOUR = timedelta(hours=1)
LONGEST = timedelta(days=7)
AT_ONCE = 24  # questions under way for one request


@router.get("/resources/{resource_id}/demand")
async def demand(
    edge: TheEdge,
    resource_id: Id,
    since: Annotated[Moment, Query(description="inclusive", examples=["2026-11-25T00:00:00Z"])],
    until: Annotated[Moment, Query(description="exclusive; at most 7 days later", examples=["2026-11-26T00:00:00Z"])],
) -> Demand:
    """The hours of a period, as they are counted so far: from their owner each time, for they change with every event."""
    if not since < until <= since + LONGEST:
        raise Invalid([("query.until", f"it must be after since, by at most {LONGEST.days} days")])
    first = since.replace(minute=0, second=0, microsecond=0)
    hours = [first + HOUR * number for number in range(-((first - until) // HOUR))]
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(hour: datetime) -> Answer:
        async with turn:
            return await edge.owners.row("reports", "demand", f"{resource_id}|{micros(hour)}", routed_by=resource_id)

    answers = await asyncio.gather(*map(ask, hours))
    counted = tuple(Hour(hour=hour, **answer.value) for hour, answer in zip(hours, answers, strict=True) if answer.value)
    return Demand(resource_id=resource_id, hours=counted, version=older(*answers))
