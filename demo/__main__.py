"""`python -m demo`: a university week through real Kafka, a real registry and a real Redis, checked against a recomputation."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agents import NAMES
from api.tables import UnknownTable
from bookly.errors import BooklyError
from contracts.errors import ContractError
from demo import report
from demo.barrier import NotQuiet
from demo.log import MissingHeaders
from demo.run import Demo
from demo.university import MONDAY
from demo.workers import WorkerLostError
from stack.errors import AlreadyRunning, StackError

BUILD = Path("build")
DOWN = ".venv/bin/python -m stack down --directory build/demo"
FAILURES = (BooklyError, ContractError, StackError, NotQuiet, WorkerLostError, MissingHeaders, UnknownTable, ExceptionGroup)
SIZES = "1 is 2,000 users, 300 resources, 20,000 reservations; others in proportion"
Seed = Annotated[int, typer.Option(envvar="SEED", help="The same seed is the same week, event for event.")]
Size = Annotated[float, typer.Option(envvar="SIZE", help=SIZES, min=0.01, max=10)]
Kill = Annotated[str, typer.Option(envvar="KILL", help="A domain whose worker is killed with -9 in the middle of Wednesday.")]
Keep = Annotated[bool, typer.Option("--keep", envvar="KEEP", help="Leave servers and workers running until Ctrl-C.")]
Secure = Annotated[bool, typer.Option("--secure", envvar="SECURE", help="On servers that believe nobody without a name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures on stdout; all else goes to stderr.")]


def main(
    seed: Seed = 7, size: Size = 1.0, kill: Kill = "", keep: Keep = False, secure: Secure = False, as_json: AsJson = False
) -> None:
    """Play a week of a university on a local stack of its own (build/demo), then check each of the five flows.

    Exit code 0: all is as the recomputation from the log expects; 1: something differs, and the report says what; 2: it could not
    run, and the last line says why. The figures are in build/demo.json, the logs of the workers in build/demo/logs.
    """
    console = Console(stderr=True)
    if kill and kill not in NAMES:
        raise typer.BadParameter(f"there is no domain {kill!r}; choose one of {', '.join(NAMES)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as running:
            home = Path.cwd() / BUILD / "demo"
            home.mkdir(parents=True, exist_ok=True)
            right = _play(console, Demo(console, running, home, seed, size, kill, secure=secure), keep=keep, as_json=as_json)
    except AlreadyRunning:
        sentence = f"demo: an earlier demo still runs here (KEEP=1?): end it there by Ctrl-C, or by `{DOWN}`."
        console.print(sentence, style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except FAILURES as error:
        console.print(f"demo: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("demo: stopped")
        raise typer.Exit(130) from None
    raise typer.Exit(0 if right else 1)


def _play(console: Console, demo: Demo, *, keep: bool, as_json: bool) -> bool:
    target = BUILD / "demo.json"
    demo.start()
    target.unlink(missing_ok=True)  # a run that ends early leaves no figures of another
    demo.play()
    check = demo.check()
    target.write_text(json.dumps(check.figures, indent=2) + "\n", encoding="utf-8")
    report.show(console, check, demo.brokers)
    where = f"The figures are in {target}, the logs of the workers in {BUILD}/demo/logs."
    console.print(where, highlight=False, soft_wrap=True)
    if as_json:
        sys.stdout.write(json.dumps(check.figures) + "\n")
    if keep:
        _stay(console, demo)
    return check.right


def _stay(console: Console, demo: Demo) -> None:
    """Watch over everything until Ctrl-C."""
    console.print("Servers and workers stay up. To look at them from another terminal:")
    for name, address in demo.addresses.items():
        console.print(f"  export {name}={address}", highlight=False)
    console.print("  .venv/bin/python -m api lag            how far every group is behind")
    console.print("  .venv/bin/python -m agents reports     one more worker; any domain")
    period = f"--since {MONDAY:%Y-%m-%d} --until {MONDAY + timedelta(days=7):%Y-%m-%d}"
    console.print(f"  .venv/bin/python -m api reports demand {period} --top 10", highlight=False, soft_wrap=True)
    console.print(f"Stop it with Ctrl-C here, or there with `{DOWN}`.", highlight=False, soft_wrap=True)
    with suppress(KeyboardInterrupt):
        while True:
            demo.look()
            time.sleep(0.5)


if __name__ == "__main__":
    typer.run(main)
