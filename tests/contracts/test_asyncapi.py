"""The event bus as AsyncAPI: the format's own parser has nothing to say against it, and it says what the contracts say."""

from __future__ import annotations

import copy
import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
import yaml

from bookly.headers import headers_of
from bookly.records import DECODERS, Metadata, fields
from contracts.broker import wanted_topics
from contracts.documents import Reactions
from contracts.examples import on_the_wire, read_example
from contracts.fields import fields_of
from contracts.schemas import ROOT, fingerprint
from contracts.topics import DOMAINS, Event, load_events, load_topics
from tests.contracts.official import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATH = ROOT / "docs/asyncapi.yaml"
EVERY = pytest.mark.parametrize("event", load_events(), ids=lambda event: event.name)


@pytest.fixture(scope="module")
def document() -> Any:
    return yaml.load(PATH.read_text(encoding="utf-8"), yaml.CSafeLoader)


@pytest.fixture(scope="module")
def parsed() -> Any:
    return read("asyncapi.mjs", PATH)


def test_the_formats_own_parser_has_nothing_to_say(parsed: Any) -> None:
    assert parsed["diagnostics"] == []


def test_it_finds_each_topic_as_a_channel_with_all_its_events(parsed: Any) -> None:
    assert parsed["channels"] == {topic.name: [event.name for event in topic.events] for topic in load_topics()}


def test_it_finds_the_fields_of_each_event_in_its_avro_schema(parsed: Any) -> None:
    assert parsed["payloads"] == {event.name: [field.name for field in fields_of(event.schema)] for event in load_events()}


def test_writers_may_send_all_and_groups_receive_what_they_handle(parsed: Any) -> None:
    reactions = Reactions.declared()
    for topic in load_topics():
        names = [event.name for event in topic.events]
        for writer in topic.writers:
            assert parsed["operations"].pop(f"{writer}.publishes.{topic.domain}") == ["send", names]
        for reader in topic.readers:
            handled = [event.name for event in topic.events if reader in dict(reactions.of_event(event))]
            wanted = handled if reader in DOMAINS else names
            assert parsed["operations"].pop(f"{reader}.reads.{topic.domain}") == ["receive", wanted]
    assert parsed["operations"] == {}


@EVERY
def test_the_payload_is_the_schema_that_is_registered(event: Event, document: Any) -> None:
    registered = json.loads((ROOT / "sdk/bookly/schemas.json").read_text(encoding="utf-8"))[event.type]
    assert message(document, event)["payload"]["schema"] == registered


@EVERY
def test_an_example_is_a_record_that_our_decoder_reads(event: Event, document: Any) -> None:
    [example] = message(document, event)["examples"]
    schema, out = fastavro.parse_schema(message(document, event)["payload"]["schema"]), BytesIO()
    fastavro.schemaless_writer(out, schema, example["payload"], strict=True)
    record = DECODERS[fingerprint(message(document, event)["payload"]["schema"])](out.getvalue(), 0)
    assert fields(record) == example["payload"]["data"] == on_the_wire(read_example(event), event)["data"]
    metadata = Metadata(**example["payload"]["metadata"])
    key = example["payload"]["data"][event.key_field]
    assert [(name, text.encode()) for name, text in example["headers"].items()] == headers_of(metadata, key)


def test_a_channel_has_the_partitions_and_the_retention_that_provisioning_makes(document: Any) -> None:
    made = {
        name: (partitions, int(config["retention.ms"]))
        for name, partitions, config in wanted_topics()
        if name in document["channels"]
    }
    told = {name: channel["bindings"]["kafka"] for name, channel in document["channels"].items()}
    assert made == {name: (kafka["partitions"], kafka["topicConfiguration"]["retention.ms"]) for name, kafka in told.items()}
    assert len(made) == len(DOMAINS)


def wrong_type(document: Any) -> None:
    created(document)["examples"][0]["payload"]["data"]["attendees"] = "24"


def missing_header(document: Any) -> None:
    del created(document)["examples"][0]["headers"]["traceparent"]


def foreign_header(document: Any) -> None:
    created(document)["examples"][0]["headers"]["ce_type"] = "auth.user.registered"


def unknown_avro_type(document: Any) -> None:
    created(document)["payload"]["schema"]["fields"][0]["type"] = "strnig"


def unknown_message(document: Any) -> None:
    document["operations"]["availability.publishes.availability"]["messages"][0]["$ref"] += "s"


def unknown_binding(document: Any) -> None:
    document["channels"]["bookly.availability"]["bindings"]["kafka"]["partitions"] = "four"


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (wrong_type, "RESERVATION_CREATED/examples/payload: data/data/attendees must be integer"),
        (missing_header, "RESERVATION_CREATED/examples/headers: data must have required property 'traceparent'"),
        (foreign_header, "RESERVATION_CREATED/examples/headers: data/ce_type must be equal to constant"),
        (unknown_avro_type, "strnig"),
        (unknown_message, "ReservationCreateds"),
        (unknown_binding, "channels/bookly.availability/bindings/kafka/partitions"),
    ],
)
def test_a_slip_is_seen(slip: Callable[[Any], None], said: str, document: Any, tmp_path: Path) -> None:
    broken = copy.deepcopy(document)
    slip(broken)
    path = tmp_path / "asyncapi.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    assert said in "\n".join(read("asyncapi.mjs", path)["diagnostics"])


def message(document: Any, event: Event) -> Any:
    return document["components"]["messages"][event.class_name]


def created(document: Any) -> Any:
    return document["components"]["messages"]["ReservationCreated"]
