"""The few figures that sizes are reckoned from: those of the last measurement, or those that docs/scaling.md quotes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.errors import BenchError
from bookly.headers import headers_of
from bookly.records import ENCODERS, Metadata
from bookly.records.availability import ReservationCreated
from contracts.examples import on_the_wire, read_example
from contracts.topics import load_events

if TYPE_CHECKING:
    from collections.abc import Mapping

FIGURES: Final = Path("docs/scaling.json")
WORKER_MB: Final = 153  # the largest of five in the demo's week (README)
FRAME: Final = 5  # a zero byte and the schema's id


@dataclass(frozen=True)
class Measured:
    """`cpu_us`: of a worker for an event, by the number of keys that events are spread over. An event's bytes: not compressed."""

    at: str
    cores: int
    cpu_us: Mapping[int, float]
    beside_others: float  # an event's cost with five groups on two cores, to one group's
    server_us: float  # of broker and Redis, for an event that one group reads
    recovered_per_s: int
    bytes_per_key: int
    worker_mb: int
    event_bytes: int

    def cpu_of(self, keys: int) -> float:
        """Between two measured numbers of keys by their logarithm; beyond them, as at the nearest."""
        points = sorted(self.cpu_us.items())
        keys = min(max(keys, points[0][0]), points[-1][0])
        for (low, cheap), (high, dear) in pairwise(points):
            if low <= keys <= high:
                return cheap + (dear - cheap) * math.log(keys / low) / math.log(high / low)
        return points[0][1]


def measured_in(bench: Mapping[str, Any]) -> Measured:
    """From build/bench.json. Raises BenchError where a measure is missing, with its command."""
    try:
        growth = bench["growth"]
        return Measured(
            at=bench["measured"]["at"],
            cores=bench["measured"]["cores"],
            cpu_us={int(keys): one["cpu_us_per_event"]["median"] for keys, one in growth["keys_touched"]["sizes"].items()},
            beside_others=growth["domains"]["sizes"]["5"]["ratio"],
            server_us=bench["scaling_about"]["server_cpu_us_per_event"]["1"]["median"],
            recovered_per_s=round(bench["recovery"]["records_per_s"]["engine"]["median"]),
            bytes_per_key=bench["bytes_per_key"],
            worker_mb=WORKER_MB,
            event_bytes=event_bytes(),
        )
    except KeyError as missing:
        raise BenchError(f"build/bench.json has no {missing}: run make bench, which measures all of it") from missing


def remembered(path: Path = FIGURES) -> Measured:
    """Those that the page's tables were made from."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Measured(**{**kept, "cpu_us": {int(keys): cost for keys, cost in kept["cpu_us"].items()}})


def event_bytes() -> int:
    """Of the stored example of RESERVATION_CREATED: key, value and headers."""
    created = next(event for event in load_events() if event.name == "RESERVATION_CREATED")
    parts = on_the_wire(read_example(created), created)
    record = ReservationCreated(**parts["data"], metadata=Metadata(**parts["metadata"]))
    key = parts["data"][created.key_field]
    value = FRAME + len(ENCODERS[ReservationCreated](record))
    return len(key.encode()) + value + sum(len(name) + len(text) for name, text in headers_of(record.metadata, key))
