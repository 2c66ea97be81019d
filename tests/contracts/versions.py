"""Every version of every event, with what writes and reads it: our codec, and fastavro as the reference."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import fastavro
from hypothesis import strategies as st

from bookly.records import DECODERS, ENCODERS, NO_METADATA, RECORDS, Metadata, Record, fields
from contracts.fields import fields_of
from contracts.schemas import ROOT, fingerprint, load_schemas, wire_schema
from contracts.topics import load_events

if TYPE_CHECKING:
    from collections.abc import Callable

    from contracts.fields import Field
    from contracts.schemas import Schema
    from contracts.topics import Event

Data = dict[str, Any]
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Version:
    """One version of an event. `wire` has no logical types: times are integers and ids text, as light records have them."""

    event: Event
    number: int
    schema: Schema
    metadata: Schema
    wire: Any
    decode: Callable[[bytes, int], Record]

    def __str__(self) -> str:
        return f"{self.event.name}.v{self.number}"

    @property
    def newest(self) -> bool:
        return self.number == self.event.version

    def write(self, value: Data) -> bytes:
        """By fastavro."""
        out = BytesIO()
        fastavro.schemaless_writer(out, self.wire, value)
        return out.getvalue()

    def write_wider(self, value: Data) -> bytes:
        """By fastavro, as if every int were a long: on the wire they look the same."""
        out = BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(_with_longs(self.wire)), value)
        return out.getvalue()

    def read(self, body: bytes) -> Any:
        """By fastavro, all of the body. Raises whatever it raises."""
        source = BytesIO(body)
        value = fastavro.schemaless_reader(source, self.wire, None)
        if source.tell() != len(body):
            raise ValueError("bytes left")
        return value

    def example(self) -> Data:
        """The stored example as this version has it, times as integers."""
        path = ROOT / f"schemas/{self.event.domain}/{self.event.stem}.example.json"
        value = json.loads(path.read_text(encoding="utf-8"))
        return {"metadata": _plain(value["metadata"], self.metadata), "data": _plain(value["data"], self.schema)}

    def values(self) -> st.SearchStrategy[Data]:
        """Whatever the schema allows."""
        return st.fixed_dictionaries({"metadata": _values(self.metadata), "data": _values(self.schema)})


@cache
def versions() -> tuple[Version, ...]:
    """All that were ever registered, in the order of the topics."""
    schemas = load_schemas()
    found = []
    for event in load_events():
        for number, schema in event.history.items():
            wire = wire_schema(schema, schemas)
            decode = DECODERS[fingerprint(wire)]
            parsed = fastavro.parse_schema(without_logical_types(wire))
            found.append(Version(event, number, schema, schemas.metadata, parsed, decode))
    return tuple(found)


def encode(event: Event, value: Data) -> bytes:
    """By our codec."""
    record = RECORDS[event.type](**value["data"], metadata=Metadata(**value["metadata"]))
    return ENCODERS[type(record)](record)


def content(record: Record) -> Data:
    """A decoded record as fastavro would give it."""
    assert record.metadata is not NO_METADATA
    return {"metadata": fields(record.metadata), "data": fields(record)}


def completed(version: Version, value: Data) -> Data:
    """What a reader of the newest version makes of this value: new fields have their defaults, old ones are gone."""
    now = {field.name: field.default for field in fields_of(version.event.schema)}
    return {**value, "data": {name: value["data"].get(name, default) for name, default in now.items()}}


def without_logical_types(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    return [without_logical_types(value) for value in schema] if isinstance(schema, list) else schema


def _with_longs(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _with_longs(value) for key, value in schema.items() if not key.startswith("__")}
    if isinstance(schema, list):
        return [_with_longs(value) for value in schema]
    return "long" if schema == "int" else schema


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """Whatever a field may hold."""
    if field.kind == "enum":
        item: st.SearchStrategy[Any] = st.sampled_from(field.symbols)
    else:
        item = KINDS[field.kind]
    item = st.lists(item, max_size=70) if field.array else item
    return st.none() | item if field.nullable else item


def _integers(bits: int) -> st.SearchStrategy[int]:
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    edges = [0, -1, 1, 63, 64, -64, -65, 8191, 8192, least, most]
    return st.sampled_from(edges) | st.integers(least, most) | st.integers(0, 100)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "a" * 63, "a" * 64, "é" * 32, "a" * 5000]
)
TIMES = st.integers(1_700_000_000_000_000, 1_900_000_000_000_000) | _integers(64)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "uuid": TEXT,
    "int": _integers(32),
    "long": _integers(64),
    "time": TIMES
    | st.sampled_from([sign * (1 << bits) + more for sign in (1, -1) for bits in range(47, 57) for more in (-1, 0, 1)]),
    "double": st.floats(allow_nan=False),
    "boolean": st.booleans(),
}


def _values(schema: Schema) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries({field.name: value_of(field) for field in fields_of(schema)})


def _plain(values: Data, schema: Schema) -> Data:
    kinds = {field.name: field.kind for field in fields_of(schema)}
    return {name: micros(value) if kinds[name] == "time" and value else value for name, value in values.items() if name in kinds}


def micros(text: str) -> int:
    since = datetime.fromisoformat(text) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
