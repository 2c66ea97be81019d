"""`python -m faults.cluster`: work on three brokers and six Redis, of which a broker and a master are killed again and again."""

from __future__ import annotations

import json
import logging
import random
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.progress import Progress

from bookly.catalog import EventType
from contracts.registry import provision_registry
from faults.checker import INVARIANTS, Violation, Watched, check
from faults.domains import EMITS, PROBE, domain_of
from faults.evidence import told
from faults.log import LogReader
from faults.matrix import SharedRegistry
from faults.oracle import fold
from faults.processes import Processes
from faults.publishing import Publisher
from faults.run import wait_until_quiet
from faults.shown import Reader
from faults.spec import Spec
from faults.spy import Spy
from faults.topics import topics_of, wait_until_settled
from faults.workload import Shape, probe_phases
from stack.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from faults.evidence import Told

HOME = Path("build/cluster")
COPIES = 3
WORKERS = (0, 1)
AWAY_S = 8.0  # how long a killed server stays away
WELL_S = 60.0  # within which all is as before once it is back
OF_STRIKES = ("redone", "shutdown")  # what a kill of a worker is judged by, and none is killed here
FEW = 100  # events that a group may be behind at any moment
Minutes = Annotated[float, typer.Option(envvar="MINUTES", min=0.5, help="How long events are published.")]
Every = Annotated[float, typer.Option(envvar="EVERY", min=15, help="Seconds from a kill to the next.")]
Rate = Annotated[int, typer.Option(envvar="RATE", min=1, help="Events a second.")]
Seed = Annotated[int, typer.Option(envvar="SEED", help="Of the events, and of who is killed.")]
Target = Annotated[Path, typer.Option("--json", help="Where the figures go.")]


class Kill(NamedTuple):
    """`at`: CLOCK_MONOTONIC. `broker`: its number; `master`: its port."""

    at: float
    broker: int
    master: int


class Worked(NamedTuple):
    """What came of it all. `repeated`: events that the log has twice. `restarts`: workers that ended by themselves.

    By kill, how long a group was `behind`, and how long a worker's invalidations `stood` still.
    """

    events: int
    repeated: int
    acknowledged: int
    unconfirmed: int
    restarts: int
    kills: list[Kill]
    behind: list[float]
    stood: list[float]
    hits: int
    violations: list[Violation]


def main(
    minutes: Minutes = 10, every: Every = 30, rate: Rate = 400, seed: Seed = 7, target: Target = Path("build/cluster.json")
) -> None:
    """Kill one of three brokers and one of three Redis masters at once, every so often, and compare everything with an oracle.

    Exit code 0: nothing was lost, doubled or shown stale; 1: something was, and the report says what.
    """
    if every + AWAY_S >= minutes * 60:
        raise typer.BadParameter(f"nobody would be killed: the first is due after {every:g} s, the end after {minutes * 60:g}")
    console = Console(stderr=True, highlight=False)
    HOME.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=HOME / "harness.log", level=logging.WARNING, force=True)  # that a server is away is no news here
    with Cluster.start(HOME.absolute(), say=lambda line: console.print(line, style="dim")) as cluster:
        worked = Work(cluster, seed).through(minutes * 60, every, rate, console)
    found = figures(worked)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({**found, "minutes": minutes, "seed": seed, "events_per_s": rate}, indent=2) + "\n")
    for violation in worked.violations[:20]:
        console.print(f"{violation.invariant}: {violation.sentence}"[:300], style="red", markup=False)
    console.print_json(json.dumps(found))
    raise typer.Exit(1 if worked.violations else 0)


def figures(worked: Worked) -> dict[str, Any]:
    """What build/cluster.json holds; times in seconds."""
    counted = {name: sum(one.invariant == name for one in worked.violations) for name in INVARIANTS if name not in OF_STRIKES}
    return {
        "events": worked.events,
        "repeated_by_producer": worked.repeated,
        "acknowledged": worked.acknowledged,
        "unconfirmed": worked.unconfirmed,
        "kills": {"broker": len(worked.kills), "redis_master": len(worked.kills)},
        "restarts": worked.restarts,
        "violations": counted,
        "group_behind_s": _spread(worked.behind),
        "invalidations_stood_s": _spread(worked.stood),
        "cache_hits": worked.hits,
    }


class Work:
    """One domain, two workers, a publisher, a reader through the cache and a spy, on a cluster."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self._cluster, self._seed = cluster, seed
        self._rng = random.Random(seed)  # noqa: S311  # a seed is what is wanted
        self._home = HOME.absolute() / "run"
        self._home.mkdir(exist_ok=True)
        for old in self._home.iterdir():
            old.unlink()
        self._domain = domain_of("cluster", PROBE)

    def through(self, seconds: float, every: float, rate: int, console: Console) -> Worked:
        """Raises what the harness itself cannot do; what the engine does wrong is in what comes back."""
        cluster, domain = self._cluster, self._domain
        provision_registry(str(cluster.registry))
        registry = SharedRegistry(str(cluster.registry))
        registry.warm_up(event_type.value for event_type in EventType)
        number = round(seconds * rate)
        (events,) = probe_phases(self._rng, Shape(events=(number, number)))
        publisher = Publisher(cluster.brokers, registry, str(cluster.registry), domain.renamed)
        spy = Spy(cluster.brokers, domain, PROBE, lambda: True)  # two brokers of three are enough: nobody may stand still
        hot = [f"room-{number:02d}" for number in range(8)]
        reader = Reader(cluster.brokers, str(cluster.redis), domain.changelog("counts"), hot, self._seed)
        with topics_of(cluster.brokers, domain, COPIES), Processes(self._home, self._spec) as workers:
            for worker in WORKERS:
                workers.start(worker)
            _until(lambda: _owners(told(self._home)) >= set(WORKERS), "both workers own partitions")
            spy.start()
            reader.start()
            publisher.start(events, seconds)
            kills = list(self._kill(publisher, every, seconds, console))
            publisher.finish()
            violations = [] if wait_until_quiet(spy) else [Violation("stalled", "the group is not quiet after the last kill")]
            reader.stop()
            spy.stop()
            workers.end_all()
            if not wait_until_settled(cluster.brokers, domain):
                violations.append(Violation("stalled", "a transaction is still open: the log cannot be read to its end"))
            found = LogReader(cluster.brokers, registry, domain).read(EMITS[PROBE])
        expected = fold(domain, found.entries, found.aside_of(), forgiving=False)
        words, told_at = list(told(self._home)), invalidated(self._home)
        watched = Watched(publisher.acknowledged, spy.samples, reader.shown, words, spy.stalled)
        return Worked(
            len(found.entries),
            len(found.entries) - len({entry.event.metadata.event_id for entry in found.entries if entry.event}),
            publisher.published,
            publisher.failed,
            len(workers.exits),
            kills,
            [behind(spy.lags, kill.at, every) for kill in kills],
            [stood(told_at, kill.at, every) for kill in kills],
            reader.hits,
            [*violations, *check(PROBE, expected, found, watched)],
        )

    def _kill(self, publisher: Publisher, every: float, seconds: float, console: Console) -> Iterator[Kill]:
        """Both at once; both come back after a while, and the next is not killed before all is as it was."""
        cluster, due = self._cluster, time.monotonic() + every
        end = due - every + seconds
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("published", total=1.0)
            while due + AWAY_S < end:
                _sleep(due, bar, task, publisher)
                due += every
                broker, master = self._rng.randrange(len(cluster.nodes)), self._rng.choice(cluster.redis_nodes.masters())
                kill = Kill(time.monotonic(), broker + 1, master)
                cluster.nodes[broker].kill()
                cluster.redis_nodes.nodes[master].kill()
                time.sleep(AWAY_S)
                cluster.nodes[broker].start()
                cluster.redis_nodes.nodes[master].start()
                _until(lambda: _all_in_sync(cluster.brokers), "every partition is on three brokers again")
                cluster.redis_nodes.settle()
                console.print(f"broker {kill.broker} and master {kill.master}: all well {time.monotonic() - kill.at:.1f} s later")
                yield kill

    def _spec(self, worker: int, life: int) -> Spec:
        return Spec(
            worker=worker,
            domain=self._domain.name,
            mode=PROBE,
            topics=dict(self._domain.renamed),
            brokers=self._cluster.brokers,
            registry=str(self._cluster.registry),
            redis=str(self._cluster.redis),
            evidence=str(self._home / f"evidence-{worker}-{life}.jsonl"),
        )


def behind(lags: Sequence[tuple[float, int, int]], at: float, every: float) -> float:
    """How long after a kill the group was still further behind than before it: twice the most of the ten seconds before."""
    usual = max([FEW, *(2 * lag for when, lag, _ in lags if at - 10 <= when < at)])
    return max((when - at for when, lag, _ in lags if at <= when < at + every and lag > usual), default=0.0)


def invalidated(home: Path) -> list[list[float]]:
    """When each life of a worker had told Redis of all that was stale."""
    files = [file.read_text().splitlines() for file in home.glob("evidence-*.jsonl")]
    return [[json.loads(line)["at"] for line in lines if '"stale"' in line] for lines in files]


def stood(told_at: Iterable[Sequence[float]], at: float, every: float) -> float:
    """The longest time, from a kill to the next, in which a worker had told Redis of nothing that went stale."""
    longest = 0.0
    for each in told_at:
        times = [one for one in each if at - 5 <= one < at + every]
        longest = max([longest, *(later - earlier for earlier, later in pairwise(times) if later > at)])
    return longest


def _owners(words: Iterator[Told]) -> set[int]:
    return {word.about["worker"] for word in words if word.kind == "owns" and word.about["numbers"]}


def _all_in_sync(brokers: str) -> bool:
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    topics = admin.list_topics(timeout=10).topics.values()
    return all(len(partition.isrs) == COPIES for topic in topics for partition in topic.partitions.values())


def _sleep(until: float, bar: Progress, task: Any, publisher: Publisher) -> None:
    while (left := until - time.monotonic()) > 0:
        bar.update(task, completed=publisher.share)
        time.sleep(min(left, 0.5))


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WELL_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not come to this within {WELL_S:.0f} s: {what}")
        time.sleep(0.1)  # servers can only be asked


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(values), 2), "max": round(max(values), 2)} if values else {}


if __name__ == "__main__":
    typer.run(main)
