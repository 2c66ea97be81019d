"""What a record looks like to who may look: decoded in either wire form, or why not, and nothing personal in it."""

from __future__ import annotations

import json
import struct
from io import BytesIO
from typing import Any, get_args

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console.commands.looking import _short
from api.console.comparing import holds
from api.console.dead import _queue
from api.console.decoding import HEADER, Decoding
from api.console.found import Found
from api.console.matching import Matcher, Personal
from api.console.selection import Condition, Op, Selection, Unselectable, Where, checked, parsed_condition
from api.console.telling import parts, record
from api.console.unknown import unknown_names
from api.http.page.templating import page
from api.parking import Waiting
from bookly import EventType
from bookly.catalog import EVENTS
from bookly.errors import UnknownSchema
from bookly.records import ENCODERS, RECORDS
from bookly.records.envelope import Metadata

SECRETS = {"email": "ann@example.org", "full_name": "Ann Example", "ip": "192.0.2.7"}
KIND = EventType.USER_REGISTERED


class Schemas:
    """A registry that knows one schema."""

    def schema_by_id(self, schema_id: int) -> str:
        if schema_id != 7:
            raise UnknownSchema("no such id")
        return EVENTS[KIND].schema


DECODING = Decoding(Schemas())  # type: ignore[arg-type]  # all of a registry that it asks
ABOUT = Metadata("6f3b1a1e-0000-4000-8000-000000000001", KIND, "tests", 1_790_000_000_000_000, "c-1", 1)


def body() -> bytes:
    kind = RECORDS[KIND]
    wanted = {field["name"]: field for field in json.loads(EVENTS[KIND].schema)["fields"][1]["type"]["fields"]}
    values: dict[str, Any] = {name: SECRETS.get(name, "u-1") for name, field in wanted.items() if "default" not in field}
    return ENCODERS[kind](kind(**values, metadata=ABOUT))


def found(value: bytes | None, *headers: tuple[str, bytes]) -> Found:
    return Found("bookly.auth", 0, 1, 2, b"u-1", value, headers)


PREFIX = struct.pack(">bI", 0, 7)


@pytest.mark.parametrize("one", [found(PREFIX + body()), found(body(), (HEADER, PREFIX))], ids=["before the body", "in a header"])
def test_both_wire_forms_are_the_same_event_and_hide_what_is_personal(one: Found) -> None:
    event = DECODING.event(one)
    assert (event.type, event.problem) == ("USER_REGISTERED", "")
    assert event.body is not None
    assert event.body["data"]["email"] == SECRETS["email"]
    shown = record(one, DECODING)
    assert shown["masked"]
    assert not [secret for secret in SECRETS.values() if secret in json.dumps(shown)]
    assert record(one, DECODING, unmasked=True)["event"]["data"]["email"] == SECRETS["email"]


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (found(None), "a tombstone"),
        (found(b""), "a value of 0 bytes does not start with 00"),
        (found(b"\x01\x02"), "a value of 2 bytes does not start with 00"),
        (found(struct.pack(">bI", 0, 8) + b"x"), "knows no schema with id 8"),
        (found(body(), (HEADER, b"\x01" + b"0" * 16)), "by the GUID 30303030-3030-3030-3030-303030303030"),
        (found(PREFIX + body()[:-1]), "are no record of its schema"),
        (found(PREFIX + body() + b"!"), "1 too many"),
    ],
)
def test_what_is_no_event_is_said_to_be_none_and_its_bytes_are_not_shown(one: Found, why: str) -> None:
    assert why in DECODING.event(one).problem
    shown = record(one, DECODING)
    assert shown["event"] is None
    assert "raw" not in shown
    assert not [secret for secret in SECRETS.values() if secret in json.dumps(shown)]


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_break_a_look(junk: bytes, named: bool) -> None:
    for one in (found(PREFIX + junk), found(junk), found(junk, (HEADER, PREFIX if named else junk[:17]))):
        assert record(one, DECODING, unmasked=True)["bytes"] == len(one.value or b"")


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("attendees>=20", Condition("attendees", "ge", "20")),
        ("reason~a=b", Condition("reason", "contains", "a=b")),
        ("waitlist_id?", Condition("waitlist_id", "exists")),
        ("waitlist_id!", Condition("waitlist_id", "missing")),
        ("name!=x", Condition("name", "ne", "x")),
        ("data.slot.begin<2026-11-25", Condition("data.slot.begin", "lt", "2026-11-25")),
        ("purpose=", Condition("purpose", "eq", "")),
        ("purpose=__import__('os').system('id')", Condition("purpose", "eq", "__import__('os').system('id')")),
    ],
)
def test_a_condition_is_a_name_a_sign_and_a_text(text: str, test: Condition) -> None:
    assert parsed_condition(text) == test


@pytest.mark.parametrize("text", ["", "=x", "lambda: 1", "a b", "x", "1 == 1", "a[0]=1", "f(x)=1"])
def test_what_is_none_is_refused_with_how_it_is_said(text: str) -> None:
    with pytest.raises(Unselectable, match="is no condition: say NAME=VALUE"):
        parsed_condition(text)


@given(st.text(), st.text())
def test_a_text_equals_itself_and_nothing_else_whatever_it_looks_like(one: str, other: str) -> None:
    assert holds(Condition("f", "eq", one), one)
    assert holds(Condition("f", "ne", one), one) is False
    if {*one, *other} and not (one[:4].isdigit() and other[:4].isdigit()):  # two spellings of a time are one time
        assert holds(Condition("f", "eq", one), other) == (one == other)


@pytest.mark.parametrize(
    ("op", "text", "value", "wanted"),
    [
        ("eq", "2026-11-25", "2026-11-25T00:00:00Z", True),
        ("lt", "2026-11-25T08:00", "2026-11-25T07:59:59.999999Z", True),
        ("ge", "10", 9, False),
        ("ge", "9.5", 10, True),
        ("eq", "ten", 10, False),
        ("ne", "ten", 10, True),
        ("eq", "true", True, True),
        ("eq", "1", True, False),
        ("eq", "b", ["a", "b"], True),
        ("ne", "x", None, False),
        ("missing", "", None, True),
        ("exists", "", [], True),
        ("eq", "nan", 1.0, False),
    ],
)
def test_a_value_is_compared_as_what_it_is(op: Any, text: str, value: Any, wanted: bool) -> None:
    assert holds(Condition("f", op, text), value) is wanted


def test_a_selection_is_kept_as_data_and_what_is_none_is_refused() -> None:
    asked = Selection(("bookly.auth",), (1,), 5, 9, where=Where(("k",), fields=(Condition("a", "eq", "b"),)))
    assert msgspec.convert(msgspec.to_builtins(asked), Selection) == asked
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"topics": ["t"], "eval": "1"}, Selection)
    for nothing in (Selection(()), Selection(("t",), first=9, end=3)):
        with pytest.raises(Unselectable):
            checked(nothing)
    with pytest.raises(Unselectable, match="no trace id"):
        checked(Selection(("t",), where=Where(trace="xyz")))


class Others(Schemas):
    """A registry of one schema, which is none of ours."""

    def __init__(self, *fields: dict[str, Any]) -> None:
        self.schema = {"type": "record", "name": "x.Other", "fields": list(fields)}

    def schema_by_id(self, _: int) -> str:
        return json.dumps(self.schema)

    def written(self, value: dict[str, Any]) -> Found:
        bytes_ = BytesIO()
        fastavro.schemaless_writer(bytes_, fastavro.parse_schema(json.loads(json.dumps(self.schema))), value)
        return found(PREFIX + bytes_.getvalue())


@pytest.mark.parametrize("value", [{"n": "x"}, {"data": "x"}, {"metadata": "x", "n": "x"}])
def test_a_record_of_another_shape_is_shown_on_both_faces(value: dict[str, str]) -> None:
    others = Others(*({"name": name, "type": "string"} for name in value))
    row = {**record(others.written(value), Decoding(others)), "at": "now"}  # type: ignore[arg-type]
    assert [(name, said) for _, name, said in parts(row["event"])] == list(value.items())
    assert _short(row["event"]) == ", ".join(f"{name}=x" for name in value)
    about: dict[str, Any] = {"who": "ann", "may": {"unmask"}, "views": (), "here": "/", "said": {}, "why": ""}
    found_page = page("find.html", **about, names=(), topics=(), rows=[row], more="")
    record_page = page("record.html", **about, rows=[row], place=("t", 0, 1), unmasked="")
    for name in value:
        assert f"<span>{name}=x</span>".encode() in found_page.body
        assert f'<th scope="row">{name}</th><td>x</td>'.encode() in record_page.body


def test_what_a_record_says_never_ends_a_search() -> None:
    others = Others(
        {"name": "share", "type": "double"}, {"name": "at", "type": {"type": "long", "logicalType": "local-timestamp-millis"}}
    )
    decoding = Decoding(others)  # type: ignore[arg-type]
    event = decoding.event(others.written({"share": float("nan"), "at": -62_135_596_800_000}))
    assert event.body is not None, event.problem
    assert event.body["at"] == "0001-01-01T00:00:00"
    for op in get_args(Op)[:6]:
        assert holds(Condition("share", op, "1"), event.body["share"]) == (op == "ne")


def test_records_within_themselves_are_not_read_however_deep_they_are() -> None:
    others = Others({"name": "inner", "type": ["null", "x.Other"]})
    deep = found(PREFIX + b"\x02" * 100_000 + b"\0")
    assert "as deep as anybody likes" in Decoding(others).event(deep).problem  # type: ignore[arg-type]


def test_the_console_is_no_way_to_its_own_bytes() -> None:
    one = found(b"{}")._replace(topic="bookly.console.audit")
    assert "raw" in record(found(b"{}"), DECODING, unmasked=True)
    assert "raw" not in record(one, DECODING, unmasked=True), "who may unmask may not read the trail"


def test_errors_and_headers_show_nothing_that_the_event_hides() -> None:
    error = f"ValueError: {SECRETS['full_name']} <{SECRETS['email']}> of u-1 is no address"
    said = (("dead.error", error.encode()), ("dead.reason", b"HANDLER_RAISED"), ("mail", b"ann@example.org"))
    one = found(PREFIX + body(), *said)
    shown = record(one, DECODING)["headers"]
    assert shown == {"dead.error": "ValueError: *** <***> of u-1 is no address", "dead.reason": "HANDLER_RAISED", "mail": "***"}
    assert record(one, DECODING, unmasked=True)["headers"]["dead.error"] == error


@pytest.mark.parametrize(("name", "open_"), [("ce_source", True), ("dead.reason", True), ("mail", False), ("dead.error", False)])
def test_a_condition_on_a_header_that_is_masked_needs_the_right_to_see_it(name: str, *, open_: bool) -> None:
    asked = Selection(("t",), where=Where(headers=(Condition(name, "contains", "ann"),)))
    assert not Matcher(asked, DECODING, personal=True).meets(found(PREFIX + body()))
    if open_:
        assert not Matcher(asked, DECODING).meets(found(PREFIX + body()))
    else:
        with pytest.raises(Personal, match=f"the header {name} is masked"):
            Matcher(asked, DECODING)


def test_a_queue_says_why_it_waits_without_naming_anybody() -> None:
    ours = {
        "topic": "bookly.auth",
        "offset": "4",
        "attempt": "1",
        "error": f"ValueError: {SECRETS['email']}",
        "reason": "HANDLER_RAISED",
    }
    headers = [(f"parked.{name}", text.encode()) for name, text in ours.items()]
    texts = {name: value.decode() for name, value in headers}
    waits = Waiting("", 1, "bookly.auth", 0, 4, KIND, 1, texts, (PREFIX + body(), headers))
    queue = _queue("auth", "", [waits], DECODING)
    assert queue.error == "ValueError: ***"
    assert queue.meets(error="ValueError", key="")
    assert queue.meets(key="$''"), "as it is shown"
    assert not queue.meets(error=SECRETS["email"])
    assert not queue.meets(key="u-1")


def test_names_that_nobody_has_are_told_with_the_nearest() -> None:
    slip = Condition("emial", "exists")
    where = Where(types=("USER_REGISTRED",), fields=(slip,), reason="HANDLER_RAISD", handler="count_reservatio")
    said = " ".join(unknown_names(Selection(("t",), where=where)))
    for near in ("USER_REGISTERED", "data.email", "HANDLER_RAISED", "count_reservation"):
        assert near in said
    assert not unknown_names(Selection(("t",), where=Where(types=("USER_REGISTERED",), fields=(Condition("email", "exists"),))))
