"""What a scraper sees of a relay, and of the outbox that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.registry import Collector

from bookly.metrics import family
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
        figures, measured = self._figures, self._figures.measured
        told: dict[str, float] = {
            "published_total": figures.published,
            "refused_total": figures.refused,
            "interruptions_total": figures.interruptions,
            "shards": figures.shards,
        }
        if measured is not None:
            told |= {"events": measured.size, "age_seconds": measured.age_s, "held_keys": measured.held}
        for name, value in told.items():
            made = family(f"bookly_outbox_{name}")
            made.add_metric((), value)
            yield made
