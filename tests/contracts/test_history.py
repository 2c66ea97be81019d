"""Every version that was ever registered stays, and each can read what every other wrote, both ways."""

from __future__ import annotations

import json
from io import BytesIO
from itertools import permutations
from typing import TYPE_CHECKING, Any

import fastavro
import pytest

from contracts.compatibility import incompatibilities, reasons
from contracts.schemas import ROOT, Schema, load_schemas, wire_schema
from contracts.topics import Event, load_events
from tests.contracts.examples import example, timed
from tests.contracts.mutations import change, refusal

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = load_events()
EVERY = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
SECOND = {"USER_LOGGED_IN": "device", "RESERVATION_CREATED": "waitlist_id"}
PAIRS = [(event, writer, reader) for event in EVENTS for writer, reader in permutations(event.history, 2)]
EVERY_PAIR = pytest.mark.parametrize(
    ("event", "writer", "reader"), PAIRS, ids=[f"{event.name}: v{writer} to v{reader}" for event, writer, reader in PAIRS]
)
TIME = {"type": "long", "logicalType": "timestamp-micros"}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2}
CREATED = "schemas/history/availability/reservation_created"


def wire(event: Event, version: int) -> Schema:
    return wire_schema(event.history[version], load_schemas())


@EVERY
def test_the_newest_version_is_the_schema_as_it_is(event: Event) -> None:
    assert event.history, f"{event.stem}.avsc has no version; run: make contracts"
    assert event.history[max(event.history)] == event.schema, f"{event.stem}.avsc has changed; run: make contracts"


@EVERY
def test_versions_are_counted_from_one_without_a_gap(event: Event) -> None:
    assert list(event.history) == list(range(1, event.version + 1)), "put the missing file back; bytes of it were written"


@EVERY
def test_no_version_reads_another_wrongly(event: Event) -> None:
    assert not list(incompatibilities({version: wire(event, version) for version in event.history})), (
        "undo the change, or add a field"
    )


@EVERY_PAIR
def test_an_example_written_by_one_version_is_read_by_the_other(event: Event, writer: int, reader: int) -> None:
    value = timed(example(event), event)
    known = {field["name"] for field in event.history[writer]["fields"]}
    written = {name: item for name, item in value["data"].items() if name in known}
    out = BytesIO()
    fastavro.schemaless_writer(out, wire(event, writer), {**value, "data": written}, strict=True)
    read: Any = fastavro.schemaless_reader(BytesIO(out.getvalue()), wire(event, writer), wire(event, reader))
    defaults = {field["name"]: field.get("default") for field in event.history[reader]["fields"]}
    assert read["data"] == {name: written.get(name, default) for name, default in defaults.items()}


@pytest.mark.parametrize(("name", "added"), SECOND.items())
def test_two_events_have_a_second_version_with_one_optional_field_more(name: str, added: str) -> None:
    (event,) = (event for event in EVENTS if event.name == name)
    first, second = ({field["name"]: field for field in event.history[version]["fields"]} for version in (1, 2))
    assert second.keys() - first.keys() == {added}
    assert second[added]["default"] is None


def test_both_ways_are_tried() -> None:
    assert {(event.name, writer, reader) for event, writer, reader in PAIRS} >= {
        (name, *pair) for name in SECOND for pair in ((1, 2), (2, 1))
    }


def test_a_version_that_was_taken_out_is_missed(contracts: Path) -> None:
    (contracts / f"{CREATED}.v1.avsc").unlink()
    assert f"{CREATED}.v1.avsc is missing: put it back" in refusal(contracts)


def test_an_event_that_was_taken_away_with_its_line_is_missed(contracts: Path) -> None:
    (contracts / "schemas/availability/reservation_created.avsc").unlink()
    assert "schemas/availability/reservation_created.avsc is gone" in refusal(contracts)


def test_metadata_that_differ_from_their_version_are_refused(contracts: Path) -> None:
    change(contracts / "schemas/history/metadata.v1.avsc", lambda schema: schema["fields"].pop())
    assert "Put it back" in refusal(contracts)


def test_a_file_of_another_name_is_no_version(contracts: Path) -> None:
    (contracts / f"{CREATED}.v1.avsc").rename(contracts / f"{CREATED}.first.avsc")
    assert "is called <event>.v<number>.avsc" in refusal(contracts)


def record(kind: Any, **more: Any) -> Schema:
    return {"type": "record", "name": "Thing", "fields": [{"name": "x", "type": kind, **more}]}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (record("string"), record("int"), "string"),
        (record("string"), {"type": "record", "name": "Thing", "fields": []}, "x"),
        (record("string"), record("string", name="y"), "y"),
        (record("string"), record(["null", "string"], default=None), "null"),
        (record(TIME), record({**TIME, "logicalType": "timestamp-millis"}), "Thing.x changed its logicalType"),
        (record("long"), record(TIME), "Thing.x changed its logicalType from None to timestamp-micros"),
        (record(TIME), record("long"), "Thing.x changed its logicalType from timestamp-micros to None"),
        (record(["null", "long"], default=None), record(["null", TIME], default=None), "Thing.x changed its logicalType"),
        (record({"type": "array", "items": "long"}), record({"type": "array", "items": TIME}), "Thing.x changed its logicalType"),
        (
            record(decimal := {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2}),
            record({**DECIMAL, "scale": 3}),
            "Thing.x changed its scale from 2 to 3",
        ),
        (record(DECIMAL), record({**DECIMAL, "precision": 9}), "Thing.x changed its precision from 8 to 9"),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_a_change_that_one_side_could_not_follow_is_told_with_its_reason(old: Schema, new: Schema, told: str) -> None:
    assert told in " ".join(incompatibilities({1: old, 2: new}))


@pytest.mark.parametrize(
    "new",
    [
        {"type": "record", "name": "Thing", "fields": [*record("string")["fields"], {"name": "y", "type": "int", "default": 0}]},
        record("string", doc="Another word."),
    ],
)
def test_a_change_that_all_can_follow_is_told_nothing(new: Schema) -> None:
    assert not list(reasons(new, record("string")))
    assert not list(reasons(record("string"), new))


def test_the_history_holds_nothing_but_versions_of_events_and_metadata() -> None:
    wanted = {f"{event.domain}/{event.stem}.v{version}.avsc" for event in EVENTS for version in event.history}
    folder = ROOT / "schemas/history"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    odd = found ^ {*wanted, "metadata.v1.avsc"}
    assert not odd, f"put back, or take out of schemas/history: {sorted(odd)}"
