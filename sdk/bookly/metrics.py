"""Every metric that a process of ours has: the one catalogue. Processes take their names and labels from here, docs/metrics.md is
generated from it, and tests hold dashboards, alert rules and the pages of real processes to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]
WORKER, EDGE, RELAY = "worker", "edge", "relay"
PLACE: Final = ("domain", "topic", "partition")


class Metric(NamedTuple):
    """`name`: as it is scraped, a counter's with its `_total`, a histogram's without `_bucket`, `_sum`, `_count`."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    unit: str
    meaning: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Area:
    title: str
    metrics: tuple[Metric, ...]


AREAS: Final = (
    Area(
        "Business",
        (
            Metric(
                "bookly_engine_events_total",
                "counter",
                ("domain", "type"),
                "events",
                "Events that the domain's handlers were given, by type, since the worker began; reports sees all that is demand",
                (WORKER,),
            ),
            Metric(
                "bookly_engine_rows",
                "gauge",
                ("domain", "table"),
                "rows",
                "Rows of a table on the worker's partitions",
                (WORKER,),
            ),
        ),
    ),
    Area(
        "Engine",
        (
            Metric(
                "bookly_engine_ready",
                "gauge",
                ("domain",),
                "",
                "1 while it is a member of its group with its tables recovered",
                (WORKER,),
            ),
            Metric("bookly_engine_quiet_seconds", "gauge", ("domain",), "seconds", "Since it finished something last", (WORKER,)),
            Metric("bookly_engine_lag_records", "gauge", PLACE, "records", "Committed records that wait", (WORKER,)),
            Metric("bookly_engine_lag_seconds", "gauge", PLACE, "seconds", "For how long the next of them has waited", (WORKER,)),
            Metric(
                "bookly_engine_records_total",
                "counter",
                (*PLACE, "outcome"),
                "records",
                "Records by what became of them (applied, ignored, dead, parked, released, repeats; of a replay also skipped, "
                "ahead, waiting). It is committed with the offset: no restart sets it back, no redelivery counts twice",
                (WORKER,),
            ),
            Metric(
                "bookly_engine_parked_records",
                "gauge",
                ("domain", "partition"),
                "records",
                "Records that wait behind failed ones",
                (WORKER,),
            ),
            Metric(
                "bookly_engine_commit_seconds",
                "histogram",
                ("domain",),
                "seconds",
                "Transactions of a round, side by side",
                (WORKER,),
            ),
        ),
    ),
    Area(
        "Caches",
        (
            Metric("bookly_cache_total", "counter", ("type", "outcome"), "reads", "Reads and fills by type and outcome", (EDGE,)),
            Metric(
                "bookly_cache_invalidations_total",
                "counter",
                ("type",),
                "invalidations",
                "Invalidations that could have met entries of a type",
                (WORKER,),
            ),
            Metric(
                "bookly_cache_staleness_seconds",
                "histogram",
                ("type",),
                "seconds",
                "From the record that caused an invalidation to Redis",
                (WORKER,),
            ),
            Metric("bookly_cache_staleness_longest_seconds", "gauge", ("type",), "seconds", "The longest of them", (WORKER,)),
            Metric(
                "bookly_cache_invalidations_waiting",
                "gauge",
                (),
                "tags",
                "Tags that Redis has not taken yet; above 0 for long, Redis is away",
                (WORKER,),
            ),
        ),
    ),
    Area(
        "Edge",
        (
            Metric("bookly_api_ready", "gauge", (), "", "1 while it can do what it is for, as /readyz says", (EDGE,)),
            Metric("bookly_api_requests_total", "counter", ("method", "route", "status"), "requests", "Requests", (EDGE,)),
            Metric("bookly_api_seconds", "histogram", ("route",), "seconds", "How long they took", (EDGE,)),
            Metric("bookly_api_sockets", "gauge", (), "sockets", "Web sockets that listen", (EDGE,)),
            Metric("bookly_api_socket_messages_total", "counter", (), "messages", "Messages handed to web sockets", (EDGE,)),
            Metric("bookly_api_socket_dropped_total", "counter", (), "messages", "Messages that a slow web socket lost", (EDGE,)),
        ),
    ),
    Area(
        "Outbox",
        (
            Metric("bookly_outbox_events", "gauge", (), "events", "Events that wait in the outbox", (RELAY,)),
            Metric("bookly_outbox_age_seconds", "gauge", (), "seconds", "How long the oldest of them has waited", (RELAY,)),
            Metric("bookly_outbox_held_keys", "gauge", (), "keys", "Keys whose first event was refused", (RELAY,)),
            Metric("bookly_outbox_published_total", "counter", (), "events", "Events that the broker has confirmed", (RELAY,)),
            Metric("bookly_outbox_refused_total", "counter", (), "attempts", "Attempts that held a key", (RELAY,)),
            Metric(
                "bookly_outbox_interruptions_total",
                "counter",
                (),
                "times",
                "Times that the database, the broker or the producer failed and all was opened anew",
                (RELAY,),
            ),
            Metric("bookly_outbox_shards", "gauge", (), "shards", "Shards of keys that this relay publishes, of 64", (RELAY,)),
        ),
    ),
    Area(
        "Processes",
        (
            Metric(
                "process_cpu_seconds_total",
                "counter",
                (),
                "seconds",
                "Total user and system CPU time spent in seconds.",
                (WORKER, EDGE),
            ),
            Metric("process_resident_memory_bytes", "gauge", (), "bytes", "Resident memory size in bytes.", (WORKER, EDGE)),
            Metric("process_virtual_memory_bytes", "gauge", (), "bytes", "Virtual memory size in bytes.", (WORKER, EDGE)),
            Metric(
                "process_start_time_seconds",
                "gauge",
                (),
                "seconds",
                "Start time of the process since unix epoch in seconds.",
                (WORKER, EDGE),
            ),
            Metric("process_open_fds", "gauge", (), "files", "Number of open file descriptors.", (WORKER, EDGE)),
            Metric("process_max_fds", "gauge", (), "files", "Maximum number of open file descriptors.", (WORKER, EDGE)),
        ),
    ),
)
METRICS: Final = {metric.name: metric for area in AREAS for metric in area.metrics}


def family(name: str) -> Any:
    """Of this metric, without a sample yet, for a collector that is asked. Raises KeyError for what is not in the catalogue."""
    from prometheus_client import core  # noqa: PLC0415  # services do not need it

    kinds = {"counter": core.CounterMetricFamily, "gauge": core.GaugeMetricFamily, "histogram": core.HistogramMetricFamily}
    metric = METRICS[name]
    return kinds[metric.kind](name.removesuffix("_total"), metric.meaning, labels=metric.labels)
