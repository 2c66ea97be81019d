"""Where figures are kept, and the table that a person sees. Each measurement merges its own section."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

TARGET = Path("build/bench.json")


def merge(section: str, figures: Any, target: Path = TARGET) -> None:
    """Replace one section (a top-level key) of the figures and keep all others. Several processes may do so."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = {**read(target), section: figures}
        draft = target.with_suffix(".new")
        draft.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        draft.replace(target)


def drop(sections: Mapping[str, Any] | list[str] | tuple[str, ...], target: Path = TARGET) -> None:
    """Remove sections that a new measurement is about to replace: a figure of another run must not stand beside it."""
    for section in sections:
        if section in read(target):
            kept = read(target)
            del kept[section]
            target.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def read(target: Path = TARGET) -> dict[str, Any]:
    """All sections; none where nothing was measured yet."""
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    return found


def show(console: Console, fold: Mapping[str, Any], ratios: Mapping[str, float]) -> None:
    """The fold's figures, fastest first, and what ours are to others."""
    table = Table("peer", "guarantee", "events/s", "min - max", "CPU us", "events", title="The fold")
    for number, column in enumerate(table.columns):
        column.no_wrap, column.justify = True, "right" if number > 1 else "left"
    for name, one in sorted(fold.items(), key=lambda item: -item[1]["events_per_s"]):
        low, high = one["events_per_s_min_max"]
        table.add_row(
            name,
            one["guarantee"],
            f"{one['events_per_s']:,}",
            f"{low:,} - {high:,}",
            f"{one['cpu_us_per_event']:.1f}",
            f"{one['events']:,}",
        )
    console.print(table)
    for name, ratio in ratios.items():
        console.print(f"  {name} {ratio:.2f}", highlight=False)
