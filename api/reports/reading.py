"""Demand from the changelogs: all that is committed, also while no worker runs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from api.reports.grouping import MOST_IN_A_FILE, Counting, refuse_too_many, report
from api.reports.world import World
from api.tables import known_tables, read_log, read_table, refuse_unknown_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.reports.grouping import Report
    from api.reports.question import Question

DEMAND = "bookly-reports-demand-changelog"
EVERY = 1_000  # records


def read_report(brokers: str, question: Question) -> Report:
    """Raises UnknownTable, BrokerUnavailable, Unaskable. How far it is goes to stderr."""
    refuse_unknown_table(DEMAND, known_tables(brokers), "reports", "demand")
    world = World(read_table(brokers, "reports", "downtime"))
    refuse_too_many(question, world, MOST_IN_A_FILE)
    counting = Counting(question, world)
    for key, row in _latest(brokers, question).items():
        counting.add(key, json.loads(row))
    return report(question, [counting], world)


def _latest(brokers: str, question: Question) -> dict[str, bytes]:
    """The last value of each key of the period: a changelog has every one that there was."""
    rows: dict[str, Any] = {}
    for message in _shown(read_log(brokers, DEMAND)):
        key = (message.key() or b"").decode()
        time = key.rpartition("|")[2]
        if not time.isdecimal() or not question.since <= int(time) < question.until:
            continue
        if message.value() is None:
            rows.pop(key, None)
        else:
            rows[key] = message.value()
    return rows


def _shown(messages: Iterator[Any]) -> Iterator[Any]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), TextColumn("{task.completed:,} records"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task, number = progress.add_task("reading demand", total=None), 0
        for number, message in enumerate(messages, 1):
            if number % EVERY == 0:
                progress.update(task, completed=number)
            yield message
    sys.stderr.write(f"{number:,} records read\n")
