"""What a schema marks as personal is never shown, however it spells and nests its types; what it does not mark is."""

from __future__ import annotations

import json
import re
import struct
from io import BytesIO
from itertools import count
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console.decoding import Decoding
from api.console.found import Found
from api.console.telling import record
from bookly import EventType
from bookly.catalog import EVENTS

Shape = tuple[Any, Any]  # a type, and a value of it
WORD = re.compile(r"(?:open|secret)-\d+")


class Says:
    """A registry of one schema."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema

    def schema_by_id(self, _: int) -> str:
        return json.dumps(self._schema)


def shown(schema: Any, value: Any) -> Any:
    bytes_ = BytesIO()
    fastavro.schemaless_writer(bytes_, fastavro.parse_schema(json.loads(json.dumps(schema))), value)
    one = Found("t", 0, 1, 2, b"k", struct.pack(">bI", 0, 7) + bytes_.getvalue(), ())
    found = record(one, Decoding(Says(schema)))  # type: ignore[arg-type]  # all of a registry that it asks
    assert not found["problem"], found
    return found["event"]


class Nest:
    """Draws schemas with a value of each: its texts say whether the schema marks them, or what they lie in, as personal."""

    def __init__(self, data: st.DataObject) -> None:
        self._data, self._numbers = data, count()
        self._flat: list[tuple[str, str, Any]] = []  # namespaces, names and fields of records of texts alone
        self.words: set[str] = set()

    def record(self, within: str, depth: int, *, personal: bool = False) -> Shape:
        name, spelt = f"R{next(self._numbers)}", self._one(["said", "dotted", *(["inherited"] if within else [])])
        space = within if spelt == "inherited" else self._one(("x", "y.z"))
        head = {"inherited": {"name": name}, "said": {"name": name, "namespace": space}, "dotted": {"name": f"{space}.{name}"}}
        fields, value = [], {}
        for _ in range(self._data.draw(st.integers(1, 3))):
            field, marked = f"f{next(self._numbers)}", self._data.draw(st.booleans())
            kind, value[field] = self._any(space, depth - 1, personal=personal or marked)
            fields.append({"name": field, "type": kind, **({"pii": True} if marked else {})})
        if all(field["type"] == "string" for field in fields):
            self._flat.append((space, name, fields))
        return {"type": "record", **head[spelt], "fields": fields}, value

    def _any(self, within: str, depth: int, *, personal: bool) -> Shape:
        kinds = ["text", *(["record", "array", "map", "union", *(["again"] if self._flat else [])] if depth > 0 else [])]
        kind = self._one(kinds)
        if kind == "text":
            return "string", self._text(personal=personal)
        if kind == "record":
            return self.record(within, depth, personal=personal)
        if kind == "again":
            return self._again(within, personal=personal)
        inner, value = self._any(within, depth - 1, personal=personal)
        if kind == "union":
            return self._union(within, inner, personal=personal), value
        if kind == "array":
            return {"type": "array", "items": inner}, [value]
        return {"type": "map", "values": inner}, {"k": value}

    def _union(self, within: str, inner: Any, *, personal: bool) -> Any:
        if isinstance(inner, list):
            return inner
        if not (isinstance(inner, dict) and inner["type"] == "record"):
            return ["null", inner]
        other, other_value = self.record(within, 1, personal=personal)
        self.words -= set(WORD.findall(json.dumps(other_value)))  # of the branch that is not written
        return ["null", *self._data.draw(st.permutations([inner, other]))]

    def _again(self, within: str, *, personal: bool) -> Shape:
        """By its full name or, where it is of the same namespace, by its own alone."""
        space, name, fields = self._one(self._flat)
        full = f"{space}.{name}"
        value = {field["name"]: self._text(personal=personal or "pii" in field) for field in fields}
        return (self._one((full, name)) if space == within else full), value

    def _text(self, *, personal: bool) -> str:
        word = f"{'secret' if personal else 'open'}-{next(self._numbers)}"
        self.words.add(word)
        return word

    def _one(self, among: Any) -> Any:
        return self._data.draw(st.sampled_from(among))


@given(st.data())
def test_what_is_marked_is_hidden_and_nothing_else_however_types_are_nested_and_named(data: st.DataObject) -> None:
    nest = Nest(data)
    schema, value = nest.record("", 5)
    assert set(WORD.findall(json.dumps(shown(schema, value)))) == {word for word in nest.words if word.startswith("open")}


PERSON = {"type": "record", "fields": [{"name": "alias", "type": "string", "pii": True}]}


@pytest.mark.parametrize(
    ("root", "declared", "again"),
    [
        ({"name": "x.E"}, {"name": "Person"}, "x.Person"),
        ({"name": "E", "namespace": "x"}, {"name": "x.Person"}, "Person"),
        ({"name": "E", "namespace": "x"}, {"name": "Person", "namespace": "y"}, "y.Person"),
    ],
    ids=["a dotted root", "a dotted name used again by its own alone", "a namespace of its own"],
)
def test_a_type_that_is_used_again_is_masked_by_whichever_name(root: Any, declared: Any, again: str) -> None:
    fields = [{"name": "a", "type": {**PERSON, **declared}}, {"name": "b", "type": ["null", again]}]
    hidden = {"alias": "***"}
    value = {"a": {"alias": "Ann"}, "b": {"alias": "Ann"}}
    assert shown({"type": "record", **root, "fields": fields}, value) == {"a": hidden, "b": hidden}


def test_of_two_types_of_one_name_each_is_masked_as_its_own_namespace_says() -> None:
    plain = {"type": "record", "name": "Person", "namespace": "y", "fields": [{"name": "alias", "type": "string"}]}
    kinds = {"a": {**PERSON, "name": "Person"}, "b": plain, "c": "Person"}
    fields = [{"name": name, "type": kind} for name, kind in kinds.items()]
    event = shown({"type": "record", "name": "E", "namespace": "x", "fields": fields}, {name: {"alias": "Ann"} for name in kinds})
    assert [event[name]["alias"] for name in kinds] == ["***", "Ann", "***"]


def test_an_event_of_ours_is_known_by_its_full_name_however_that_is_spelt() -> None:
    said = json.loads(EVENTS[EventType.USER_REGISTERED].schema)
    space = said.pop("namespace")
    for spelling in ({"namespace": space}, {"name": f"{space}.{said['name']}"}):
        one = Found("t", 0, 1, 2, b"k", struct.pack(">bI", 0, 7), ())
        assert Decoding(Says(said | spelling)).type_of(one) == "USER_REGISTERED"  # type: ignore[arg-type]  # as above
