"""The generated codec against fastavro, for every version of every event, and against bytes that mean harm."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookly.errors import MalformedBytes
from contracts.fields import fields_of
from tests.contracts.versions import Version, completed, content, encode, versions

EVERY = pytest.mark.parametrize("version", versions(), ids=str)
SOME = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
MANY = settings(SOME, max_examples=60)
BAD_UTF8 = b"\xff\xfe\xed\xa0\x80"


@EVERY
def test_the_example_is_read_as_fastavro_wrote_it(version: Version) -> None:
    value = version.example()
    assert content(version.decode(version.write(value), 0)) == completed(version, value)


@EVERY
def test_the_example_is_written_as_fastavro_writes_it(version: Version) -> None:
    if version.newest:
        assert encode(version.event, version.example()) == version.write(version.example())


@EVERY
@SOME
@given(data=st.data())
def test_any_value_of_the_schema_is_read_and_written_as_by_fastavro(version: Version, data: st.DataObject) -> None:
    value = data.draw(version.values())
    body = version.write(value)
    assert content(version.decode(b"12345" + body, 5)) == completed(version, value)
    if version.newest:
        assert encode(version.event, value) == body


@EVERY
def test_every_truncation_is_malformed(version: Version) -> None:
    body = version.write(version.example())
    for length in range(len(body)):
        with pytest.raises(MalformedBytes):
            version.decode(body[:length], 0)


@EVERY
def test_bytes_behind_the_last_field_are_malformed(version: Version) -> None:
    with pytest.raises(MalformedBytes, match="1 bytes too many"):
        version.decode(version.write(version.example()) + b"\0", 0)


@EVERY
@pytest.mark.parametrize("number", [1 << 31, -(1 << 31) - 1, 1 << 62])
def test_an_int_that_takes_more_than_32_bits_is_malformed(version: Version, number: int) -> None:
    ints = [("metadata", "version"), *(("data", field.name) for field in fields_of(version.schema) if field.kind == "int")]
    for part, name in ints:
        value = version.example()
        value[part] = {**value[part], name: number}
        with pytest.raises(MalformedBytes, match="more bits than its type has"):
            version.decode(version.write_wider(value), 0)


@EVERY
@MANY
@given(data=st.data())
def test_damaged_bytes_are_malformed_or_read_as_by_fastavro(version: Version, data: st.DataObject) -> None:
    body = bytearray(version.write(version.example()))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 4))] = data.draw(
            st.binary(max_size=11) | st.just(BAD_UTF8) | st.just(b"\xff" * 10)
        )
    compare(version, bytes(body))


@EVERY
@SOME
@given(body=st.binary(max_size=300))
def test_noise_is_malformed_or_read_as_by_fastavro(version: Version, body: bytes) -> None:
    compare(version, body)


def compare(version: Version, body: bytes) -> None:
    """No error but MalformedBytes, and never another value than the reference. What it refuses we may not read, NaN aside."""
    try:
        record = version.decode(body, 0)
    except MalformedBytes as error:
        assert version.event.class_name in str(error)  # noqa: PT017  # what it says is the promise
        return
    read: Any = None
    with suppress(Exception):
        read = version.read(body)
    assert read is not None, "fastavro refuses what we have read"
    assert repr(content(record)) == repr(completed(version, read))
