"""A page of metrics beside the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookly.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

OF_A_SAMPLE = {"le"}  # of a histogram's buckets


def wrong(found: Iterable[Metric], process: str) -> Iterator[str]:
    """How they differ from the catalogue."""
    wanted = {metric.name: metric for metric in METRICS.values() if process in metric.of}
    seen = {f"{family.name}_total" if family.type == "counter" else family.name: family for family in found}
    yield from (f"{name} is in no catalogue" for name in seen.keys() - wanted.keys())
    yield from (f"{name} is not told" for name in wanted.keys() - seen.keys())
    for name in seen.keys() & wanted.keys():
        family, metric = seen[name], wanted[name]
        if (family.type, family.documentation) != (metric.kind, metric.meaning):
            yield f"{name} says {family.type}, {family.documentation!r}"
        for labels in {frozenset(sample.labels) - OF_A_SAMPLE for sample in family.samples}:
            if labels != set(metric.labels):
                yield f"{name} has the labels {sorted(labels)}"
        if not family.samples:
            yield f"{name} has no sample: this test did not make it happen"
