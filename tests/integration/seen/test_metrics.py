"""What real processes tell a scraper is what the catalogue says, no more and no less."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

from prometheus_client.parser import text_string_to_metric_families

from bookly.metrics import EDGE, METRICS, WORKER
from stack.ports import free_port
from tests.pipeline import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from tests.integration.edge.whole import Whole

OF_A_SAMPLE = {"le"}  # of a histogram's buckets


def scraped(url: str, key: str = "") -> list[Metric]:
    """None while nobody answers."""
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {key}"}), timeout=5) as answer:  # noqa: S310  # ours
            return list(text_string_to_metric_families(answer.read().decode()))
    except URLError:
        return []


def wrong(found: list[Metric], process: str) -> Iterator[str]:
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


async def test_an_edge_has_the_metrics_of_the_catalogue(whole: Whole) -> None:
    async with whole.client("metrics-ann") as ann:
        assert (await ann.get("/users/metrics-ann/reservations")).status == 200
    found = scraped(f"http://127.0.0.1:{whole.api.port}/metrics", whole.api.key)
    assert list(wrong(found, EDGE)) == []


async def test_a_worker_has_the_metrics_of_the_catalogue(whole: Whole) -> None:
    port = free_port(set())
    logs = whole.pipeline.logs / "scraped"
    logs.mkdir()
    worker = Worker("resources", {**whole.pipeline.environment(), "BOOKLY_HEALTH": str(port)}, logs)
    try:

        def parts() -> set[str]:
            found = {family.name: family for family in scraped(f"http://127.0.0.1:{port}/metrics")}
            return (
                {sample.labels["partition"] for sample in found["bookly_engine_lag_records"].samples}
                if "bookly_engine_ready" in found
                else set()
            )

        mine = eventually(parts, "the second worker has partitions of its own")
        assert len(mine) == 2, "the group's four are shared by two"
        whole.rooms(30)
        found = scraped(f"http://127.0.0.1:{port}/metrics")
        assert list(wrong(found, WORKER)) == []
    finally:
        assert worker.stop() == 0
