"""What so many events a second cost: `python -m bench.sizing --events-per-s 10000 --keys 100000`, as one JSON object.

It reckons with build/bench.json, or without one with docs/scaling.json. `--write` takes the former over into docs/.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from bench.errors import BenchError
from bench.report import TARGET, read
from bench.sizing.measured import FIGURES, measured_in, remembered
from bench.sizing.page import PAGE, with_tables
from bench.sizing.reckoning import Load, size


def main(
    events_per_s: Annotated[int, typer.Option(help="On all topics together, emitted ones too.")] = 1_000,
    keys: Annotated[int, typer.Option(help="Resources and users: what rows are kept for.")] = 10_000,
    groups: Annotated[int, typer.Option(help="How many groups read an event.")] = 4,
    rows: Annotated[int, typer.Option(help="Rows a key in a group's tables.")] = 2,
    share: Annotated[float, typer.Option(help="Of a core that a worker is planned to use.")] = 0.5,
    partitions: Annotated[int, typer.Option(help="Of a topic, as topics/ say.")] = 4,
    replication: Annotated[int, typer.Option(help="Copies of each partition.")] = 3,
    write: Annotated[bool, typer.Option("--write", help="Take build/bench.json over into docs/scaling.*.")] = False,
) -> None:
    """Print the load, the figures that it was reckoned from, and the size. Exit code 2: a sentence says what is wrong."""
    try:
        measured = measured_in(read()) if write or TARGET.exists() else remembered()
        load = Load(events_per_s, keys, groups, rows, share, partitions, replication)
        found = {"load": asdict(load), "measured": asdict(measured), "size": asdict(size(load, measured))}
        if write:
            PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), measured), encoding="utf-8")
            FIGURES.write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
    except BenchError as error:
        typer.echo(f"sizing: {error}", err=True)
        raise typer.Exit(2) from error
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
