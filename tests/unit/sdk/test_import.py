"""`import bookly` does no work, and never loads what only workers or caches need."""

from __future__ import annotations

import subprocess
import sys

import pytest

import bookly

SURFACE = "from bookly import BlockingProducer, Delivery, EventPayload, EventType, Metadata, Producer"


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import bookly", {"pydantic", "confluent_kafka", "fastavro", "redis", "faust", "asyncio"}),
        (SURFACE, {"confluent_kafka", "fastavro", "redis", "faust", "aiokafka"}),
        ("import bookly.registry, bookly.transport, bookly.reading", {"redis", "faust", "aiokafka"}),
        ("import bookly.outbox", {"sqlalchemy", "psycopg", "confluent_kafka", "typer"}),
        ("from bookly.outbox import BlockingOutbox, Outbox", {"psycopg", "confluent_kafka", "typer", "prometheus_client"}),
        ("import bookly.producer, bookly.blocking, bookly.testing", {"opentelemetry.trace", "opentelemetry.sdk"}),
    ],
)
def test_importing_loads_nothing_that_was_not_asked_for(statement: str, absent: set[str]) -> None:
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert absent.isdisjoint(loaded)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Consumer'"):
        bookly.Consumer  # noqa: B018
