"""What the encoders refuse: a record that is not what its schema says never becomes bytes."""

from __future__ import annotations

from typing import Any

import pytest

from bookly.errors import InvalidEvent
from bookly.records import ENCODERS, Metadata
from bookly.records.auth import RoleAssigned
from bookly.records.availability import ReservationCreated, ReservationRejected
from bookly.records.wire import COMPILED

METADATA = Metadata("1", "type", "test", 0, "1", 1)
CREATED: dict[str, Any] = {
    **dict.fromkeys(("reservation_id", "resource_id", "category_id", "user_id"), "x"),
    "starts_at": 1,
    "ends_at": 2,
    "attendees": 3,
}
REJECTED: dict[str, Any] = {
    **dict.fromkeys(("reservation_id", "resource_id", "user_id"), "x"),
    "reason": "CONFLICT",
    "starts_at": 1,
    "ends_at": 2,
}


def written(record: Any) -> bytes:
    return ENCODERS[type(record)](record)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("user_id", value) for value in (None, 7, b"x", ["x"])],
        *[("purpose", value) for value in (7, b"x", ["x"])],
        *[("attendees", value) for value in (None, "3", 3.0)],
        *[("starts_at", value) for value in (None, "2026-11-23", 1.5)],
    ],
)
def test_a_wrong_type_is_refused_where_the_record_is_built_or_where_it_is_written(field: str, value: Any) -> None:
    with pytest.raises((InvalidEvent, TypeError), match=None if COMPILED else field):
        written(ReservationCreated(**{**CREATED, field: value}, metadata=METADATA))


@pytest.mark.parametrize("field", ["attendees", "starts_at"])
def test_a_bool_is_no_number_and_compiled_it_becomes_the_number_one(field: str) -> None:
    record = ReservationCreated(**{**CREATED, field: True}, metadata=METADATA)
    if COMPILED:
        assert type(getattr(record, field)) is int, "a compiled record holds machine numbers: True is 1 from the start"
    else:
        with pytest.raises(InvalidEvent, match=f"{field}: must be int, is bool"):
            written(record)


@pytest.mark.parametrize(
    ("field", "value", "bits"), [("attendees", 1 << 31, 32), ("attendees", -(1 << 31) - 1, 32), ("starts_at", 1 << 63, 64)]
)
def test_a_number_that_does_not_fit_is_refused_by_name(field: str, value: int, bits: int) -> None:
    with pytest.raises(InvalidEvent, match=f"ReservationCreated is invalid, field {field}: does not fit into {bits} bits"):
        written(ReservationCreated(**{**CREATED, field: value}, metadata=METADATA))


def test_a_symbol_that_the_enum_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(InvalidEvent, match="field reason: is none of UNKNOWN, CONFLICT"):
        written(ReservationRejected(**{**REJECTED, "reason": "BAD_MOOD"}, metadata=METADATA))


@pytest.mark.parametrize("field", ["user_id", "purpose"])
def test_half_a_surrogate_pair_is_no_text(field: str) -> None:
    with pytest.raises(InvalidEvent, match=f"field {field}: is no text"):
        written(ReservationCreated(**{**CREATED, field: "\ud800"}, metadata=METADATA))


@pytest.mark.parametrize("items", ["read", ("read",), [7], [None]])
def test_an_array_is_a_list_of_its_type(items: Any) -> None:
    with pytest.raises((InvalidEvent, TypeError)):
        written(RoleAssigned("u", "admin", "*", items, "root", METADATA))


@pytest.mark.parametrize("record", [ReservationCreated(**CREATED), ReservationRejected(**REJECTED)])
def test_a_record_that_was_not_emitted_has_no_metadata_and_is_refused(record: Any) -> None:
    with pytest.raises(InvalidEvent, match="field metadata"):
        written(record)


def test_a_refusal_quotes_no_value_for_some_are_personal() -> None:
    with pytest.raises(InvalidEvent) as refused:
        written(ReservationRejected(**{**REJECTED, "reason": "ada@example.org"}, metadata=METADATA))
    assert "ada" not in str(refused.value)
