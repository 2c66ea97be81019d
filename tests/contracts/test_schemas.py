"""What is said of each fact: conventions over the whole folder, and each seen to refuse what breaks it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from contracts.conventions import PERSONAL, class_name
from contracts.fields import fields_of
from contracts.schemas import ROOT, load_schemas
from contracts.topics import Event, load_events
from tests.contracts.mutations import change, refusal, replace_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERY = pytest.mark.parametrize("event", load_events(), ids=lambda event: event.name)
COUNTS = {"auth": 10, "resources": 10, "availability": 14, "stockpile": 7, "reports": 3}
CONFIRMED = "schemas/availability/reservation_confirmed.avsc"
REJECTED = "schemas/availability/reservation_rejected.avsc"
REGISTERED = "schemas/auth/user_registered.avsc"
METHOD = "schemas/types/check_method.avsc"


def test_there_are_the_events_of_the_catalogue() -> None:
    found = Counter(event.domain for event in load_events())
    assert found == COUNTS, "an event came or went: none may go; for a new one raise COUNTS here"


@EVERY
def test_the_file_the_record_and_the_name_in_the_topic_are_one_name(event: Event) -> None:
    path = ROOT / f"schemas/{event.domain}/{event.stem}.avsc"
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.stem == event.name.lower(), f"call the file {event.name.lower()}.avsc"
    assert record["name"] == event.class_name == class_name(path.stem), f"{path}: call the record {class_name(path.stem)}"
    assert record["namespace"] == f"bookly.{event.domain}", f"{path}: the namespace is bookly.{event.domain}"


@EVERY
def test_the_fact_and_each_of_its_fields_say_what_they_are(event: Event) -> None:
    assert event.schema["doc"].endswith("."), f"{event.stem}.avsc: 'doc' must be a sentence"
    for field in fields_of(event.schema):
        assert field.doc.endswith("."), f"{event.stem}.avsc, field {field.name}: add 'doc', a sentence"


@EVERY
def test_a_field_is_personal_exactly_where_its_name_is(event: Event) -> None:
    for field in fields_of(event.schema):
        assert field.pii is (field.name in PERSONAL), f'{event.stem}.avsc, field {field.name}: "pii" must be {not field.pii}'


def test_somebody_is_protected() -> None:
    marked = {field.name for event in load_events() for field in fields_of(event.schema) if field.pii}
    assert marked == PERSONAL, f"PERSONAL in contracts/conventions.py names a field that no event has: {PERSONAL - marked}"


def test_no_shared_enum_is_left_over() -> None:
    used = {field.enum for event in load_events() for field in fields_of(event.schema) if field.enum}
    assert used == load_schemas().types.keys(), "take the unused file out of schemas/types"


def field(index: int, **words: Any) -> Callable[[Any], object]:
    return lambda schema: schema["fields"][index].update(words)


@pytest.mark.parametrize(
    ("file", "how", "told"),
    [
        (CONFIRMED, lambda schema: schema.update(aliazes=["Booked"]), "'aliazes' is unknown"),
        (CONFIRMED, lambda schema: schema.pop("doc"), "'doc' is missing"),
        (CONFIRMED, lambda schema: schema.update(name="ReservationConfirm"), "called bookly.availability.ReservationConfirmed"),
        (CONFIRMED, lambda schema: schema.update(namespace="bookly.auth"), "called bookly.availability.ReservationConfirmed"),
        (CONFIRMED, lambda schema: schema.update(type="error"), "the type is record"),
        (CONFIRMED, field(0, dok="."), "field reservation_id: 'dok' is unknown"),
        (CONFIRMED, field(0, doc=" "), "field reservation_id: 'doc' must be a sentence"),
        (CONFIRMED, field(0, name="metadata"), "field 'metadata'"),
        (CONFIRMED, field(0, name="reservationId"), "field 'reservationId'"),
        (CONFIRMED, field(0, name="user_id"), "field user_id: stands twice"),
        (CONFIRMED, lambda schema: schema["fields"][0].pop("type"), "field reservation_id: 'type' is missing"),
        (REGISTERED, lambda schema: schema["fields"][1].pop("pii"), 'field email: "pii": true stands on'),
        (REGISTERED, field(1, pii="true"), 'field email: "pii": true stands on'),
        (REGISTERED, field(0, pii=True), 'field user_id: "pii": true stands on'),
        (REJECTED, lambda schema: schema["fields"][4].pop("default"), 'field detail: what may be null has "default": null'),
        (METHOD, lambda enum: enum.update(order="ignore"), "'order' is unknown"),
        (METHOD, lambda enum: enum.pop("default"), "'default' is missing"),
        (METHOD, lambda enum: enum.update(default="STAFF"), "UNKNOWN"),
        (METHOD, lambda enum: enum["symbols"].remove("UNKNOWN"), "UNKNOWN"),
        (METHOD, lambda enum: enum["symbols"].append("STAFF"), "'STAFF' is not in upper case, or stands twice"),
        (METHOD, lambda enum: enum.update(name="Way"), "called bookly.CheckMethod"),
    ],
)
def test_what_breaks_a_convention_is_refused_by_file_and_field(
    contracts: Path, file: str, how: Callable[[Any], object], told: str
) -> None:
    change(contracts / file, how)
    sentence = refusal(contracts)
    assert file in sentence
    assert told in sentence


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("bytes", "no such type"),
        ("float", "no such type"),
        ("bookly.Mood", "no such type"),
        ({"type": "map", "values": "string"}, "no such type"),
        ({"type": "string", "logicaltype": "uuid"}, "no such type"),
        ({"type": "array", "items": ["null", "string"]}, "no such type"),
        ({"type": "array", "items": "string", "default": []}, "no such type"),
        ({"type": "long", "logicalType": "timestamp-millis"}, "no such type"),
        (["string", "null"], "a union is [null, T]"),
        (["null", "string", "int"], "a union is [null, T]"),
        ({"type": "long", "logicalType": "timestamp-micros"}, "a time is timestamp-micros and its name ends in _at"),
    ],
    ids=json.dumps,
)
def test_a_type_that_is_not_allowed_is_refused_by_the_name_of_its_field(contracts: Path, kind: Any, told: str) -> None:
    change(contracts / CONFIRMED, field(3, type=kind))
    assert f"{CONFIRMED}, field approval_id: {told}" in refusal(contracts)


def test_a_time_is_no_plain_number_and_minutes_are_whole(contracts: Path) -> None:
    change(contracts / CONFIRMED, field(5, type="long"))
    assert "field starts_at: a time is timestamp-micros" in refusal(contracts)
    change(contracts / CONFIRMED, field(5, name="setup_minutes", type="double"))
    assert "field setup_minutes: minutes are an int" in refusal(contracts)


@pytest.mark.parametrize(("old", "new"), [('"doc": "Why."', '"doc": "Why.", "doc": "Who."'), ('"fields": [', '"fields": [[')])
def test_a_key_that_stands_twice_and_a_text_that_is_no_json_are_refused(contracts: Path, old: str, new: str) -> None:
    replace_text(contracts / REJECTED, old, new)
    assert REJECTED in refusal(contracts)
