"""A scraper of a worker sees how often each type was made stale, and how long that took."""

from __future__ import annotations

import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from agents.engine.health import serving
from agents.engine.metrics import Metrics
from bookly.cache.staleness import Staleness
from tests.unit.engine.measured import app_of

if TYPE_CHECKING:
    pass


def scraped(metrics: Metrics) -> dict[str, float]:
    """Each sample as it is written, without those of other types than one."""
    with serving(("127.0.0.1", 0), dict, metrics) as port, closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        page = answer.read().decode()
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    wanted = [each for each in samples if each.labels.get("type", "resource_status") == "resource_status"]
    return {each.name.removeprefix("bookly_cache_") + each.labels.get("le", ""): each.value for each in wanted}


def test_invalidations_and_their_staleness_are_there_by_type() -> None:
    staleness, metrics = Staleness(), Metrics()
    metrics.come_from(app_of(staleness, 7))
    staleness.observe(["res:gen:status:{r-1}", "res:gen:status:{r-2}", "res:of:lists:{res:all}"], time.time() - 3)
    staleness.observe(["res:gen:status:{r-1}"], time.time())
    staleness.observe(["res:gen:status:{r-1}"], None)
    found = scraped(metrics)
    assert (found["invalidations_total"], found["invalidations_waiting"]) == (4, 7)
    buckets = [value for name, value in found.items() if name.startswith("staleness_seconds_bucket")]
    assert (found["staleness_seconds_bucket2.5"], found["staleness_seconds_bucket5.0"]) == (1, 3)
    assert buckets == sorted(buckets)
    assert found["staleness_seconds_bucket+Inf"] == found["staleness_seconds_count"] == 3
    assert 6 <= found["staleness_seconds_sum"] < 7
    assert 3 <= found["staleness_longest_seconds"] < 4


def test_a_worker_that_has_not_begun_has_no_figures_but_those_of_its_process() -> None:
    found = scraped(Metrics())
    assert {name.partition("_")[0] for name in found} == {"process"}


def test_where_it_stands_and_what_became_of_its_records_is_there() -> None:
    metrics = Metrics()
    metrics.come_from(app_of(Staleness()))
    families = {family.name: family for family in text_string_to_metric_families(metrics().decode())}
    place = {"domain": "availability", "topic": "bookly.availability", "partition": "2"}

    def of(name: str) -> list[tuple[dict[str, str], float]]:
        return [(sample.labels, sample.value) for sample in families[f"bookly_engine_{name}"].samples]

    assert of("ready") == [({"domain": "availability"}, 1)]
    assert of("lag_records") == [(place, 2)], "what is another's by now is not told"
    [(labels, waited)] = of("lag_seconds")
    assert labels == place
    assert 40 <= waited < 50
    assert of("records") == [({**place, "outcome": "applied"}, 3), ({**place, "outcome": "dead"}, 1)], (
        "how the fuse stands is no count"
    )
    assert of("events") == [({"domain": "availability", "type": "availability.reservation.created"}, 3)], (
        "what nobody handles is not told"
    )
    assert of("rows") == [({"domain": "availability", "table": "counts"}, 1)]
    assert of("parked_records") == [({"domain": "availability", "partition": "2"}, 0)]
    assert dict(zip(("count", "sum"), [value for labels, value in of("commit_seconds") if "le" not in labels], strict=True)) == {
        "count": 1,
        "sum": 0.02,
    }
