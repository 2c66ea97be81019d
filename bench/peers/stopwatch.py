"""What every peer is told, and its answer: a line of JSON, measured from the first record in hand to the last commit done."""

from __future__ import annotations

import json
import os
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOUR_US = 3_600_000_000
PREFIX = 5  # a zero and the schema's id


@dataclass(frozen=True)
class Task:
    """The fold that is asked for. The group is new for each run, and so is the directory that the process starts in."""

    brokers: str
    topic: str
    group: str
    redis: str
    schema: str
    events: int

    @classmethod
    def given(cls) -> Task:
        """From the environment. `schema` is the writer's without logical types: times are integers and ids text for all."""
        told = {name: os.environ[f"FOLD_{name.upper()}"] for name in ("brokers", "topic", "group", "redis", "schema")}
        return cls(**told, events=int(os.environ["FOLD_EVENTS"]))

    @property
    def avro(self) -> Any:
        return json.loads(Path(self.schema).read_text(encoding="utf-8"))


@dataclass
class Stopwatch:
    """CPU is that of the process, all its threads and its children."""

    began: float = 0.0
    _cpu: float = field(default=0.0)

    def start(self) -> None:
        """At the first record; later calls change nothing."""
        if not self.began:
            self.began, self._cpu = time.perf_counter(), _cpu_seconds()

    def stop(self, by_resource: int, by_hour: int, events: int) -> None:
        """After the last commit: print the figures and the sums of both tables."""
        seconds, cpu = time.perf_counter() - self.began, _cpu_seconds() - self._cpu
        figures = {"seconds": seconds, "cpu_s": cpu, "events": events, "by_resource": by_resource, "by_hour": by_hour}
        os.write(1, json.dumps(figures).encode() + b"\n")  # some frameworks take sys.stdout for their log


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def stale_keys(resource_id: str) -> tuple[str, str]:
    """The cache entries that an event of this resource makes stale."""
    return f"fold:resource:{resource_id}", f"fold:list:{resource_id}"
