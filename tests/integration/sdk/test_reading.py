"""Any record of the topics is read with the registry alone, by whatever version it was written."""

from __future__ import annotations

import json
import struct
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from bookly import EventType
from bookly.access import registry_access
from bookly.catalog import EVENTS
from bookly.errors import MalformedBytes, RegistryUnavailable, UnknownSchema
from bookly.reading import decode_record
from bookly.records import fields
from bookly.registry import Registry
from tests.integration.sdk.verbs import PRODUCERS
from tests.integration.sdk.worlds import Real, reservation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack

SUBJECT = "bookly.availability.ReservationCreatedEvent"


@pytest.fixture
def registry(provisioned: Stack) -> Iterator[Registry]:
    registry = Registry(provisioned.registry, limit=2.0)
    yield registry
    registry.close()


@pytest.fixture
async def value(provisioned: Stack) -> bytes:
    """The bytes of an event as it lies on its topic."""
    world = Real(PRODUCERS["asyncio"], provisioned)
    try:
        async with world.producer(source="desk") as producer:
            await producer.publish(reservation(7, purpose="lecture"), actor="u-1")
        (record,) = world.written(1)
        return record.value
    finally:
        world.close()


def test_a_published_event_is_read_with_its_spec(value: bytes, registry: Registry) -> None:
    spec, record = decode_record(value, registry)
    assert spec is EVENTS[EventType.RESERVATION_CREATED]
    assert (record.metadata.source, record.metadata.actor) == ("desk", "u-1")
    assert fields(record)["reservation_id"] == "res-7"
    assert fields(record)["starts_at"] == 1_795_597_200_000_000


def test_a_version_newer_than_this_sdk_is_read_by_fastavro(value: bytes, registry: Registry) -> None:
    spec, record = decode_record(value, registry)
    newer = json.loads(spec.schema)
    newer["fields"][1]["type"]["fields"].append({"name": "colour", "type": ["null", "string"], "default": None})
    client = SchemaRegistryClient(registry_access(registry.url))
    schema_id = client.register_schema(SUBJECT, Schema(json.dumps(newer), "AVRO"))
    client.close()
    plain = fastavro.parse_schema(json.loads(json.dumps(newer).replace('"logicalType"', '"formerly"')))
    body = BytesIO()
    fastavro.schemaless_writer(
        body, plain, {"metadata": fields(record.metadata), "data": {**fields(record), "colour": "blue"}}, strict=True
    )
    written = struct.pack(">bI", 0, schema_id) + body.getvalue()

    again_spec, again = decode_record(written, registry)
    assert again_spec is spec
    assert fields(again) == fields(record)
    assert fields(again.metadata) == fields(record.metadata)
    for broken in (written[:-3], written + b"\0"):
        with pytest.raises(MalformedBytes, match=r"availability\.reservation\.created"):
            decode_record(broken, registry)


@pytest.mark.parametrize(
    ("broken", "why"),
    [(None, "no value"), (b"", "starts with nothing"), (b"\0\0", "starts with 00 00"), (b"\x01\0\0\0\1x", "starts with 01")],
)
def test_what_is_no_record_is_malformed(broken: bytes | None, why: str, registry: Registry) -> None:
    with pytest.raises(MalformedBytes, match=why):
        decode_record(broken, registry)


def test_a_record_cut_short_or_drawn_out_is_malformed(value: bytes, registry: Registry) -> None:
    for broken in (value[:-1], value[:5], value + b"\0"):
        with pytest.raises(MalformedBytes):
            decode_record(broken, registry)


def test_ids_and_schemas_that_are_not_ours_are_unknown(provisioned: Stack, registry: Registry) -> None:
    client = SchemaRegistryClient(registry_access(str(provisioned.registry)))
    foreign = client.register_schema("foreign", Schema('{"type":"record","name":"Foreign","fields":[]}', "AVRO"))
    client.close()
    with pytest.raises(UnknownSchema, match=r"has no schema with id 99999"):
        decode_record(struct.pack(">bI", 0, 99_999), registry)
    with pytest.raises(UnknownSchema, match="no event of this SDK's contracts"):
        decode_record(struct.pack(">bI", 0, foreign), registry)


def test_a_schema_longer_than_any_is_not_parsed(provisioned: Stack, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    client = SchemaRegistryClient(registry_access(str(provisioned.registry)))
    doc = "x" * 1_000_000
    long = client.register_schema(
        "long", Schema(json.dumps({"type": "record", "name": "Long", "doc": doc, "fields": []}), "AVRO")
    )
    client.close()
    monkeypatch.setattr("bookly.reading.decoder_of", None)
    with pytest.raises(RegistryUnavailable, match=r"it has 1,000,\d+ characters"):
        registry.decoder(long)


def test_an_id_is_exactly_the_schema_that_this_sdk_writes(registry: Registry) -> None:
    for event_type, spec in EVENTS.items():
        read = registry.decoder(registry.schema_id(event_type))
        assert read.__name__ == f"decode_{spec.name.lower()}_v{spec.version}"


def test_a_schema_that_was_never_registered_is_named_with_its_subject(
    provisioned: Stack, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = json.loads(EVENTS[EventType.RESERVATION_CREATED].schema)
    ahead["fields"][1]["type"]["fields"].append({"name": "size", "type": ["null", "int"], "default": None})
    texts: Any = {EventType.RESERVATION_CREATED.value: json.dumps(ahead)}
    monkeypatch.setattr("bookly.spec._schemas", lambda: texts)
    with pytest.raises(UnknownSchema, match=rf"does not know version 2 of {SUBJECT}.*make provision"):
        registry.schema_id(EventType.RESERVATION_CREATED)


def test_what_was_asked_once_needs_no_registry_and_what_was_not_is_given_up_in_time(
    value: bytes, provisioned: Stack, registry: Registry
) -> None:
    decode_record(value, registry)
    provisioned.registry.pause()
    try:
        decode_record(value, registry)
        began = time.monotonic()
        with pytest.raises(RegistryUnavailable, match="gave no answer about schema id 99998"):
            registry.decoder(99_998)
        assert time.monotonic() - began < 3.0
    finally:
        provisioned.registry.resume()


def test_a_registry_that_is_still_loading_is_not_believed_when_it_knows_nothing(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.schema_id(EventType.RESERVATION_CREATED)
    monkeypatch.setattr(registry._client, "get_subjects", lambda *_, **__: [])  # what Apicurio lists before its journal is read
    with pytest.raises(RegistryUnavailable, match="1 subjects less than it did, it may still be loading"):
        registry.schema_by_id(99_999)
