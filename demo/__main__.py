"""`python -m demo`: a university week through real Kafka, a real registry and a real Redis, checked against a recomputation."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agents import NAMES
from bookly.errors import BooklyError
from contracts.errors import ContractError
from demo.barrier import NotQuiet
from demo.log import MissingHeaders
from demo.run import Demo
from demo.workers import WorkerLostError
from stack.errors import StackError


def main(
    seed: Annotated[int, typer.Option(envvar="SEED", help="the same seed is the same week")] = 7,
    size: Annotated[
        float, typer.Option(envvar="SIZE", help="1 is 2,000 users, 300 resources, 20,000 reservations", min=0.01, max=10)
    ] = 1.0,
    kill: Annotated[str, typer.Option(envvar="KILL", help="a domain whose worker is killed with -9 in the middle")] = "",
    keep: Annotated[bool, typer.Option(envvar="KEEP", help="leave servers and workers running until Ctrl-C")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures on stdout")] = False,
) -> None:
    """Play a week, then check each of the five flows. Exit code 0: all equal; 1: a difference; 2: it could not run."""
    console = Console(stderr=True)
    if kill and kill not in NAMES:
        raise typer.BadParameter(f"there is no domain {kill!r}; choose one of {', '.join(NAMES)}")
    home = Path.cwd() / "build/demo"
    home.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as running:
            demo = Demo(console, home, seed, size, kill)
            result, right = demo.play(running)
            if as_json:
                sys.stdout.write(json.dumps(result) + "\n")
            if keep:
                _stay(console, demo.addresses)
    except (BooklyError, ContractError, StackError, NotQuiet, WorkerLostError, MissingHeaders) as error:
        console.print(f"demo: {error}", style="red", highlight=False, markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("demo: stopped")
        raise typer.Exit(130) from None
    raise typer.Exit(0 if right else 1)


def _stay(console: Console, addresses: dict[str, str]) -> None:
    console.print("Everything stays up. Look at it with:")
    for name, address in addresses.items():
        console.print(f"  export {name}={address}", highlight=False)
    console.print("  .venv/bin/python -m api demand      demand by resource and hour")
    console.print("  .venv/bin/python -m api lag         every group's lag")
    console.print("Stop it with Ctrl-C.")
    signal.pause()


if __name__ == "__main__":
    typer.run(main)
