"""What a scraper sees of a worker: what it made stale, by cache type, and how long that took. /metrics, beside /health."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from bookly.cache.staleness import BOUNDS_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

    from agents.engine.runner import Runner

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BOUNDS = (*map(str, BOUNDS_S), "+Inf")


class Metrics(Collector):
    """Called, it gives the text of the page: an empty one before the worker has begun. It costs nothing in between."""

    def __init__(self) -> None:
        self._runner: Runner | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def __call__(self) -> bytes:
        return generate_latest(self._registry)

    def come_from(self, runner: Runner) -> None:
        """From now on this one is asked."""
        self._runner = runner

    def collect(self) -> Iterable[Metric]:
        if self._runner is None:
            return
        staleness = self._runner.staleness
        moved = CounterMetricFamily("bookly_cache_invalidations", "What could have met entries of a type", labels=("type",))
        for name, count in sorted(staleness.invalidations().items()):
            moved.add_metric((name,), count)
        about = "From the record that caused an invalidation to Redis"
        after = HistogramMetricFamily("bookly_cache_staleness_seconds", about, labels=("type",))
        longest = GaugeMetricFamily("bookly_cache_staleness_longest_seconds", f"{about}, at most", labels=("type",))
        for name, spread in sorted(staleness.by_type().items()):
            after.add_metric((name,), list(zip(_BOUNDS, accumulate(spread.counts), strict=True)), spread.total_s)
            longest.add_metric((name,), spread.longest_s)
        waiting = "Invalidations that Redis has not taken yet"
        yield from (moved, after, longest)
        yield GaugeMetricFamily("bookly_cache_invalidations_waiting", waiting, self._runner.invalidations)
