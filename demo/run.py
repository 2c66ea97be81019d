"""The demo from its first server to its last figure."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from agents import NAMES, changelogs
from api.tables import read_log
from bookly import BlockingProducer
from bookly.registry import Registry
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from demo import report
from demo.barrier import Barrier
from demo.found import found_facts
from demo.log import Log
from demo.oracle.fold import Oracle
from demo.university import University
from demo.verdict import double_bookings, verdicts
from demo.week import week
from demo.workers import workers_for
from stack import Stack

if TYPE_CHECKING:
    from rich.console import Console

    from demo.verdict import Verdict
    from demo.week import Step
    from demo.workers import Workers


class Demo:
    """One run. `kill` names a domain whose worker is killed with -9 in the middle."""

    def __init__(self, console: Console, directory: Path, seed: int, size: float, kill: str = "") -> None:
        self._console, self._directory, self._kill = console, directory, kill
        self._university = University(seed, size)
        self._published = 0

    def run(self) -> tuple[dict[str, Any], bool]:
        """The figures, and whether everything is as expected. Stops what it started."""
        with ExitStack() as running:
            return self.play(running)

    def play(self, running: ExitStack) -> tuple[dict[str, Any], bool]:
        """As `run`, but what was started ends with `running`."""
        began = time.monotonic()
        shutil.rmtree(self._directory / ".stack/data", ignore_errors=True)  # every run is a new week on empty servers
        stack = running.enter_context(Stack.start(self._directory))
        created = provision_broker(stack.brokers, changelogs())
        subjects = provision_registry(str(stack.registry))
        self._console.print(f"{len(created)} topics created, {len(subjects)} subjects in the registry")
        self.addresses = {
            "BOOKLY_BROKERS": stack.brokers,
            "BOOKLY_REGISTRY": str(stack.registry),
            "BOOKLY_REDIS": str(stack.redis),
        }
        workers = workers_for(NAMES, self.addresses, self._directory / "logs")
        running.callback(workers.stop)
        workers.start()
        barrier, log = Barrier(stack.brokers), Log(stack.brokers, Registry(str(stack.registry)))
        self._publish(stack, workers, barrier, log)
        return self._check(stack, workers, barrier, log, began)

    def _publish(self, stack: Stack, workers: Workers, barrier: Barrier, log: Log) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        settings = {"brokers": stack.brokers, "registry": str(stack.registry)}
        with (
            Progress(*columns, console=self._console) as progress,
            BlockingProducer(**settings, source="booking-web") as producer,  # type: ignore[arg-type]  # typed by name below
        ):
            task = progress.add_task("a week", total=self._university.reservations)
            for number, step in enumerate(week(self._university, log.read_on)):
                progress.update(task, description=step.name)
                self._publish_step(step, producer)
                asked = sum(type(happening.event).__name__ == "ReservationCreated" for happening in step.happenings)
                progress.update(task, advance=asked)
                if number == 10 and self._kill:
                    pid = workers.kill(self._kill)
                    progress.console.print(f"kill -9 {pid}: the worker of {self._kill}, in the middle of {step.name!r}")
                barrier.wait(lambda: self._tell(progress, workers.look()))
            progress.update(task, description="the week is over", completed=self._university.reservations)

    def _publish_step(self, step: Step, producer: BlockingProducer) -> None:
        for happening in step.happenings:
            producer.enqueue(happening.event, occurred_at=happening.at, actor=happening.actor)
        producer.flush()
        self._published += len(step.happenings)

    def _tell(self, progress: Progress, revived: list[str]) -> None:
        for domain in revived:
            progress.console.print(f"the worker of {domain} had died and runs again")

    def _check(self, stack: Stack, workers: Workers, barrier: Barrier, log: Log, began: float) -> tuple[dict[str, Any], bool]:
        log.read_on()
        events = [seen.event for seen in log.seen]
        outside = sum(event.metadata.causation_id is None for event in events)
        found = verdicts(Oracle().expect(events), found_facts(events, stack.brokers))
        tallies = barrier.tallies()
        dead = {name: sum(1 for _ in read_log(stack.brokers, f"bookly.{name}.dead")) for name in NAMES}
        result = {
            "events_published": self._published,
            "events_processed_by_group": {
                group: tally["applied"] + tally["ignored"] + tally["dead"] for group, tally in tallies.items()
            },
            "dead_lettered": sum(dead.values()),
            "flows": {verdict.flow: _figures(verdict) for verdict in found},
            "double_bookings": double_bookings(events),
            "seconds": round(time.monotonic() - began, 1),
            "worker_rss_mb": {worker.domain: round(worker.peak_rss_mb, 1) for worker in workers.workers},
            "restarts": {worker.domain: worker.restarts for worker in workers.workers},
            "events_in_log": len(events),
            "seed": self._university.seed,
            "size": self._university.size,
        }
        target = self._directory.parent / "demo.json"
        target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        report.show(self._console, found, result, stack.brokers)
        right = all(verdict.right for verdict in found) and not result["double_bookings"] and outside == self._published
        self._console.print(f"figures in {target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target}")
        return result, right and result["dead_lettered"] == 0


def _figures(verdict: Verdict) -> dict[str, int]:
    return {
        "expected": verdict.expected,
        "found": verdict.found,
        "missing": verdict.missing.total(),
        "unexpected": verdict.unexpected.total(),
    }
