"""`make bench-windows`: windows against their oracle, a rebuild against live, and what windows cost, into build/windows.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.windows.memory import million
from bench.windows.months import mismatches
from bench.windows.orders import try_orders
from bench.windows.speed import PER_WINDOW, ratio

TARGET = Path("build/windows.json")


def main(
    seed: Annotated[int, typer.Option(help="of the orders and the month")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="a small measure, to see that it works; nothing is written")] = False,
) -> None:
    """Exit code 1 when a figure is wrong or memory grows. No server is needed: the rebuild is tested on real ones."""
    console = Console(stderr=True)
    with console.status("orders against the oracle"):
        tried = try_orders(100 if quick else 3_000, seed)
    with console.status("months, live and again"):
        months = [mismatches(seed + number, 300 if quick else 4_000) for number in range(2 if quick else 4)]
    with console.status("with windows beside without"):
        share, with_windows, without = ratio(10_000 if quick else 100_000, 1 if quick else 5)
    with console.status("a million keys, three times"):
        held = million(20_000 if quick else 1_000_000)
    margin = held.open_mib[0] / 10  # the allocator's, not the tables'
    grows = held.left_mib[-1] > held.left_mib[0] + margin or held.open_mib[-1] > held.open_mib[0] + margin or held.left_rows > 100
    found = {
        "oracle_mismatches": tried.mismatches,
        "orders_tried": tried.orders,
        "late_kept": tried.late_kept,
        "rebuild_mismatches": sum(wrong for wrong, _ in months),
        "rebuilt_hours": sum(hours for _, hours in months),
        "bytes_per_open_window": held.bytes_per_open_window,
        "events_per_s_ratio_to_no_windows": round(share, 3),
        "events_per_window": PER_WINDOW,
        "events_per_s": with_windows,
        "events_per_s_without_windows": without,
        "keys": held.keys,
        "mib_while_open": held.open_mib,
        "mib_after_retention": held.left_mib,
        "rows_after_retention": held.left_rows,
    }
    if not quick:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if tried.mismatches or found["rebuild_mismatches"] or (grows and not quick):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
