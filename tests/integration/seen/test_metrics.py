"""What real processes tell a scraper is what the catalogue says, no more and no less."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

from prometheus_client.parser import text_string_to_metric_families

from bookly.metrics import EDGE, WORKER
from stack.ports import free_port
from tests.pipeline import Worker, eventually
from tests.unit.observed.pages import wrong

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from tests.integration.edge.whole import Whole


def scraped(url: str, key: str = "") -> list[Metric]:
    """None while nobody answers."""
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {key}"}), timeout=5) as answer:  # noqa: S310  # ours
            return list(text_string_to_metric_families(answer.read().decode()))
    except URLError:
        return []


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
