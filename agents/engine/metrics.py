"""What a scraper sees of a worker: where it stands, what became of its records, what it made stale. /metrics, beside /health.

All of it is read from what the engine keeps anyway, when it is asked.
"""

from __future__ import annotations

import time
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from agents.engine.pulse import Phase
from bookly.cache.staleness import BOUNDS_S
from bookly.metrics import family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

    from agents.engine.app import BooklyApp
    from agents.engine.runner import Runner
    from bookly.cache.staleness import Spread

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BOUNDS = (*map(str, BOUNDS_S), "+Inf")
OF_FUSE = {"failing", "behind"}  # in the tally, and no counts


class Metrics(Collector):
    """Called, it gives the text of the page: of the process alone before the worker has begun. It costs nothing in between."""

    def __init__(self) -> None:
        self._app: BooklyApp | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def __call__(self) -> bytes:
        return generate_latest(self._registry)

    def come_from(self, app: BooklyApp) -> None:
        """From now on this one is asked."""
        self._app = app

    def collect(self) -> Iterable[Metric]:
        if self._app is not None:
            yield from _standing(self._app)
            yield from _done(self._app.runner)
            yield from _caches(self._app.runner)


def _standing(app: BooklyApp) -> Iterator[Metric]:
    runner, now = app.runner, time.monotonic()
    domain, partitions = runner.domain.name, dict(runner.partitions)
    yield _of("bookly_engine_ready", [((domain,), float(runner.pulse.phase is Phase.RUNNING))])
    yield _of("bookly_engine_quiet_seconds", [((domain,), now - runner.pulse.moved)])
    lag = {tp: count for tp, count in app.lag().items() if tp.partition in partitions}
    yield _of("bookly_engine_lag_records", [((domain, tp.topic, str(tp.partition)), count) for tp, count in lag.items()])
    waited = {
        tp: runner.lagging.seconds(tp, partitions[tp.partition].done_up_to(tp), now) if count else 0.0
        for tp, count in lag.items()
    }
    yield _of("bookly_engine_lag_seconds", [((domain, tp.topic, str(tp.partition)), seconds) for tp, seconds in waited.items()])
    parked = [((domain, str(number)), len(partition.parking)) for number, partition in partitions.items()]
    yield _of("bookly_engine_parked_records", parked)
    tables = [table.name for table in runner.domain.tables]
    rows = [((domain, table), sum(len(partition.rows[table]) for partition in partitions.values())) for table in tables]
    yield _of("bookly_engine_rows", rows)


def _done(runner: Runner) -> Iterator[Metric]:
    domain = runner.domain.name
    tallied = [
        ((domain, tp.topic, str(tp.partition), outcome), count)
        for partition in dict(runner.partitions).values()
        for tp, tally in dict(partition.tallies).items()
        for outcome, count in dict(tally).items()
        if outcome not in OF_FUSE
    ]
    yield _of("bookly_engine_records_total", tallied)
    handled = dict(runner.handled).items()
    yield _of(
        "bookly_engine_events_total", [((domain, kind.TYPE), count) for kind, count in handled if kind in runner.domain.handlers]
    )
    yield _spread("bookly_engine_commit_seconds", [((domain,), runner.committing.took)])


def _caches(runner: Runner) -> Iterator[Metric]:
    staleness = runner.staleness
    yield _of("bookly_cache_invalidations_total", [((name,), count) for name, count in staleness.invalidations().items()])
    spreads = staleness.by_type()
    yield _spread("bookly_cache_staleness_seconds", [((name,), spread) for name, spread in spreads.items()])
    yield _of("bookly_cache_staleness_longest_seconds", [((name,), spread.longest_s) for name, spread in spreads.items()])
    yield _of("bookly_cache_invalidations_waiting", [((), runner.invalidations)])


def _of(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> Any:
    made = family(name)
    for labels, value in sorted(samples):
        made.add_metric(labels, value)
    return made


def _spread(name: str, samples: Iterable[tuple[tuple[str, ...], Spread]]) -> Any:
    made = family(name)
    for labels, spread in sorted(samples, key=lambda sample: sample[0]):
        made.add_metric(labels, list(zip(_BOUNDS, accumulate(spread.counts), strict=True)), spread.total_s)
    return made
