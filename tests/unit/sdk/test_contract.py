"""What is published is what readers get: every event's example through the Pydantic class, the record and the codec."""

from __future__ import annotations

import json
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
from pydantic import BaseModel

from bookly import EventPayload
from bookly._event import Event
from bookly.catalog import EVENTS
from bookly.contract import contract_of, light
from bookly.errors import InvalidEvent
from bookly.records import fields
from bookly.records.sealing import headers_of, rfc3339
from bookly.settings import ProducerSettings
from bookly.tracing import is_traceparent
from tests.integration.sdk.worlds import reservation

if TYPE_CHECKING:
    from bookly.catalog import EventSpec

SCHEMAS = Path(__file__).parents[3] / "schemas"


def example(spec: EventSpec) -> EventPayload[Any]:
    data_class: type[Event] = getattr(import_module(f"bookly.events.{spec.domain}"), spec.class_name)
    text = (SCHEMAS / spec.domain / f"{spec.name.lower()}.example.json").read_text()
    return EventPayload[data_class].model_validate_json(text)  # type: ignore[valid-type]  # a class found by its name


@pytest.mark.parametrize("spec", EVENTS.values(), ids=lambda spec: spec.name)
def test_fastavro_reads_from_the_encoded_record_what_the_payload_says(spec: EventSpec) -> None:
    payload = example(spec)
    contract = contract_of(type(payload.data))
    body = contract.encode(contract.record_of(payload.data, light(payload.metadata)))

    read: Any = fastavro.schemaless_reader(BytesIO(body), fastavro.parse_schema(json.loads(spec.schema)), None)
    assert read["data"] == payload.data.model_dump()
    assert read["metadata"] == payload.metadata.model_dump()
    assert (contract.topic, contract.key_field, contract.version) == (spec.topic, spec.key_field, spec.version)


def test_the_short_way_stamps_what_the_factory_fills_in() -> None:
    contract = contract_of(type(reservation()))
    stamped = fields(contract.stamp("desk", "u-1"))
    filled = fields(light(EventPayload.of(reservation(), source="desk", actor="u-1").metadata))
    own = ("event_id", "correlation_id", "occurred_at")
    assert {name: stamped[name] for name in stamped.keys() - own} == {name: filled[name] for name in filled.keys() - own}
    assert stamped["correlation_id"] == stamped["event_id"]
    assert abs(stamped["occurred_at"] - filled["occurred_at"]) < 60_000_000


def test_a_class_without_a_contract_is_refused_by_name() -> None:
    class Invented(Event):
        key: str = "k"

    with pytest.raises(InvalidEvent, match=r"Invented is invalid.*no event of this SDK's contracts"):
        contract_of(Invented)
    assert issubclass(Invented, BaseModel)


def test_events_of_one_correlation_share_a_trace() -> None:
    first = light(EventPayload.of(reservation(), source="desk").metadata)
    second = light(EventPayload.of(reservation(), source="desk", correlation_id=first.correlation_id).metadata)
    traces = [dict(headers_of(metadata, "room"))["traceparent"].decode() for metadata in (first, second)]
    assert all(is_traceparent(trace) for trace in traces)
    assert traces[0][:35] == traces[1][:35]
    assert traces[0] != traces[1]


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_795_518_000_000_007, "2026-11-24T11:00:00.000007Z"),
    ],
)
def test_times_in_headers_are_rfc_3339(micros: int, text: str) -> None:
    assert rfc3339(micros) == text


def test_the_settings_have_a_default_for_all_but_addresses_and_source() -> None:
    settings = ProducerSettings("b:9092", "http://r", "desk")
    assert (settings.delivery_timeout, settings.max_event_bytes) == (30.0, 1_000_000)
