"""The outbox is seen as everything else: its metrics are the catalogue's, and an event's span is its writer's."""

from __future__ import annotations

import json

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, select

from bookly.metrics import RELAY
from bookly.outbox import METADATA, BlockingOutbox
from bookly.outbox.metrics import Figures, Metrics
from bookly.outbox.queries import Measure
from bookly.outbox.tables import OUTBOX
from tests.unit.observed.pages import wrong
from tests.unit.outbox.events import status
from tests.unit.spans import Spans, caused, id_of


def test_a_relay_has_the_metrics_of_the_catalogue() -> None:
    registry = CollectorRegistry()
    registry.register(Metrics(Figures(published=7, measured=Measure(1, 2.0, 3))))
    page = generate_latest(registry).decode()
    assert list(wrong(text_string_to_metric_families(page), RELAY)) == []
    assert "bookly_outbox_published_total 7.0" in page


def test_an_event_of_the_outbox_is_the_child_of_the_span_that_writes_it_though_another_process_sends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans = Spans()
    monkeypatch.setattr("bookly.sending.active_tracer", lambda: spans.tracer)
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as connection, spans.tracer.start_as_current_span("booking"):
        BlockingOutbox(source="rooms").write(connection, status("room-1"))
        headers = dict(json.loads(connection.execute(select(OUTBOX.c.headers)).scalar_one()))
    published = spans.one("publish resources.status.changed")
    assert caused(published, spans.one("booking"))
    assert headers["traceparent"].split("-")[2] == f"{id_of(published):016x}"
    engine.dispose()
