"""Two workers of a group against one. `python -m bench.scaling [--quick] [--runs N]`

All events become visible at once, by the commit of the transaction that holds them, when the workers have their partitions. On
four cores or more, each worker has a core and the servers have the others. On fewer nothing can be pinned apart, and each worker
is held to the same share of a core (bench/shares.py); `share_of_all_cores` says whether the machine was idle beside them. Where
the user may not do that, all share what there is, and the figure says what the machine allows rather than what the engine does.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from bench.alone import HOME, alone
from bench.apart import fold_of, make_topics
from bench.children import MeasureFailed, Telling, addresses
from bench.reservations import PATIENCE_S, encoder, fill_hidden
from bench.samples import spread
from bench.shares import SHARE, shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack

EVENTS, FEW_EVENTS = 600_000, 60_000
RESOURCES, PARTITIONS = 2_000, 4
WORKERS = (1, 2)
APART = 4  # cores from which on servers and two workers need not share any


class Run(NamedTuple):
    events_per_s: float
    worker_cpu_us: float  # an event, of all workers
    server_cpu_us: float  # an event, of broker and Redis
    busy: float  # share of all cores that workers and servers had


def measure(stack: Stack, *, runs: int, quick: bool) -> dict[str, Any]:
    """The section scaling of build/bench.json, and scaling_about: what stood behind it."""
    events = FEW_EVENTS if quick else EVENTS
    found: dict[int, list[Run]] = {workers: [] for workers in WORKERS}
    with servers_apart(stack) as cores, shares(0 if cores else max(WORKERS)) as groups:
        places: list[dict[str, Any]] = [{"cores": each} for each in cores] or [{"group": group} for group in groups]
        for number in range(runs):
            for workers in WORKERS:
                found[workers].append(one_run(stack, f"scaling-{workers}-{number}", workers, events, places))
    apart = "a core each, servers on the others" if cores else f"{SHARE} of a core each" if groups else "nothing kept apart"
    return summary(found, apart)


def summary(found: dict[int, list[Run]], apart: str) -> dict[str, Any]:
    speeds = {str(workers): spread([run.events_per_s for run in runs], 0) for workers, runs in found.items()}
    ratios = [two.events_per_s / one.events_per_s for one, two in zip(found[1], found[2], strict=True)]
    about = {
        "apart": apart,
        "cores": os.cpu_count(),
        "ratio": spread(ratios, 2),
        "events_per_s": speeds,
        "worker_cpu_us_per_event": {str(n): spread([run.worker_cpu_us for run in runs], 2) for n, runs in found.items()},
        "server_cpu_us_per_event": {str(n): spread([run.server_cpu_us for run in runs], 2) for n, runs in found.items()},
        "share_of_all_cores": {str(n): spread([run.busy for run in runs], 2) for n, runs in found.items()},
    }
    return {"scaling": {workers: speed["median"] for workers, speed in speeds.items()}, "scaling_about": about}


def one_run(stack: Stack, name: str, workers: int, events: int, places: list[dict[str, Any]]) -> Run:
    """From the first event in a worker's hand to the last commit of any."""
    domain = fold_of(name, f"bench.{name}")
    make_topics(stack.brokers, domain, PARTITIONS)
    encoded, rooms = encoder(str(stack.registry)), [f"room-{number % RESOURCES}" for number in range(events)]
    hidden = fill_hidden(stack.brokers, domain.topic, ((r, encoded(n, r, n / events)) for n, r in enumerate(rooms)))
    with Telling(addresses(stack), HOME / "scaling.log") as telling:
        for number in range(workers):
            telling.start("bench.worker", name, domain.topic, PARTITIONS, **(places[number] if places else {}))
        telling.wait(lambda told: all(owned(lines) == PARTITIONS // workers for lines in told), f"{workers} workers share {name}")
        before = server_cpu_s(stack)
        hidden.commit_transaction(PATIENCE_S)
        telling.wait(lambda told: sum(applied(lines) for lines in told) >= events, f"{workers} workers fold {events:,} events")
        servers = server_cpu_s(stack) - before
    folded = sum(applied(lines) for lines in telling.told)
    if folded != events:
        raise MeasureFailed(f"{workers} workers applied {folded:,} of {events:,} events")
    last = [lines[-1] for lines in telling.told if applied(lines)]
    seconds = max(line["at"] for line in last) - min(line["began"] for line in last)
    cpu = sum(line["cpu_s"] for line in last)
    return Run(events / seconds, cpu / events * 1e6, servers / events * 1e6, (cpu + servers) / seconds / (os.cpu_count() or 1))


def owned(lines: list[dict[str, Any]]) -> int:
    """How many partitions a worker says that it has."""
    return next((len(line["took_over"]) for line in reversed(lines) if "took_over" in line), 0)


def applied(lines: list[dict[str, Any]]) -> int:
    return int(lines[-1].get("applied", 0)) if lines else 0


def server_cpu_s(stack: Stack) -> float:
    """Of broker and Redis since they started."""
    times = [psutil.Process(pid).cpu_times() for server in (stack.broker, stack.redis) if (pid := server.pid) is not None]
    return sum(time.user + time.system for time in times)


@contextmanager
def servers_apart(stack: Stack) -> Iterator[list[set[int]]]:
    """The cores of each worker, while all servers keep off them; none where there are too few cores for that."""
    everywhere = os.sched_getaffinity(0)
    if len(everywhere) < APART:
        yield []
        return
    *others, first, second = sorted(everywhere)
    pids = [server.pid for server in stack.servers.values() if server.pid is not None]
    try:
        for pid in pids:
            pin(pid, set(others))
        yield [{first}, {second}]
    finally:
        for pid in pids:
            pin(pid, everywhere)


def pin(pid: int, cores: set[int]) -> None:
    """All threads of a process; later ones inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


if __name__ == "__main__":
    alone("scaling", measure)
