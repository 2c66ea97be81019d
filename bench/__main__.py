"""`python -m bench`: the fold by us and by its peers, on one broker, taking turns; figures in build/bench.json."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import report
from bench.catalogue import PEERS, Peer, chosen
from bench.errors import BenchError, Refused
from bench.figures import RATIOS, Runs, fold_figures, ratios, turns
from bench.laboratory import Laboratory
from bench.world import World, write_schema
from bookly.errors import BooklyError
from contracts.errors import ContractError
from stack import Stack, StackError, state

HOME = Path("build/bench")
WIDTH = 110  # of a log, which the table needs
FAILURES = (BenchError, StackError, ContractError, BooklyError)
Events = Annotated[int, typer.Option(envvar="EVENTS", help="Events of the fold; slow peers fold a share of it.", min=1000)]
Rounds = Annotated[int, typer.Option("--runs", envvar="RUNS", help="Runs of each peer.", min=1)]
Only = Annotated[list[str] | None, typer.Option("--only", help=f"One or more of: {', '.join(peer.name for peer in PEERS)}.")]
Json = Annotated[Path, typer.Option("--json", help="Where the figures go; what others measured there is kept.")]
Seed = Annotated[int, typer.Option(envvar="SEED", help="The same seed is the same input.")]
COLUMNS = (SpinnerColumn(), TextColumn("{task.description:44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


def main(events: Events = 300_000, runs: Rounds = 5, only: Only = None, json: Json = report.TARGET, seed: Seed = 7) -> None:
    """Measure. Exit code 1: a peer's run was refused, the last lines say why; 2: the bench could not run."""
    console = Console(stderr=True, width=None if sys.stderr.isatty() else WIDTH)
    try:
        peers = chosen(only or [])
    except KeyError as error:
        raise typer.BadParameter(f"there is no peer {error}; choose of {', '.join(peer.name for peer in PEERS)}") from None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        refused = Bench(console, peers, events, seed, json).measure(runs)
    except FAILURES as error:
        console.print(f"bench: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("bench: stopped; the figures of the rounds that were done are kept")
        raise typer.Exit(130) from None
    for sentence in refused:
        console.print(f"bench: refused: {sentence}", style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1 if refused else 0)


class Bench:
    """One measurement on a stack of its own below build/bench."""

    def __init__(self, console: Console, peers: tuple[Peer, ...], events: int, seed: int, target: Path) -> None:
        self._console, self._peers, self._seed, self._target = console, peers, seed, target
        self._home = HOME.absolute()
        self._laboratory = Laboratory(self._home, events)
        self._runs: Runs = {}
        self._refused: list[str] = []

    def measure(self, rounds: int) -> list[str]:
        """All rounds; the sentences of what was refused. A peer whose run is refused runs no more, and has no figures."""
        self._empty()
        with Progress(*COLUMNS, console=self._console) as progress:
            self._prepare(progress)
            with Stack.start(self._home, say=self._say) as stack:
                world = World(stack, self._seed)
                world.provision()
                self._fill(progress, world)
                task = progress.add_task("runs", total=len(self._peers) * rounds)
                for number, peers in enumerate(turns(self._peers, rounds), 1):
                    for peer in peers:
                        progress.update(task, description=f"run {number} of {rounds}: {peer.name}")
                        self._run(peer, world)
                        progress.advance(task)
                    self._keep(number)
        report.show(self._console, fold_figures(self._peers, self._runs), ratios(self._runs))
        return self._refused

    def _run(self, peer: Peer, world: World) -> None:
        if any(sentence.startswith(f"{peer.name} ") for sentence in self._refused):
            return
        try:
            run = self._laboratory.run(peer, world)
        except Refused as refusal:
            self._refused.append(str(refusal))
            self._runs.pop(peer.name, None)
            return
        self._runs.setdefault(peer.name, []).append(run)
        if not self._console.is_terminal:  # nobody sees the bar: a line each run
            self._console.print(
                f"{peer.name}: {run.events_per_s:,.0f} events/s, {run.cpu_us_per_event:.1f} us CPU an event", highlight=False
            )

    def _keep(self, rounds: int) -> None:
        """The figures so far."""
        fold, made = fold_figures(self._peers, self._runs), ratios(self._runs)
        report.drop([name for name, *_ in RATIOS if name not in made], self._target)
        for section, figures in {"fold": fold, **made, "measured": _circumstances(rounds, self._seed)}.items():
            report.merge(section, figures, self._target)
        if ours := fold.get("ours"):
            report.merge("guarantee", ours["guarantee"], self._target)

    def _prepare(self, progress: Progress) -> None:
        task = progress.add_task("environments", total=len(self._peers))
        for peer in self._peers:
            progress.update(task, description=f"environment of {peer.name}")
            self._laboratory.prepare(peer)
            progress.advance(task)

    def _fill(self, progress: Progress, world: World) -> None:
        write_schema(self._laboratory.schema)
        for number in sorted({self._laboratory.share(peer) for peer in self._peers}):
            task = progress.add_task(f"input of {number:,} events", total=number)
            world.fill(number, lambda made, task=task: progress.advance(task, made), whole=number == self._laboratory.events)  # type: ignore[misc]

    def _empty(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        if state.running(state.stack_directory(self._home)) is None:  # else its owner needs the data, and Stack.start says so
            shutil.rmtree(self._home / ".stack" / "data", ignore_errors=True)
            shutil.rmtree(self._home / "scratch", ignore_errors=True)

    def _say(self, line: str) -> None:
        self._console.print(f"stack: {line}", highlight=False, markup=False, style="dim", soft_wrap=True)


def _circumstances(rounds: int, seed: int) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "rounds": rounds,
        "seed": seed,
    }


if __name__ == "__main__":
    typer.run(main)
