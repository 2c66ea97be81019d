"""What windows cost an event: the reports' handler beside the same figures in a plain table that nobody closes."""

from __future__ import annotations

import gc
import time
from statistics import median
from typing import TYPE_CHECKING

from faust.types import TP
from msgspec.structs import replace

from agents.domain import Domain
from agents.engine.applying import Applying
from agents.engine.encoding import Encoding
from agents.engine.handling import Handling
from agents.engine.partition import Partition
from agents.reports.demand import record_demand
from agents.reports.tables import DAY, HOUR, MINUTE, Demand, ReportsState
from agents.windows import Counted
from bench.windows.naming import event_id
from bookly.cache.invalidator import Invalidator
from bookly.catalog import EVENTS
from bookly.records import ENCODERS, Metadata
from bookly.records.availability import ReservationCreated, decode_reservation_created_v2

if TYPE_CHECKING:
    from collections.abc import Callable

BEGIN = 20_000 * DAY
SLICE = 500  # events a commit: then each changed row is written once
ROOMS = 200
PER_WINDOW = 8  # events of an hour: each closing is shared by so many


def event_at(name: str, room: str, at: int) -> ReservationCreated:
    """Somebody asks for an hour of the next day."""
    event = ReservationCreated(name, room, "rooms", "ann", at + DAY, at + DAY + HOUR, 2)
    event.metadata = Metadata(event_id(name), event.TYPE, "bench", at, name, event.VERSION)
    return event


def ask(state: ReportsState, name: str, room: str, at: int) -> None:
    """Through the handler."""
    event = event_at(name, room, at)
    state.event = event
    record_demand(event, state)


def plain(event: ReservationCreated, state: ReportsState) -> None:
    """The same figures, once a reservation, in a table by resource and hour."""
    if event.reservation_id in state.counted:
        return
    state.counted[event.reservation_id] = Counted(kinds=("asked",))
    at = event.metadata.occurred_at
    key = f"{event.resource_id}|{at - at % HOUR}"
    row = state.demand.get(key) or Demand()
    ahead = (event.starts_at - at) // MINUTE
    state.demand[key] = replace(
        row, asked=row.asked + 1, category=event.category_id, leads=row.leads + 1, lead_minutes=row.lead_minutes + ahead
    )


def ratio(events: int, runs: int) -> tuple[float, list[int], list[int]]:
    """With windows over without, the median of runs that were neighbours; and the events a second of each run."""
    hours = max(1, events // ROOMS // PER_WINDOW)
    moments = [BEGIN + number * hours * HOUR // events for number in range(events)]
    wire = [ENCODERS[ReservationCreated](event_at(f"r-{n}", f"room-{n % ROOMS}", at)) for n, at in enumerate(moments)]
    gc.set_threshold(100_000, 100, 100)  # as a worker has it
    with_windows, without = [], []
    for _ in range(runs):
        without.append(_speed(wire, moments, plain))
        with_windows.append(_speed(wire, moments, record_demand))
    return median(a / b for a, b in zip(with_windows, without, strict=True)), with_windows, without


def _speed(wire: list[bytes], moments: list[int], handler: Callable[[ReservationCreated, ReportsState], None]) -> int:
    """Everything that a worker does with events but fetching and sending: decode, handle, encode, make a transaction."""
    domain = Domain.of("reports", ReportsState, (handler,))
    encoding = Encoding({spec.type.value: 1 for spec in EVENTS.values()}, 4)
    applying = Applying(domain, Handling(domain, encoding), Invalidator("redis://127.0.0.1:1/0"))
    partition, tp = Partition(domain, 0), TP(ReservationCreated.TOPIC, 0)
    began = time.perf_counter()
    for first in range(0, len(wire), SLICE):
        events = [decode_reservation_created_v2(value, 0) for value in wire[first : first + SLICE]]
        applying.run(partition, tp, [], events, moments[first : first + SLICE])
        partition.reached(tp, first + SLICE, records=len(events))
        partition.take()
        for rows in partition.committed.values():
            rows.settle()
    return round(len(wire) / (time.perf_counter() - began))
