"""`python -m faults`: the fault matrix on real servers, compared with an oracle."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bookly.errors import BooklyError
from contracts.errors import ContractError
from faults.catalogue import FAULTS
from faults.matrix import LANES, figures, play, servers
from faults.mutants import MUTANTS
from faults.plan import plan
from faults.report import Progress, show
from faults.run import Outcome
from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterable

HOME = Path("build/faults")
Runs = Annotated[int | None, typer.Option(envvar="RUNS", min=1, help="How many runs; without it the whole matrix.")]
Seed = Annotated[int, typer.Option(envvar="SEED", help="The first run of each fault has this seed, the next ones the next.")]
Only = Annotated[list[str] | None, typer.Option(envvar="ONLY", help="Faults by name; may be given again.")]
Target = Annotated[Path, typer.Option("--json", help="Where the figures go.")]
Lanes = Annotated[int, typer.Option(envvar="LANES", min=1, max=16, help="Runs at once, where they share nothing that breaks.")]
Broken = Annotated[str, typer.Option(help="Run a broken engine: the harness must report it.")]
Prove = Annotated[bool, typer.Option("--prove", help="Run every mutant until it is seen; 1 if one is not.")]


def main(
    runs: Runs = None,
    seed: Seed = 7,
    only: Only = None,
    target: Target = Path("build/faults.json"),
    lanes: Lanes = LANES,
    mutant: Broken = "",
    prove: Prove = False,
) -> None:
    """Strike workers and servers while events flow, and compare everything with an oracle when it is quiet.

    Exit code 0: no promise was broken; 1: one was, or a fault did not happen, and the report says in which run; 2: wrong use, or
    the servers did not start. The logs of a run are in build/faults/runs.
    """
    console = Console(stderr=True, highlight=False)
    names = [name for each in only or [] for name in each.replace(",", " ").split()]
    _refuse_unknown(names, FAULTS)
    _refuse_unknown([mutant] if mutant else [], MUTANTS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    HOME.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=HOME / "harness.log", level=logging.WARNING, force=True)  # that a server is away is no news here
    try:
        right = _prove(console, seed, lanes) if prove else _play(console, target, runs, seed, names, lanes, mutant)
    except (StackError, ContractError, BooklyError) as error:
        console.print(f"faults: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("faults: stopped")
        os._exit(130)  # runs that are under way wait for servers that are gone; the guard has ended their workers
    raise typer.Exit(0 if right else 1)


def _refuse_unknown(names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"there is no {name!r}; choose of {', '.join(known)}")


def _play(console: Console, target: Path, runs: int | None, seed: int, only: list[str], lanes: int, mutant: str) -> bool:
    planned = plan(runs, seed, only or ([MUTANTS[mutant].fault] if mutant else ()))
    outcomes: list[Outcome] = []
    began = time.monotonic()
    with (
        servers(Path.cwd() / HOME, lambda line: console.print(line, style="dim")) as running,
        Progress(console, planned) as progress,
    ):

        def done(outcome: Outcome) -> None:
            outcomes.append(outcome)
            progress.tell(outcome)
            found = {**figures(outcomes), "seed": seed, "took_s": round(time.monotonic() - began, 1), "mutant": mutant}
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")

        play(running, planned, lanes, done, mutant)
    show(console, outcomes, target)
    return not any(outcome.violations or outcome.unstruck for outcome in outcomes)


def _prove(console: Console, seed: int, lanes: int) -> bool:
    """Each mutant under the fault that shows it, up to five seeds."""
    unseen = set(MUTANTS)
    with servers(Path.cwd() / HOME, lambda line: console.print(line, style="dim")) as running:
        number = 0
        for name, mutant in MUTANTS.items():
            for each in plan(5, seed, [mutant.fault]):
                number += 1
                seen: list[Outcome] = []
                play(running, [each._replace(number=number, seed=4 * each.seed + 1)], lanes, seen.append, name)
                broken = {violation.invariant for violation in seen[0].violations}
                console.print(f"{name}: under {mutant.fault} (seed {seen[0].planned.seed}) {sorted(broken) or 'nothing seen'}")
                if broken & mutant.breaks:
                    unseen.discard(name)
                    break
    for name in sorted(unseen):
        console.print(
            f"faults: the mutant {name} was not seen: the checker is blind to {sorted(MUTANTS[name].breaks)}", style="red"
        )
    return not unseen


if __name__ == "__main__":
    typer.run(main)
