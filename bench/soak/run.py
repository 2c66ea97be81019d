"""One soak: workers, a population, then steady work, and all that is counted before, meanwhile and after."""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from agents import NAMES, changelogs
from api.tables import read_rows
from api.tally import read_tally
from bench.children import Telling, addresses
from bench.samples import percentile
from bench.soak.counting import compare_rows, compare_tallies, differences, done, records_of, rows_of, worst
from bench.soak.judging import growth
from bench.soak.logged import inputs_of, logged
from bench.soak.population import Population
from bench.soak.probing import Prober
from bench.soak.processes import Processes
from bookly import BlockingProducer
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from demo.barrier import Barrier, Offsets, groups

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from stack import Stack

SILENT_S = 60.0  # the publisher tells once a second
TELL_EACH = 60  # of the publisher's news
BEHIND_S = 600.0  # within which all groups have caught up with the last event


class Soak:
    """On a running stack whose data is empty. `home`: where logs go."""

    def __init__(self, stack: Stack, home: Path, console: Console, seed: int) -> None:
        self._brokers, self._registry = stack.brokers, str(stack.registry)
        self._home, self._console, self._seed = home, console, seed
        self._environment = addresses(stack) | {"BOOKLY_TIMERS": "on"}
        self._population = Population()
        self._barrier = Barrier(Offsets(self._brokers), groups(), BEHIND_S)

    def run(self, events: int, rate: float) -> dict[str, Any]:
        """The figures. Raises MeasureFailed, NotQuiet, BooklyError, ContractError."""
        beside = os.getloadavg()
        provision_broker(self._brokers, changelogs())
        provision_registry(self._registry)
        with Processes(self._environment, self._home) as workers:
            self._populate(workers)
            before, used, began = self._tallies(), workers.cpu_s(), time.monotonic()
            prober = Prober(self._brokers, self._registry, self._population)
            with prober:
                told = self._publish(workers, events, rate)
            self._barrier.wait(workers.look)
            after, used_then, seconds = self._tallies(), workers.cpu_s(), time.monotonic() - began
        handled = {name: done(after[name]) - done(before[name]) for name in NAMES}
        median, p99 = (
            {name: round(percentile(taken, share) * 1_000, 1) for name, taken in prober.latencies.items()}
            for share in (0.5, 0.99)
        )
        cost = {name: round((used_then[name] - used[name]) * 1_000_000 / handled[name], 1) for name in NAMES}
        return {
            "events": events,
            **growth(workers.samples),
            **self._counted(after, told[-1], prober),
            "p99_ms": max(p99.values()),
            "p99_ms_by_group": p99,
            "median_ms_by_group": median,
            "probes": sum(map(len, prober.latencies.values())),
            "cpu_us_per_event_by_group": cost,
            "events_by_group": handled,
            "publisher_rss_mb": [told[0]["rss_mb"], told[-1]["rss_mb"]],
            "events_per_s": rate,
            "publisher_late_s": round(max(line["late_s"] for line in told), 2),
            "seconds": round(seconds, 1),
            "load_before": [round(load, 1) for load in beside],
            "seed": self._seed,
        }

    def _populate(self, workers: Processes) -> None:
        with (
            self._console.status("the population"),
            BlockingProducer(brokers=self._brokers, registry=self._registry, source="soak") as producer,
        ):
            for step in self._population.steps():
                for event in step:
                    producer.enqueue(event)
                producer.flush()
                self._barrier.wait(workers.look)

    def _publish(self, workers: Processes, events: int, rate: float) -> list[dict[str, Any]]:
        """What the publisher told; a sample of each worker is taken whenever it tells something."""
        columns = (TextColumn("events"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        log = self._home / "publisher.log"
        with Progress(*columns, console=self._console) as bar, Telling(self._environment, log) as telling:
            task = bar.add_task("events", total=events)
            telling.start("bench.soak.publishing", events, rate, self._seed, self._population.midnight.isoformat())
            told, heard = telling.told[0], 0
            while not told or "records" not in told[-1]:
                telling.wait(partial(_more, heard), "the publisher", SILENT_S)
                heard = len(told)
                workers.sample()
                bar.update(task, completed=told[heard - 1]["published"])
                if not self._console.is_terminal and heard % TELL_EACH == 0:  # nobody sees the bar: a line now and then
                    self._console.print(f"{told[heard - 1]['published']:,} of {events:,} events; {workers.held()}")
        return told

    def _tallies(self) -> dict[str, Counter[str]]:
        return {name: read_tally(self._brokers, f"bookly-{name}") for name in NAMES}

    def _counted(self, tallies: dict[str, Counter[str]], told: dict[str, Any], prober: Prober) -> dict[str, Any]:
        """Three counts: what the log has, what the groups say that they have done, what their rows show."""
        with self._console.status("counting the log"):
            by_topic, by_type = logged(self._brokers, self._registry)
        changes = Counter({(what, number): count for what, number, count in told["changes"]}) + prober.changes
        records = records_of(self._population) + Counter(told["records"]) + prober.records
        inputs = {name: sum(by_topic[topic] for topic in inputs_of(name)) for name in NAMES}
        counts = {
            "log": {"all": differences(records, by_type)},
            "tallies": compare_tallies(tallies, inputs),
            "rows": compare_rows(rows_of(self._population, changes), partial(read_rows, self._brokers)),
        }
        lost, double = worst(counts)
        return {
            "lost": lost,
            "double": double,
            "different": {kind: {name: one for name, one in by.items() if any(one)} for kind, by in counts.items()},
            "records_in_log": by_topic,
        }


def _more(heard: int, told: list[list[dict[str, Any]]]) -> bool:
    return len(told[0]) > heard
