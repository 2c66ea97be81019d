"""What a scraper sees of a relay, and of the outbox that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bookly.outbox.queries import Measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric


@dataclass
class Figures:
    """Of one relay since it was started; `measured` is of the whole outbox, and None until it was measured once."""

    published: int = 0
    refused: int = 0
    interruptions: int = 0
    shards: int = 0
    measured: Measure | None = None


class Metrics(Collector):
    """Figures as Prometheus takes them."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        figures = self._figures
        yield CounterMetricFamily("bookly_outbox_published", "Events that the broker has confirmed", figures.published)
        yield CounterMetricFamily("bookly_outbox_refused", "Attempts that held a key", figures.refused)
        about = "Times that the database, the broker or the producer failed and all was opened anew"
        yield CounterMetricFamily("bookly_outbox_interruptions", about, figures.interruptions)
        yield GaugeMetricFamily("bookly_outbox_shards", "Shards of keys that this relay publishes, of 64", figures.shards)
        if (measured := figures.measured) is not None:
            yield GaugeMetricFamily("bookly_outbox_events", "Events that wait in the outbox", measured.size)
            yield GaugeMetricFamily("bookly_outbox_age_seconds", "How long the oldest of them has waited", measured.age_s)
            yield GaugeMetricFamily("bookly_outbox_held_keys", "Keys whose first event was refused", measured.held)
