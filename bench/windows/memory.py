"""What a window costs while it is open, and that nothing is left of it: measured on a million keys, by what the process holds."""

from __future__ import annotations

import ctypes
import gc
from typing import NamedTuple

import psutil

from agents.reports.hours import DEMAND, keep_time
from agents.reports.tables import DAY, HOUR, ReportsState
from agents.state import tables_of
from bench.windows.speed import ask

MIB = 1024 * 1024
BEGIN = 20_000 * DAY
ROUNDS = 3  # the keys come, are forgotten, and others come: what is flat does not grow from round to round
SLICE = 10_000


class Held(NamedTuple):
    """`open_mib`: by so much the process is larger with all windows of a round open, and `left_mib` after their retention.
    `left_rows`: what tables and orders hold in the end.
    """

    keys: int
    bytes_per_open_window: int
    open_mib: list[float]
    left_mib: list[float]
    left_rows: int


def million(keys: int) -> Held:
    """Rounds of new resources, each asked for once, 130 days apart."""
    state = ReportsState("reports", {table.name: {} for _, table in tables_of(ReportsState)})
    before, opened, left = _held(), [], []
    for number in range(ROUNDS):
        at = BEGIN + number * 200 * DAY
        for first in range(0, keys, SLICE):
            for one in range(first, min(first + SLICE, keys)):
                ask(state, f"r-{number}-{one}", f"room-{number}-{one}", at)
            _keep(state)
        opened.append(_held() - before)
        ask(state, f"last-{number}", "room-0", at + 150 * DAY)
        while _old(state, at + HOUR):
            keep_time(at + 150 * DAY, state)
            _keep(state)
        left.append(_held() - before)
    orders = DEMAND.of(state)
    rows = sum(len(view.base) for view in state.views.values()) + len(orders.closings) + len(orders.retirements)
    return Held(keys, round(opened[0] / keys), [round(x / MIB, 1) for x in opened], [round(x / MIB, 1) for x in left], rows)


def _old(state: ReportsState, until: int) -> bool:
    upcoming = DEMAND.of(state).retirements.next
    return (upcoming is not None and upcoming < until + DEMAND.retention) or len(state.counted.base) > ROUNDS


def _keep(state: ReportsState) -> None:
    for view in state.views.values():
        view.merge()
    state.emitted.clear()


def _held() -> int:
    """What is free, and only not given back to the system by the allocator, is nobody's."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)
    return int(psutil.Process().memory_info().rss)
