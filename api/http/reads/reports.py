"""Reports for planners: demand by groups, as JSON, CSV or Parquet; maintenance; the audit trail."""

from __future__ import annotations

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.http.problems import Invalid
from api.http.reads.gathering import gather
from api.http.reads.reading import there, whole
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import AUDIT, DEMAND, MAINTENANCE
from api.http.shapes.base import Id, Moment, moment
from api.http.shapes.reports import AuditReport, DemandReport, Job, MaintenanceReport
from api.reports.bookable import out_of_use
from api.reports.exporting import as_csv, as_parquet
from api.reports.grouping import MOST_GROUPS, MOST_IN_A_FILE, Report
from api.reports.question import Question, Unaskable, asked

router = APIRouter(tags=["reports"])
CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
Since = Annotated[Moment, Query(description="a whole hour, inclusive", examples=["2026-11-01T00:00:00Z"])]
Until = Annotated[Moment, Query(description="a whole hour, exclusive; at most 92 days later", examples=["2026-12-01T00:00:00Z"])]


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


async def question(
    since: Since,
    until: Until,
    by: Annotated[str, Query(description="any of resource, category, day, weekday, hour, with commas between them")] = "",
    top: Annotated[int | None, Query(ge=1, le=1000, description="the first so many by `sort`; without it all, by name")] = None,
    sort: Annotated[str, Query(description="a figure, the highest first")] = "asked",
    resource: Annotated[Id | None, Query(description="of this one alone")] = None,
    category: Annotated[Id | None, Query(description="of this one alone")] = None,
) -> Question:
    """Raises Invalid."""
    try:
        return asked(since, until, by, top=top, sort=sort, resource=resource, category=category)
    except Unaskable as error:
        raise Invalid([(f"query.{error.field}", error.reason)]) from None


@router.get(
    "/demand",
    dependencies=[Depends(Guard(DEMAND))],
    response_model=DemandReport,
    responses={200: {"content": {CSV: {"example": "weekday,hour,asked\r\n1,9,12\r\n"}, PARQUET: {"example": "PAR1"}}}},
)
async def demand_report(
    edge: TheEdge,
    request: Request,
    question: Annotated[Question, Depends(question)],
    format: Annotated[Format | None, Query(description="json, csv or parquet; without it as Accept says")] = None,  # noqa: A002
) -> DemandReport | Response:
    """What was asked for, granted, refused, used and not met, as it is counted so far. Days and hours are those of UTC."""
    wanted = format or _accepted(request.headers.get("accept", ""))
    (found,), _, version = await gather(edge.owners, question, most=MOST_GROUPS if wanted is Format.JSON else MOST_IN_A_FILE)
    if wanted is Format.JSON:
        return told(found, version)
    return await file(found, wanted, f"demand.{wanted}", Vary="Accept")


@router.get("/maintenance", dependencies=[Depends(Guard(MAINTENANCE))])
async def maintenance_report(
    edge: TheEdge, since: Since, until: Until, resource: Annotated[Id | None, Query(description="of this one alone")] = None
) -> MaintenanceReport:
    """Maintenance that was planned for a period, and how far it is."""
    about = await question(since, until)
    begin, end = about.since, about.until
    rows = whole(await edge.owners.rows("reports", "downtime", limit=None))
    jobs = [
        Job(resource_id=name, maintenance_id=job, starts_at=moment(starts_at), ends_at=moment(ends_at), state=state)
        for name, row in rows
        for job, (starts_at, ends_at, state) in row["jobs"].items()
        if starts_at < end and ends_at > begin and resource in (None, name)
    ]
    minutes = sum(minutes for name, row in rows if resource in (None, name) for _, minutes in out_of_use(row["jobs"], begin, end))
    return MaintenanceReport(jobs=tuple(sorted(jobs, key=lambda job: (job.starts_at, job.resource_id))), minutes=minutes)


@router.get("/audit/{subject}", dependencies=[Depends(Guard(AUDIT))])
async def audit_report(edge: TheEdge, subject: Id) -> AuditReport:
    """Who did what to a user's account, or to a role."""
    found = await edge.owners.row("reports", "audit", subject, routed_by=subject.removeprefix("role:"))
    return AuditReport(subject=subject, entries=there(found.value, "trail")["entries"], version=dict(found.version))


async def file(found: Report, format_: Format, name: str, **headers: str) -> Response:
    """A report to be kept, written beside the event loop."""
    write, kind = (as_csv, CSV) if format_ is Format.CSV else (as_parquet, PARQUET)
    content = await asyncio.to_thread(write, found)
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"', **headers})


def told(found: Report, version: Any) -> DemandReport:
    """As it is shown to programs."""
    groups: Any = [{"group": dict(group.names), **group.figures.told()} for group in found.groups]
    since, until = (datetime.fromisoformat(moment(at).isoformat()) for at in (found.question.since, found.question.until))
    total: Any = found.total.told()
    return DemandReport(since=since, until=until, by=found.question.by, groups=groups, total=total, version=dict(version))


def _accepted(accept: str) -> Format:
    """What the caller would rather have; JSON where nothing is said. Of two the first counts."""
    for each in accept.split(","):
        kind = each.partition(";")[0].strip().lower()
        if kind in {CSV, PARQUET}:
            return Format.CSV if kind == CSV else Format.PARQUET
    return Format.JSON
