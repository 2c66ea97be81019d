"""What a person sees at the end: the flows, the workers, and demand as a picture and a table."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from api.tables import read_table
from demo.booking import EPOCH
from demo.university import MONDAY

if TYPE_CHECKING:
    from rich.console import Console

    from demo.check import Check
    from demo.verdict import Verdict

SHADES = ("grey11", "#0b3d2e", "#11694d", "#1a936f", "#88d498", "#f3e9d2")
HOURS = range(6, 24)
COLUMNS = ("asked", "confirmed", "refused", "cancelled", "waitlisted", "used")
SHOWN = 10


def show(console: Console, check: Check, brokers: str) -> None:
    """Print the whole report."""
    console.print(_flows(check.verdicts))
    console.print(_processing(check.figures))
    demand = read_table(brokers, "reports", "demand")
    console.print(_heat_map(demand))
    console.print(_top(demand))
    for complaint in check.complaints():
        console.print(complaint, style="red", highlight=False, markup=False, soft_wrap=True)


def _flows(verdicts: list[Verdict]) -> Table:
    caption = "A figure counts facts: table rows and emitted events that the flow must leave, each with its fields."
    table = Table(title="Each flow against an independent recomputation from the log", caption=caption)
    for column, justify in (("flow", "left"), ("expected", "right"), ("found", "right"), ("", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]  # rich types the literals
    for verdict in verdicts:
        mark = "[green]equal[/]" if verdict.right else "[red]DIFFERENT[/]"
        table.add_row(verdict.flow, f"{verdict.expected:,}", f"{verdict.found:,}", mark)
    return table


def _processing(result: dict[str, Any]) -> Table:
    figures = ("events_published", "dead_lettered", "double_bookings")
    published, dead, double = (result[name] for name in figures)
    table = Table(title=f"{published:,} events published, {dead} dead letters, {double} double bookings")
    table.add_column("worker")
    for column in ("events processed", "peak MB", "restarts"):
        table.add_column(column, justify="right")
    for domain, megabytes in result["worker_rss_mb"].items():
        processed = result["events_processed_by_group"][f"bookly-{domain}"]
        table.add_row(domain, f"{processed:,}", f"{megabytes:.0f}", str(result["restarts"][domain]))
    return table


def _heat_map(demand: dict[str, Any]) -> Table:
    """Reservations asked for, by weekday and hour of event time."""
    cells: Counter[tuple[int, int]] = Counter()
    for key, row in demand.items():
        moment = EPOCH + timedelta(microseconds=int(key.rpartition("|")[2])) - MONDAY
        cells[moment.days, moment.seconds // 3_600] += row["asked"]
    most = max(cells.values(), default=0) or 1
    table = Table(title="Demand: reservations asked for, by weekday and hour (UTC)", padding=0, box=None)
    table.add_column("")
    for hour in HOURS:
        table.add_column(f"{hour:02d}", justify="center", min_width=4)
    for day, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        table.add_row(f"{name} ", *(_cell(cells[day, hour], most) for hour in HOURS))
    return table


def _cell(count: int, most: int) -> Text:
    shade = min(len(SHADES) - 1, -(-count * (len(SHADES) - 1) // most))
    return Text(f"{count or '':^4}", style=f"{'black' if shade > 3 else 'white'} on {SHADES[shade]}")


def _top(demand: dict[str, Any]) -> Table:
    sums: dict[str, Counter[str]] = {}
    for key, row in demand.items():
        sums.setdefault(key.rpartition("|")[0], Counter()).update({column: row[column] for column in COLUMNS})
    table = Table(title=f"The {SHOWN} resources that were asked for most")
    table.add_column("resource")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for resource, counts in sorted(sums.items(), key=lambda item: (-item[1]["asked"], item[0]))[:SHOWN]:
        table.add_row(resource, *(f"{counts[column]:,}" for column in COLUMNS))
    return table
