"""The tables of docs/scaling.md, between two marks, so that the page cannot say anything else than the command does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.errors import BenchError
from bench.sizing.reckoning import Load, size
from contracts.documents import table

if TYPE_CHECKING:
    from bench.sizing.measured import Measured

PAGE: Final = Path("docs/scaling.md")
BEGIN: Final = "<!-- made by `python -m bench.sizing --write` from docs/scaling.json -->"
END: Final = "<!-- end of what is made -->"
RATES: Final = (1_000, 10_000, 100_000)
KEYS: Final = (10_000, 1_000_000)
COLUMNS: Final = (
    "events/s",
    "keys",
    "cores of workers",
    "of servers",
    "workers a group",
    "MB a worker",
    "recovery s",
    "disk TB",
    "4 partitions end at",
    "timers/s",
)


def with_tables(page: str, measured: Measured) -> str:
    """The page with its tables made anew. Raises BenchError where it has not the two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise BenchError(f"{PAGE} needs the marks {BEGIN} and {END}: put them back")
    return "\n".join([before + BEGIN, *_figures(measured), "", *_examples(measured), END + after])


def _figures(measured: Measured) -> list[str]:
    costs = "; ".join(f"{cost} over {keys:,} keys" for keys, cost in sorted(measured.cpu_us.items()))
    rows = [
        ("a worker's CPU for an event, us", costs, "`bench.growth`"),
        ("the same with five groups on the machine, to one", f"{measured.beside_others}", "`bench.growth`"),
        ("broker and Redis, CPU for an event and group, us", f"{measured.server_us}", "`bench.scaling`"),
        ("rows taken over a second", f"{measured.recovered_per_s:,}", "`bench.recovery`"),
        ("memory of a row, bytes", f"{measured.bytes_per_key}", "`bench.recovery`"),
        ("memory of a worker without rows to speak of, MB", f"{measured.worker_mb}", "`make demo`"),
        ("a RESERVATION_CREATED with key and headers, bytes", f"{measured.event_bytes}", "counted, before compression"),
    ]
    head = (f"measured on {measured.cores} cores, {measured.at[:10]}", "figure", "by")
    return table(head, rows)


def _examples(measured: Measured) -> list[str]:
    rows = []
    for rate in RATES:
        for keys in KEYS:
            load = Load(rate, keys)
            found = size(load, measured)
            figures = (
                f"{rate:,}",
                f"{keys:,}",
                f"{found.worker_cores}",
                f"{found.server_cores}",
                f"{found.workers_a_group}",
                f"{found.memory_mb:,}",
                f"{found.recovery_s}",
                f"{found.disk_tb:,}",
                f"{found.first_limit:,}",
                f"{found.timers_per_s:,}",
            )
            rows.append(figures)
    return table(COLUMNS, rows)
