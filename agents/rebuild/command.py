"""`python -m agents.rebuild <domain>`: what it shows, and how it ends."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agents import NAMES, PARTITIONS, domains
from agents.environment import environment
from agents.rebuild.comparing import Difference, differences, remembered
from agents.rebuild.errors import NotRebuilt
from agents.rebuild.folding import Fold, settled
from agents.rebuild.reading import read_again
from agents.rebuild.snapshot import Live, Snapshot
from agents.rebuild.switching import refuse_while_it_runs, switch
from bookly.errors import BooklyError
from bookly.registry import Registry
from bookly.settings import required

if TYPE_CHECKING:
    from agents.domain import Domain

SHOWN = 20
REBUILDABLE = ("reports",)


@dataclass
class Rebuilt:
    """What came of it. `by_partition`: the rows in which live and rebuilt differ. `remembered`: what was counted already."""

    events: int = 0
    rows: int = 0
    failed: list[str] = field(default_factory=list)
    live: dict[int, Live] = field(default_factory=dict)
    by_partition: dict[int, list[Difference]] = field(default_factory=dict)
    remembered: dict[int, list[Difference]] = field(default_factory=dict)

    def corrections(self) -> dict[int, list[Difference]]:
        """By partition, each beside the row as it is live: how often it was told, and what peaks, is of that, not of the copy in
        which time has gone on for the comparison.
        """
        return {
            number: [
                one._replace(live=self.live[number].rows[one.table].get(one.key))
                for one in (*ones, *self.remembered.get(number, ()))
            ]
            for number, ones in self.by_partition.items()
        }

    @property
    def differences(self) -> list[Difference]:
        return [one for found in self.by_partition.values() for one in found]


def main(
    domain: Annotated[str, typer.Argument(help="reports: whose tables follow from the log alone")],
    switch_over: Annotated[
        bool, typer.Option("--switch", help="correct the live rows; the group's workers must be stopped")
    ] = False,
) -> None:
    """Make DOMAIN's tables once more from the log and compare them with the live ones, up to the same offsets.

    Exit code 0: identical, or corrected by --switch. 1: they differ. 2: it could not be done, and nothing has changed, or the
    sentence says what has.
    """
    if domain not in NAMES:
        raise typer.BadParameter(f"there is no domain {domain!r}; choose one of {', '.join(NAMES)}")
    if domain not in REBUILDABLE:
        raise typer.BadParameter(
            f"rows of {domain} follow from its timers or from the order across topics, too, which the log does not hold; "
            f"choose of {', '.join(REBUILDABLE)}"
        )
    console, corrected = Console(stderr=True), list[int]()
    try:
        environ = environment(domain)
        brokers, registry = (required(name, None, environ) for name in ("brokers", "registry"))
        snapshot = Snapshot(domains()[domain], brokers)
        if switch_over:
            refuse_while_it_runs(snapshot)
        found = rebuild(domains()[domain], snapshot, brokers, registry, console)
        for said in (*found.failed[:SHOWN], *map(str, found.differences[:SHOWN])):
            console.print(said, markup=False, highlight=False)
        if switch_over:
            switch(domains()[domain], brokers, snapshot, found.corrections(), found.live, corrected.append)
    except (BooklyError, KeyboardInterrupt) as error:
        half = f" Partitions {corrected} are corrected, the next may be: compare once more." if corrected else ""
        typer.echo(f"bookly: {error if isinstance(error, BooklyError) else 'broken off.'}{half}", err=True)
        raise typer.Exit(2) from None
    differing = len(found.differences)
    about = {"events": found.events, "rows": found.rows, "failed": len(found.failed), "differences": differing}
    sys.stdout.write(json.dumps({**about, "switched": switch_over}) + "\n")
    raise typer.Exit(1 if differing and not switch_over else 0)


def rebuild(domain: Domain, snapshot: Snapshot, brokers: str, registry_url: str, console: Console) -> Rebuilt:
    """Read, fold and compare. Raises NotRebuilt when the log does not begin at its beginning, or the group never pauses."""
    numbers = list(range(PARTITIONS))
    with console.status("the live rows") as status:
        live = snapshot.take(numbers, status.update)
    upto = {place: offset for one in live.values() for place, offset in one.offsets.items()}
    cut = sorted({place[0] for place, begin in snapshot.begins(list(upto)).items() if begin > 0})
    if cut:
        raise NotRebuilt(f"retention has deleted the begin of {', '.join(cut)}: what was counted from it cannot be counted again")
    folds = {number: Fold(domain) for number in numbers}
    registry = Registry(registry_url)
    try:
        with _bar(console) as bar:
            task = bar.add_task(f"{domain.name} from the log", total=sum(upto.values()))
            events = read_again(brokers, registry, folds, upto, lambda count: bar.advance(task, count))
    finally:
        registry.close()
    found, now = Rebuilt(events, live=live), time.time_ns() // 1000
    for number, fold in folds.items():
        ours, theirs = settled(domain, live[number].rows, fold.rows, now)
        found.failed += fold.failed
        found.rows += sum(map(len, theirs.values()))
        found.by_partition[number] = list(differences(domain, ours, theirs))
        found.remembered[number] = list(remembered(domain, ours, theirs))
    return found


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)
