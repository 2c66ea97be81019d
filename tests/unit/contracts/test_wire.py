"""Bytes that lie: lengths, numbers and counts that no honest writer makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookly.errors import MalformedBytes
from bookly.records import wire

if TYPE_CHECKING:
    from collections.abc import Callable

SYMBOLS = {0: "UNKNOWN", 2: "OPEN"}
ARRAYS: list[Callable[[bytes, int], Any]] = [
    wire.read_strings,
    wire.read_doubles,
    wire.read_booleans,
    lambda b, p: wire.read_numbers(b, p, 32),
    lambda b, p: wire.read_numbers(b, p, 64),
    lambda b, p: wire.read_symbols(b, p, SYMBOLS),
]
EVERY_ARRAY = pytest.mark.parametrize("read", ARRAYS)
OFFSETS = st.sampled_from([0, 5])


def number(value: int) -> bytes:
    """As Avro writes it."""
    return wire.put_varint((value << 1) ^ (value >> 63))


@given(st.integers(-(1 << 63), (1 << 63) - 1), OFFSETS)
def test_a_number_comes_back(value: int, offset: int) -> None:
    body = bytes(offset) + wire.put_long(value)
    x, p = wire.read_varint(body, offset)
    assert ((x >> 1) ^ -(x & 1), p) == (value, len(body))


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_a_time_is_written_as_any_number(value: int) -> None:
    assert wire.put_time(value) == wire.put_long(value)


@pytest.mark.parametrize("body", [b"\x80" * 10 + b"\0", b"\xff" * 11, b"\xff" * 1000])
def test_a_number_takes_ten_bytes_at_most(body: bytes) -> None:
    with pytest.raises(MalformedBytes, match="ten bytes"):
        wire.read_varint(body, 0)


def test_a_number_takes_64_bits_at_most() -> None:
    with pytest.raises(MalformedBytes, match="64 bits"):
        wire.read_varint(b"\xff" * 9 + b"\x02", 0)


@pytest.mark.parametrize(("length", "reason"), [(-1, "negative"), (1, "beyond the end"), (1 << 62, "beyond the end")])
def test_a_length_is_not_believed(length: int, reason: str) -> None:
    with pytest.raises(MalformedBytes, match=reason):
        wire.read_length(number(length), 0)


@pytest.mark.parametrize("x", [2, 3, 255])
def test_a_boolean_is_0_or_1(x: int) -> None:
    with pytest.raises(MalformedBytes, match="boolean"):
        wire.read_boolean(bytes([x]), 0)


@EVERY_ARRAY
@pytest.mark.parametrize("count", [2, 1 << 20, 1 << 62, -2, -(1 << 62)])
def test_a_count_that_the_bytes_left_cannot_hold_is_refused_before_anything_is_read(
    read: Callable[[bytes, int], Any], count: int
) -> None:
    size = number(1) if count < 0 else b""
    with pytest.raises(MalformedBytes, match=r"promises more|beyond the end"):
        read(number(count) + size + b"\0", 0)


def test_an_array_ends_with_an_empty_block() -> None:
    assert wire.read_strings(b"\0\0", 0) == ([], 1)


def test_an_array_may_come_in_blocks_that_tell_their_size() -> None:
    one, two = b"\x02a", b"\x02b\x02c"
    body = number(-1) + number(len(one)) + one + number(2) + two + b"\0"
    assert wire.read_strings(body, 0) == (["a", "b", "c"], len(body))


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_block_is_as_long_as_it_says(size: int) -> None:
    with pytest.raises(MalformedBytes, match="as long as it says"):
        wire.read_strings(number(-1) + number(size) + b"\x02a" + b"\0\0", 0)


@EVERY_ARRAY
@given(body=st.binary(max_size=60))
def test_noise_ends_in_a_fault_that_every_decoder_turns_into_malformed_bytes(
    read: Callable[[bytes, int], Any], body: bytes
) -> None:
    try:
        items, p = read(body, 0)
    except wire.FAULTS:
        return
    assert len(items) <= len(body)
    assert p <= len(body)
