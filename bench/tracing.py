"""What traces cost the engine: `python -m bench.tracing` runs the fold's handlers without servers; off, sampled, on take turns.

Everything that a worker does with events but fetching and sending: decode, handle, encode, make a transaction.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from faust.types import TP
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from agents.engine.encoding import Encoding
from agents.engine.partition import Partition
from agents.engine.runner import Runner
from bench.events import events
from bench.fold.domain import FOLD, STALE
from bookly.cache.invalidator import Invalidator
from bookly.catalog import EVENTS
from bookly.headers import headers_of
from bookly.records.availability import ReservationCreated, decode_reservation_created_v2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.trace import Tracer

SLICE, SEED = 4_000, 7


@dataclass(slots=True)
class Record:
    offset: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Nowhere(SpanExporter):
    """Spans are made and batched, and sent to nobody: what a collector costs is another process' time."""

    def export(self, spans: Sequence[object]) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS


def tracer(share: float) -> Tracer:
    """That keeps this share of all traces."""
    provider = TracerProvider(sampler=TraceIdRatioBased(share), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    return provider.get_tracer("bench")


def written(number: int) -> list[Record]:
    """Events as their group reads them."""
    found = []
    for offset, made in enumerate(events(number, 1, SEED)):
        metadata = decode_reservation_created_v2(made.value, 5).metadata
        found.append(Record(offset, made.value, tuple(headers_of(metadata, made.resource_id))))
    return found


async def fold(records: list[Record], kept: Tracer | None) -> float:
    """Microseconds an event."""
    encoding = Encoding({spec.type.value: 1 for spec in EVENTS.values()}, 4)
    runner = Runner(FOLD, "", cast("Any", None), encoding, Invalidator("redis://127.0.0.1:1/0", stale=STALE), tracer=kept)
    partition, tp = Partition(FOLD, 0), TP(ReservationCreated.TOPIC, 0)
    began = time.perf_counter()
    for first in range(0, len(records), SLICE):
        part = records[first : first + SLICE]
        decoded = [decode_reservation_created_v2(record.value, 5) for record in part]
        runner._applying.run(partition, tp, cast("Any", part), decoded, [None] * len(part))  # noqa: SLF001
        partition.reached(tp, first + len(part), records=len(part))
        partition.take()
        for rows in partition.committed.values():
            rows.settle()
    return (time.perf_counter() - began) / len(records) * 1e6


def main(
    number: Annotated[int, typer.Option("--events", min=SLICE)] = 100_000, runs: Annotated[int, typer.Option(min=1)] = 7
) -> None:
    """One JSON object on stdout: microseconds an event, the median of all rounds."""
    gc.set_threshold(100_000, 100, 100)  # as a worker has it
    records = written(number)
    ways: dict[str, Tracer | None] = {"off": None, "one_percent": tracer(0.01), "on": tracer(1.0)}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, kept in ways.items():
            found[name].append(asyncio.run(fold(records, kept)))
    sys.stdout.write(json.dumps({name: round(median(each), 2) for name, each in found.items()}) + "\n")


if __name__ == "__main__":
    typer.run(main)
