"""One measure by itself: `python -m bench.<name> [--quick] [--runs N]`, on a stack of its own below build/bench/."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from bench.report import merge
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = Path("build/bench")


class Measure(Protocol):
    def __call__(self, stack: Stack, *, runs: int, quick: bool) -> dict[str, Any]: ...


def alone(name: str, measure: Measure) -> None:
    """Run a measure as a program: its figures go to build/bench.json, unless it was a quick one, and as JSON to stdout."""
    typer.run(_program(name, measure))


def _program(name: str, measure: Measure) -> Callable[..., None]:
    def main(
        runs: Annotated[int, typer.Option(min=1, help="Runs of each side; they take turns.")] = 5,
        quick: Annotated[bool, typer.Option("--quick", help="A small measure, to see that it works.")] = False,
    ) -> None:
        home = HOME / f"alone-{name}"
        shutil.rmtree(home / ".stack/data", ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
        with Stack.start(home) as stack:
            provision_broker(stack.brokers)
            provision_registry(str(stack.registry))
            found = measure(stack, runs=runs, quick=quick)
        if not quick:
            for section, figures in found.items():
                merge(section, figures)
        sys.stdout.write(json.dumps(found, indent=2) + "\n")

    return main
