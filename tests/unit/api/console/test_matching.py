"""Whether a record meets a selection: as a plain reading of its values says, whatever look at its bytes comes first."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.console.decoding import HEADER, Decoding
from api.console.matching import Matcher, Personal
from api.console.reading import found
from api.console.selection import Condition, Selection, Where
from api.console.sifting import Sieve
from bookly.errors import UnknownSchema
from contracts.fields import fields_of
from contracts.schemas import load_schemas, wire_schema
from tests.contracts.versions import EPOCH, value_of, versions

if TYPE_CHECKING:
    from contracts.fields import Field
    from tests.contracts.versions import Data, Version

VERSIONS = versions()
REGISTERED = [json.dumps(wire_schema(version.schema, load_schemas())) for version in VERSIONS]
OPS = ("eq", "ne", "lt", "le", "gt", "ge", "contains", "prefix", "exists", "missing")
DAYS = {"2026-11-25": datetime(2026, 11, 25, tzinfo=UTC), "2026-11-25T10:00:00+02:00": datetime(2026, 11, 25, 8, tzinfo=UTC)}


class Registered:
    """A registry that knows every version of every event by its place among them."""

    def schema_by_id(self, schema_id: int) -> str:
        if schema_id >= len(REGISTERED):
            raise UnknownSchema("no such id")
        return REGISTERED[schema_id]


DECODING = Decoding(Registered())  # type: ignore[arg-type]  # all of a registry that it asks


def message(version: Version, value: Data, *, in_header: bool = False) -> Message:
    named, body = struct.pack(">bI", 0, VERSIONS.index(version)), version.write(value)
    headers: list[Any] = [("ce_id", b"1"), *([(HEADER, named)] if in_header else [])]
    return Message("t", 0, 1, b"k", body if in_header else named + body, headers, None, (1, 5))


def is_found(asked: Message, *tests: Condition, types: tuple[str, ...] = (), personal: bool = True) -> bool:
    """By both looks, which must agree."""
    selection = Selection(("t",), where=Where(types=types, fields=tests))
    matcher = Matcher(selection, DECODING, personal=personal)
    meets = matcher.meets(found(asked))
    sifted = Sieve(selection, matcher)
    for _ in range(2):  # once to learn the schema, once by what was learnt
        assert bool(sifted([asked])) or not meets, "the sieve has dropped what meets"
    return meets


def time_of(micros: int) -> datetime | None:
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None


def as_text(field: Field, value: Any) -> str:
    if field.kind == "time":
        return f"{EPOCH + timedelta(microseconds=value):%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + (
            f".{value % 1_000_000:06d}Z" if value % 1_000_000 else "Z"
        )
    return {True: "true", False: "false"}[value] if field.kind == "boolean" else str(value)


def compared(op: str, one: Any, other: Any) -> bool:
    signs = {"eq": one == other, "ne": one != other, "lt": one < other, "le": one <= other, "gt": one > other, "ge": one >= other}
    return bool(signs[op])


def meant(field: Field, value: Any, op: str, text: str) -> bool:  # noqa: PLR0911  # a case, an answer
    """What the documents say, read plainly."""
    if op in {"exists", "missing"} or value is None:
        return (value is None) == (op == "missing")
    if field.array:
        return any(meant(replace(field, array=False), each, op, text) for each in value)
    shown = as_text(field, value)
    if op in {"contains", "prefix"}:
        return text in shown if op == "contains" else shown[: len(text)] == text
    if field.kind in {"int", "long", "double"}:
        try:
            number = Fraction(text)
        except ValueError:
            return op == "ne"
        return compared(op, value, number)
    if field.kind == "boolean" and text not in {"true", "false"}:
        return op == "ne"
    if field.kind == "time" and (at := DAYS.get(text)):
        return compared(op, EPOCH + timedelta(microseconds=value), at)
    if field.kind == "time" and text == shown:
        return op in {"eq", "le", "ge"}
    return compared(op, shown, text)


def is_an_event(version: Version, value: Data) -> bool:
    """Times that no calendar has make a record none."""
    parts = ((version.metadata, value["metadata"]), (version.schema, value["data"]))
    times = [part[field.name] for schema, part in parts for field in fields_of(schema) if field.kind == "time"]
    return all(time is None or time_of(time) is not None for time in times)


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_condition_on_any_field_of_any_version_is_met_as_a_plain_reading_says(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from(VERSIONS))
    part = data.draw(st.sampled_from(("metadata", "data")))
    field = data.draw(st.sampled_from(fields_of(version.metadata if part == "metadata" else version.schema)))
    value = version.example()
    value[part] = {**value[part], field.name: data.draw(value_of(field))}
    op, own = data.draw(st.sampled_from(OPS)), value[part][field.name]
    texts = st.text("ab-é", max_size=3) | st.sampled_from(["1", "9.5", "-64", "true", "nan", "UNKNOWN", "\ud800", *DAYS])
    if own is not None and own != [] and is_an_event(version, value):
        mine = as_text(field, data.draw(st.sampled_from(own)) if field.array else own)
        texts |= st.just(mine) | st.just(mine[:4]) | st.just(mine[1:])
    text = data.draw(texts)
    if field.kind == "double" and "inf" in text:
        return  # the oracle's numbers have none
    asked = message(version, value, in_header=data.draw(st.booleans()))
    wanted = is_an_event(version, value) and meant(field, own, op, text)
    name = field.name if part == "data" and data.draw(st.booleans()) else f"{part}.{field.name}"
    assert is_found(asked, Condition(name, op, text)) is wanted, (name, op, text, own)  # type: ignore[arg-type]  # one of the ops


@pytest.mark.parametrize("in_header", [False, True])
def test_of_several_conditions_all_have_to_hold(in_header: bool) -> None:
    version = next(one for one in VERSIONS if str(one).startswith("RESERVATION_CREATED") and one.newest)
    value = version.example()
    value["data"] |= {"resource_id": "room-7", "attendees": 20}
    asked = message(version, value, in_header=in_header)
    room, many = Condition("resource_id", "eq", "room-7"), Condition("attendees", "ge", "20")
    assert is_found(asked, room, many, types=("RESERVATION_CREATED",))
    assert not is_found(asked, room, many, types=("RESERVATION_CANCELLED",))
    assert not is_found(asked, Condition("resource_id", "eq", "room-"), many)
    assert not is_found(asked, room, Condition("attendees", "gt", "20"))


def test_a_time_that_a_text_spells_otherwise_is_the_same_time() -> None:
    version = next(one for one in VERSIONS if str(one).startswith("RESERVATION_CREATED") and one.newest)
    value = version.example()
    value["data"]["resource_id"] = "2026-11-25T02:00:00+02:00"
    assert is_found(message(version, value), Condition("resource_id", "eq", "2026-11-25"))


def test_a_length_that_takes_more_bytes_than_it_needs_hides_nothing() -> None:
    version = next(one for one in VERSIONS if str(one).startswith("RESERVATION_CREATED") and one.newest)
    value = version.example()
    value["data"]["resource_id"] = "room-7"
    plain = message(version, value)
    longer = (plain.value() or b"").replace(b"\x0croom-7", b"\x8c\x00room-7")
    assert len(longer) == len(plain.value() or b"") + 1
    asked = Message("t", 0, 1, b"k", longer, [], None, (1, 5))
    assert is_found(asked, Condition("resource_id", "eq", "room-7"))


@pytest.mark.parametrize("name", ["email", "data.email", "full_name", "data.full_name", "ip"])
@pytest.mark.parametrize("op", OPS)
def test_who_only_looks_may_not_ask_about_what_is_masked(name: str, op: Any) -> None:
    stem = "USER_LOGGED_IN" if name == "ip" else "USER_REGISTERED"
    for version in (one for one in VERSIONS if one.event.name == stem):
        asked, test = message(version, version.example()), Condition(name, op, "a")
        selection = Selection(("t",), where=Where(fields=(test,)))
        matcher = Matcher(selection, DECODING)
        with pytest.raises(Personal, match=f"{name} is masked"):
            Sieve(selection, matcher)([asked])
        with pytest.raises(Personal, match="needs console:unmask"):
            Matcher(selection, DECODING).meets(found(asked))
        assert is_found(asked, test, personal=True) in {True, False}, "who may unmask is answered"


@pytest.mark.parametrize("op", ["eq", "contains", "prefix", "lt", "ge"])
def test_a_record_within_an_event_is_no_way_round_the_mask(op: Any) -> None:
    version = next(one for one in VERSIONS if one.event.name == "USER_REGISTERED")
    asked = message(version, version.example())
    for name in ("data", "metadata"):
        assert not is_found(asked, Condition(name, op, "{"), personal=False)


def test_a_number_that_is_wider_than_its_type_is_shown_and_so_it_is_found() -> None:
    version = next(one for one in VERSIONS if str(one).startswith("RESERVATION_CREATED") and one.newest)
    value = version.example()
    value["data"]["attendees"] = 1 << 40
    wide = struct.pack(">bI", 0, VERSIONS.index(version)) + version.write_wider(value)
    assert is_found(Message("t", 0, 1, b"k", wide, [], None, (1, 5)), Condition("attendees", "gt", str(1 << 39)))


@pytest.mark.parametrize("by", ["type", "field"])
def test_a_body_that_begins_like_the_id_of_another_schema_is_of_the_one_that_its_header_names(by: str) -> None:
    version = next(one for one in VERSIONS if one.event.name == "RESERVATION_CANCELLED")  # its reason is no text in its bytes
    other = next(number for number, one in enumerate(VERSIONS) if number % 2 == 0 and one.event.name == "MAINTENANCE_CANCELLED")
    value = version.example()
    value["metadata"] |= {"event_id": "", "type": "", "source": "", "occurred_at": 0, "correlation_id": "c" * (other // 2)}
    hidden, seen = message(version, value, in_header=True), message(VERSIONS[other], VERSIONS[other].example())
    assert (hidden.value() or b"")[:5] == (seen.value() or b"")[:5]
    reason = Condition("reason", "eq", value["data"]["reason"])
    where = Where(types=("RESERVATION_CANCELLED",)) if by == "type" else Where(fields=(reason,))
    selection = Selection(("t",), where=where)
    matcher = Matcher(selection, DECODING)
    kept = Sieve(selection, matcher)([seen, hidden])
    assert [one for one in kept if matcher.meets(found(one))] == [hidden]
