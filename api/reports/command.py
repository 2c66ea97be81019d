"""`python -m api reports demand`: the same figures as GET /demand, of what is committed, read from the changelogs."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from api.environment import environment
from bookly.errors import InvalidSettings
from bookly.settings import required

reports = typer.Typer(no_args_is_help=True, help="What planners ask.")
Some = Annotated[str, typer.Option(help="of this one alone")]


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


@reports.command()
def demand(
    since: Annotated[datetime, typer.Option(help="a whole hour (UTC), inclusive")],
    until: Annotated[datetime, typer.Option(help="a whole hour (UTC), exclusive; at most 92 days later")],
    by: Annotated[str, typer.Option(help="any of resource, category, day, weekday, hour, with commas between them")] = "resource",
    top: Annotated[int | None, typer.Option(help="the first so many by --sort; without it all, by name")] = None,
    sort: Annotated[str, typer.Option(help="a figure, the highest first")] = "asked",
    resource: Some = "",
    category: Some = "",
    format: Annotated[Format, typer.Option(help="json: one object a line")] = Format.TABLE,  # noqa: A002
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="a file, written whole or not at all; default: stdout")
    ] = None,
) -> None:
    """Demand by groups. How far it is goes to stderr. Exit code 1 when nothing was counted in the period, 2 on an error."""
    from api.reports.question import Unaskable, asked  # noqa: PLC0415  # the other commands need none of it
    from api.reports.reading import read_report  # noqa: PLC0415
    from api.reports.writing import written  # noqa: PLC0415

    try:
        question = asked(_utc(since), _utc(until), by, top=top, sort=sort, resource=resource, category=category)
        found = read_report(required("brokers", None, environment()), question)
    except Unaskable as error:
        raise typer.BadParameter(error.reason, param_hint=f"--{error.field}") from None
    written(found, format, output)
    raise typer.Exit(0 if any(found.total.sums.values()) else 1)


@reports.command()
def rebuild(
    switch: Annotated[bool, typer.Option("--switch", help="correct the live rows; stop the group's workers first")] = False,
) -> None:
    """Make the tables of reports once more from the log, beside the live ones, and compare. Exit code 1 when they differ.

    It runs the agents' own handlers, in a process of its own: `python -m agents.rebuild reports`.
    """
    if find_spec("agents") is None or find_spec("agents.rebuild") is None:
        raise InvalidSettings("the agents are not installed beside the edge here: run this where a worker of reports runs.")
    command = [sys.executable, "-m", "agents.rebuild", "reports", *(["--switch"] if switch else [])]
    os.execve(command[0], command, dict(environment()))  # noqa: S606  # its progress, its exit code and Ctrl-C are this command's


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
