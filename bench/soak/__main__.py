"""`make soak`: millions of events through the whole system, below its capacity, into build/soak.json."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.children import MeasureFailed
from bench.soak.judging import objections
from bench.soak.run import Soak
from bookly.errors import BooklyError
from contracts.errors import ContractError
from demo.barrier import NotQuiet
from stack import Stack
from stack.errors import StackError

HOME = Path("build/bench/soak")
Events = Annotated[int, typer.Option(envvar="EVENTS", min=1_000, help="Published when the population is there.")]
Rate = Annotated[float, typer.Option(envvar="RATE", min=1, help="Events a second.")]
Seed = Annotated[int, typer.Option(envvar="SEED", help="Of the events.")]
Target = Annotated[Path, typer.Option("--json", help="Where the figures go.")]


def main(events: Events = 10_000_000, rate: Rate = 2_000, seed: Seed = 7, target: Target = Path("build/soak.json")) -> None:
    """All five groups on a stack of their own, steady work on keys that are there already, and what grows in spite of it.

    Exit code 0: nothing lost, nothing doubled, memory and open files flat (judged from 20 minutes on); 1: not so, or somebody
    died or stood still, and the last lines say what; 2: a server or a setting did not let it begin, or go on.
    """
    console = Console(stderr=True, highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shutil.rmtree(HOME / ".stack/data", ignore_errors=True)
    HOME.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # a run that ends early leaves no figures of another
    try:
        with Stack.start(HOME) as stack:
            found = Soak(stack, HOME, console, seed).run(events, rate)
    except (BooklyError, ContractError, MeasureFailed, NotQuiet, StackError) as error:
        console.print(f"soak: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1 if isinstance(error, MeasureFailed | NotQuiet) else 2) from None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    said = objections(found)
    for sentence in said:
        console.print(f"soak: {sentence}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1 if said else 0)


if __name__ == "__main__":
    typer.run(main)
