"""A worker's dead letter reaches Sentry, and its log says which event of which chain it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from confluent_kafka import Producer

from agents import PARTITIONS
from bookly.transport import librdkafka_settings
from tests.pipeline import Worker, eventually
from tests.unit.reported.sentry_server import sentry

if TYPE_CHECKING:
    from tests.integration.edge.whole import Whole

TRACE, NAME = "0af7651916cd43dd8448eb211c80319c", "Ann Lee <ann@example.org>"


async def test_what_no_worker_can_use_is_reported_by_its_ids_and_without_its_bytes(whole: Whole) -> None:
    logs = whole.pipeline.logs / "reporting"
    logs.mkdir()
    with sentry() as received:
        worker = Worker("auth", {**whole.pipeline.environment(), "SENTRY_DSN": received.dsn}, logs)
        try:
            eventually(lambda: worker.says("Worker ready"), "it has partitions")
            headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "correlation_id": "c-1", "ce_id": "e-1"}
            publish_to_all(whole, f"no event, but {NAME}".encode(), headers)
            eventually(lambda: received.events, "Sentry has heard of it")
        finally:
            assert worker.stop() == 0
    event = received.events[0]
    assert event["logentry"]["message"] == "dead letter"
    assert event["tags"] == {"service": "bookly-auth", "trace_id": TRACE, "correlation_id": "c-1", "event_id": "e-1"}
    assert "Ann Lee" not in received.text
    said = [line for line in worker.log.read_text().splitlines() if '"dead letter"' in line]
    lines = [json.loads(line[line.index("{") :]) for line in said]  # Faust shows the cursor on stdout, which is kept here, too
    assert {line["trace_id"] for line in lines} == {TRACE}
    assert {line["correlation_id"] for line in lines} == {"c-1"}


def publish_to_all(whole: Whole, value: bytes, headers: dict[str, str]) -> None:
    """To each partition, for the group shares them out as it likes. Without a key nothing waits behind it."""
    producer = Producer({**librdkafka_settings(whole.stack.brokers)})
    for number in range(PARTITIONS):
        producer.produce("bookly.auth", value, partition=number, headers=dict(headers))
    assert producer.flush(30) == 0
