"""What a person sees while the matrix runs, and at its end. All of it goes to stderr."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich import progress as bars
from rich.table import Table

from faults.matrix import figures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

    from rich.console import Console

    from faults.plan import Planned
    from faults.run import Outcome

SHOWN = 3  # sentences a run


class Progress:
    """A line a run, a bar for all."""

    def __init__(self, console: Console, planned: Sequence[Planned]) -> None:
        self._console = console
        columns = (bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeElapsedColumn(), bars.TextColumn("{task.description}"))
        self._bars = bars.Progress(*columns, console=console)
        self._task = self._bars.add_task("", total=len(planned))

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def tell(self, outcome: Outcome) -> None:
        planned = outcome.planned
        recovery = "" if outcome.recovery_s is None else f", quiet {outcome.recovery_s:.1f} s after the fault"
        name = f"{planned.fault.name} seed {planned.seed} ({planned.mode})"
        said = f"{name}: {outcome.events} events{recovery}, {outcome.took_s:.0f} s"
        self._bars.advance(self._task)
        if outcome.unstruck:
            self._console.print(f"[yellow]?[/] {said}: the fault did not happen: {outcome.unstruck}")
        if not outcome.violations:
            self._console.print(f"[green]✓[/] {said}")
            return
        counted = Counter(violation.invariant for violation in outcome.violations)
        again = f"python -m faults --only {planned.fault.name} --seed {planned.seed} --runs 1"
        self._console.print(f"[red]✗[/] {said}: {dict(counted)}; again: {again}")
        for violation in outcome.violations[:SHOWN]:
            self._console.print(f"    {violation.invariant}: {violation.sentence}"[:300], markup=False)


def show(console: Console, outcomes: Sequence[Outcome], target: Path) -> None:
    """A row a fault, and the sum."""
    found = figures(outcomes)
    table = Table(title=f"{found['runs']} runs, {found['events']:,} events", title_justify="left")
    for name in ("fault", "runs", "violations", "unstruck", "slowest recovery (s)"):
        table.add_column(name)
    for name, of in found["by_fault"].items():
        table.add_row(name, *(str(of[each]) for each in ("runs", "violations", "unstruck", "max_recovery_s")))
    console.print(table)
    broken = {name: number for name, number in found["violations"].items() if number}
    console.print(f"violations: {broken or 'none'}. The figures are in {target}, the logs of each run in build/faults/runs.")
