"""An example of each fact, as it goes over the wire. Documents show them, so they must be true and must tell one story."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
import pytest
from fastavro.validation import ValidationError, validate

from contracts.fields import fields_of
from contracts.schemas import ROOT, load_schemas, wire_schema
from contracts.topics import DOMAINS, Event, load_events
from tests.contracts.examples import example, place, timed

EVERY = pytest.mark.parametrize("event", load_events(), ids=lambda event: event.name)
CREATED = next(event for event in load_events() if event.name == "RESERVATION_CREATED")
LATER = {"starts_at", "ends_at", "expires_at", "deadline_at"}  # plans; every other time is over when the event occurs


def wire(event: Event) -> Any:
    return fastavro.parse_schema(wire_schema(event.schema, load_schemas()))


def there_and_back(value: Any, event: Event) -> Any:
    """Over the wire. fastavro's validation looks at types and lets unknown fields pass; its strict writer refuses them."""
    validate(timed(value, event), wire(event))
    out = BytesIO()
    fastavro.schemaless_writer(out, wire(event), timed(value, event), strict=True)
    return fastavro.schemaless_reader(BytesIO(out.getvalue()), wire(event), None)


def times(event: Event) -> dict[str, str]:
    return {field.name: example(event)["data"][field.name] for field in fields_of(event.schema) if field.kind == "time"}


def test_each_event_has_its_example_and_no_example_is_left_over() -> None:
    found = {path for domain in DOMAINS for path in (ROOT / "schemas" / domain).glob("*.json")}
    wanted = {place(event) for event in load_events()}
    assert found == wanted, f"write, or take away: {sorted(map(str, found ^ wanted))}"


@EVERY
def test_an_example_is_what_the_schema_says_and_no_more_and_comes_back_from_the_wire_as_it_went(event: Event) -> None:
    value = example(event)
    assert value.keys() == {"metadata", "data"}, f"mend {place(event)}"
    assert json.loads(json.dumps(there_and_back(value, event), default=_text)) == value, f"mend {place(event)}"


@EVERY
def test_the_metadata_of_an_example_are_those_of_its_event(event: Event) -> None:
    metadata = example(event)["metadata"]
    assert metadata["type"] == event.type, f"{place(event)}: the type is {event.type}"
    assert metadata["version"] == event.version, f"{place(event)} shows version {metadata['version']}: show the newest"


@EVERY
def test_times_are_utc_and_say_so_with_a_z(event: Event) -> None:
    for name, text in {"occurred_at": example(event)["metadata"]["occurred_at"], **times(event)}.items():
        assert text.endswith("Z"), f"{place(event)}, {name}: write it in UTC, with a Z"


@EVERY
def test_a_slot_begins_before_it_ends(event: Event) -> None:
    told = {name: datetime.fromisoformat(text) for name, text in times(event).items()}
    for begin in told.keys() & {"starts_at", "window_start_at", "period_start_at", "checked_in_at"}:
        end = {"starts_at": "ends_at", "checked_in_at": "checked_out_at"}.get(begin, begin.replace("start", "end"))
        assert told[begin] < told.get(end, datetime.max.replace(tzinfo=UTC)), f"{place(event)}: {begin} is not before {end}"


@EVERY
def test_a_fact_is_told_after_it_happened(event: Event) -> None:
    occurred = datetime.fromisoformat(example(event)["metadata"]["occurred_at"])
    for name, text in times(event).items():
        if name not in LATER:
            assert datetime.fromisoformat(text) <= occurred, f"{place(event)}: {name} is after occurred_at"
        elif name in {"expires_at", "deadline_at"}:
            assert datetime.fromisoformat(text) > occurred, f"{place(event)}: {name} was over from the start"


@EVERY
def test_who_did_it_is_the_actor(event: Event) -> None:
    value = example(event)
    for name, who in value["data"].items():
        if name.endswith("_by") and who is not None:
            assert value["metadata"]["actor"] == who, f"{place(event)}: {name} and the actor are not the same"


def test_the_examples_are_of_rooms_labs_auditoriums_and_equipment() -> None:
    resources = {example(event)["data"].get("resource_id", "-").partition("-")[0] for event in load_events()}
    assert {"room", "lab", "aud", "eq"} <= resources, "show each kind of resource in some *.example.json"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("data", {"purpos": "lecture"}),
        ("data", {"attendees": "24"}),
        ("data", {"user_id": None}),
        ("metadata", {"trace": "x"}),
        ("metadata", {"version": None}),
    ],
)
def test_an_example_that_is_not_what_the_schema_says_is_seen(part: str, change: dict[str, Any]) -> None:
    value = example(CREATED)
    value[part].update(change)
    with pytest.raises((ValidationError, ValueError)):
        there_and_back(value, CREATED)


def test_an_example_that_leaves_out_a_field_is_seen_even_where_there_is_a_default() -> None:
    value = example(CREATED)
    del value["data"]["purpose"]
    with pytest.raises(ValueError, match="purpose"):
        there_and_back(value, CREATED)


def test_an_id_that_is_no_uuid_is_seen() -> None:
    value = example(CREATED)
    value["metadata"]["event_id"] = "evt-1"
    with pytest.raises(ValueError, match="UUID"):
        there_and_back(value, CREATED)


def _text(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
