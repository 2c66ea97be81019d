"""Which fields there is code for, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import ContractError
from contracts.fields import Field, constructor_order, fields_of

ENUM = {"type": "enum", "name": "Size", "namespace": "bookly", "symbols": ["UNKNOWN", "S"], "default": "UNKNOWN"}


def only(kind: Any, name: str = "size", **more: Any) -> Field:
    (field,) = fields_of({"name": "Thing", "fields": [{"name": name, "type": kind, **more}]})
    return field


@pytest.mark.parametrize(
    "kind",
    [
        "bytes",
        "float",
        ["string", "null"],
        ["null", "string", "int"],
        {"type": "map", "values": "string"},
        {"type": "long", "logicalType": "timestamp-millis"},
        {"type": "array", "items": {"type": "array", "items": "string"}},
        {**ENUM, "symbols": [f"S{n}" for n in range(65)]},
        "bookly.Unheard",
    ],
)
def test_a_type_that_there_is_no_code_for_is_refused_by_the_name_of_its_field(kind: Any) -> None:
    with pytest.raises(ContractError, match=r"^Thing\.size: "):
        only(kind)


@pytest.mark.parametrize("name", ["metadata", "self", "class"])
def test_a_name_that_the_generated_class_needs_is_refused(name: str) -> None:
    with pytest.raises(ContractError, match="taken"):
        only("string", name)


def test_an_enum_is_known_by_its_name_after_its_first_use() -> None:
    schema = {
        "name": "Thing",
        "fields": [{"name": "a", "type": ENUM}, {"name": "b", "type": ["null", "bookly.Size"], "default": None}],
    }
    first, second = fields_of(schema)
    assert first.symbols == second.symbols == ("UNKNOWN", "S")


@pytest.mark.parametrize(
    ("kind", "python", "words"),
    [
        ({"type": "long", "logicalType": "timestamp-micros"}, "int", "timestamp-micros"),
        ({"type": "array", "items": "string"}, "list[str]", "array of string"),
        (["null", ENUM], "str | None", "Size or null"),
        ("boolean", "bool", "boolean"),
    ],
)
def test_a_field_says_what_it_is_in_python_and_in_words(kind: Any, python: str, words: str) -> None:
    field = only(kind)
    assert (field.python, field.avro) == (python, words)


def test_what_must_be_given_comes_before_what_may_be_left_out() -> None:
    fields = [{"name": "a", "type": ["null", "int"], "default": None}, {"name": "b", "type": "int"}, {"name": "c", "type": "int"}]
    assert [field.name for field in constructor_order(fields_of({"name": "Thing", "fields": fields}))] == ["b", "c", "a"]
