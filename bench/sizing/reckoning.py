"""From a load and what was measured to cores, workers, memory, recovery and disk. Arithmetic, nothing is run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.sizing.measured import Measured

RETENTION_DAYS = 400
DETECTION_S = 13  # until the partitions of a worker that was killed are somebody else's (docs/operations.md)
TIMERS_A_PARTITION = 1_000  # that fire in a second (agents/timers.py)


@dataclass(frozen=True)
class Load:
    """What is asked for: `groups` that read each event, `rows` of a group's tables a key, `share` of a core that is planned."""

    events_per_s: int
    keys: int
    groups: int = 4
    rows: int = 2
    share: float = 0.5
    partitions: int = 4
    replication: int = 3


@dataclass(frozen=True)
class Size:
    """What it costs. Memory and recovery are those of one worker when another of its group was lost."""

    worker_us: float
    worker_cores: float
    server_cores: float
    workers_a_group: int
    partitions: int
    memory_mb: int
    recovery_s: float
    disk_tb: float
    first_limit: int
    timers_per_s: int


def size(load: Load, measured: Measured) -> Size:
    """`first_limit`: events a second at which as many workers as partitions do not suffice. Raises BenchError for no load."""
    least = min(load.events_per_s, load.keys, load.groups, load.rows, load.partitions, load.replication)
    if least < 1 or not 0 < load.share <= 1:
        raise BenchError("a load is of whole numbers from 1, and of a share of a core above 0 and at most 1")
    cost = measured.cpu_of(load.keys) * (measured.beside_others if load.groups > 1 else 1.0)
    workers = max(1, math.ceil(load.events_per_s * cost / 1e6 / load.share))
    partitions = max(load.partitions, workers)
    rows = load.keys * load.rows
    held = rows / max(1, workers - 1)  # the only one of a group leaves all to its successor
    stored = load.events_per_s * measured.event_bytes * 86_400 * RETENTION_DAYS * load.replication
    return Size(
        worker_us=round(cost, 1),
        worker_cores=round(load.events_per_s * cost * load.groups / 1e6, 2),
        server_cores=round(load.events_per_s * measured.server_us * load.groups / 1e6, 3),
        workers_a_group=workers,
        partitions=partitions,
        memory_mb=round(measured.worker_mb + held * measured.bytes_per_key / 1e6),
        recovery_s=round(DETECTION_S + rows / workers / measured.recovered_per_s, 1),
        disk_tb=round(stored / 1e12, 1),
        first_limit=int(load.partitions * load.share * 1e6 / cost),
        timers_per_s=partitions * TIMERS_A_PARTITION,
    )
