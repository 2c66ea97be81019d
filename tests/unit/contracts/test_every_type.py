"""The codec's generator on a record of every type there is, plain, nullable and in arrays, against fastavro."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from types import ModuleType
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookly.records import Metadata, fields
from contracts.fields import fields_of
from contracts.render_records import render_domain
from contracts.schemas import Schema, load_schemas, self_contained, wire_schema
from contracts.topics import load_events
from tests.contracts.versions import value_of, without_logical_types

TIME = {"type": "long", "logicalType": "timestamp-micros"}
MOOD = {"type": "enum", "name": "Mood", "namespace": "bookly", "symbols": ["UNKNOWN", "GOOD", "BAD"], "default": "UNKNOWN"}
OLD_MOOD = {**MOOD, "symbols": ["UNKNOWN", "SLEEPY", "GOOD"]}
KINDS: tuple[Any, ...] = (
    "string",
    "int",
    "long",
    TIME,
    "double",
    "boolean",
    "bookly.Mood",
    {"type": "string", "logicalType": "uuid"},
)
SHAPES: dict[str, Any] = {
    "plain": lambda kind: {"type": kind},
    "maybe": lambda kind: {"type": ["null", kind], "default": None},
    "many": lambda kind: {"type": {"type": "array", "items": kind}},
    "fresh": lambda kind: {"type": {"type": "array", "items": kind}, "default": []},
    "maybe_many": lambda kind: {"type": ["null", {"type": "array", "items": kind}], "default": None},
}
TROUBLE = ("type", "len", "x", "b", "refusal", "read_varint", "KeyError")  # names that the codec uses itself


def record(mood: Schema) -> Schema:
    every = [{"name": f"{shape}_{n}", **make(kind)} for shape, make in SHAPES.items() for n, kind in enumerate(KINDS)]
    named = [{"name": name, "type": "string"} for name in TROUBLE]
    schema = {"type": "record", "name": "Everything", "namespace": "bookly.auth", "doc": "All.", "fields": [*named, *every]}
    return self_contained(schema, {"bookly.Mood": mood})


@pytest.fixture(scope="module")
def codec() -> ModuleType:
    """The generated module of one event with two versions; a symbol of its enum went between them, another came."""
    schemas = replace(load_schemas(), types={"bookly.Mood": MOOD})
    history = {1: record(OLD_MOOD), 2: record(MOOD)}
    event = replace(load_events()[0], class_name="Everything", name="EVERYTHING", schema=history[2], version=2, history=history)
    module = ModuleType("everything")
    exec(compile(render_domain([event], schemas), "everything.py", "exec"), module.__dict__)  # noqa: S102  # our own text
    return module


def wire(mood: Schema) -> Any:
    return fastavro.parse_schema(without_logical_types(wire_schema(record(mood), load_schemas())))


METADATA = Metadata("id", "type", "source", 1_790_000_000_000_000, "id", 2)
VALUES = st.fixed_dictionaries({field.name: value_of(field) for field in fields_of(record(MOOD))})
NEW, OLD = wire(MOOD), wire(OLD_MOOD)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(values=VALUES)
def test_every_type_is_written_and_read_as_by_fastavro(codec: ModuleType, values: dict[str, Any]) -> None:
    out = BytesIO()
    fastavro.schemaless_writer(out, NEW, {"metadata": fields(METADATA), "data": values})
    assert codec.encode_everything(codec.Everything(**values, metadata=METADATA)) == out.getvalue()
    assert fields(codec.decode_everything_v2(out.getvalue(), 0)) == values


def test_a_symbol_that_is_gone_reads_as_the_enums_default_and_the_others_as_themselves(codec: ModuleType) -> None:
    required = {field.name: SAMPLES[field.python] for field in fields_of(record(MOOD)) if field.required}
    values = {**required, "plain_6": "SLEEPY", "maybe_6": "GOOD", "many_6": ["GOOD", "SLEEPY", "UNKNOWN"]}
    out = BytesIO()
    fastavro.schemaless_writer(out, OLD, {"metadata": fields(METADATA), "data": values})
    read = codec.decode_everything_v1(out.getvalue(), 0)
    assert (read.plain_6, read.maybe_6, read.many_6) == ("UNKNOWN", "GOOD", ["GOOD", "UNKNOWN", "UNKNOWN"])


def test_an_array_that_is_empty_by_default_is_each_records_own(codec: ModuleType) -> None:
    required = {field.name: SAMPLES[field.python] for field in fields_of(record(MOOD)) if field.required}
    one, two = codec.Everything(**required), codec.Everything(**required)
    one.fresh_0.append("x")
    assert two.fresh_0 == []


SAMPLES: dict[str, Any] = {"str": "UNKNOWN", "int": 7, "float": 0.5, "bool": True} | {
    f"list[{kind}]": [] for kind in ("str", "int", "float", "bool")
}
