"""What the figures say: slopes by least squares, and whether a run was flat and exact."""

from __future__ import annotations

from statistics import linear_regression
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.soak.processes import Sample

WARM_UP = 0.1  # of the time: caches fill, the interpreter and the allocator take what they will keep
LEAST_S = 1_200.0  # shorter runs have no slope to judge: a page that is taken late would be megabytes an hour
MOST_MB_PER_H = 8.0  # less than it takes to double a worker in a day; a leak of a byte an event is 9 at 2,500 a second
MOST_FDS_PER_H = 1.0  # connections come and go; one that stays every hour is a leak


def slope_per_h(at: Sequence[float], values: Sequence[float]) -> float:
    """By least squares; `at` in seconds. Raises StatisticsError for fewer than two different times."""
    return linear_regression(at, values).slope * 3_600


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Those after the first tenth of the time."""
    since = samples[0].at + WARM_UP * (samples[-1].at - samples[0].at)
    return [sample for sample in samples if sample.at >= since]


def growth(samples: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    """The slopes of each process, and the worst; None of a run of a second or two, which has none."""
    by_worker = {name: warm(taken) for name, taken in samples.items()}
    rss, fds = (
        {
            name: round(slope_per_h([one.at for one in taken], [float(one[field]) for one in taken]), 2)
            for name, taken in by_worker.items()
            if len(taken) > 1
        }
        for field in (1, 2)
    )
    return {
        "rss_slope_mb_per_h": max(rss.values(), default=None),
        "fd_slope_per_h": max(fds.values(), default=None),
        "rss_slope_mb_per_h_by_worker": rss,
        "fd_slope_per_h_by_worker": fds,
        "rss_mb_by_worker": {name: [round(taken[0].rss_mb, 1), round(taken[-1].rss_mb, 1)] for name, taken in by_worker.items()},
    }


def objections(found: Mapping[str, Any]) -> list[str]:
    """Why a run was not exact or not flat, in sentences; none of a good one. Slopes are judged from LEAST_S on."""
    said = [f"{found[name]} events were {name}" for name in ("lost", "double") if found[name]]
    if found["seconds"] >= LEAST_S:
        if found["rss_slope_mb_per_h"] > MOST_MB_PER_H:
            said.append(f"memory grows by {found['rss_slope_mb_per_h']} MB an hour; {MOST_MB_PER_H:g} are allowed")
        if found["fd_slope_per_h"] > MOST_FDS_PER_H:
            said.append(f"open files grow by {found['fd_slope_per_h']} an hour; {MOST_FDS_PER_H:g} are allowed")
    return said
