"""Avro's bytes where the generated functions leave their straight line: long numbers, arrays, refusals.

Nothing here reads past the end, believes a length, or loops longer than there are bytes. Compiled with the records.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, TypeVar

from bookly.errors import MalformedBytes

Item = TypeVar("Item")

# Compiled, the plain loop over a time's bytes is faster; interpreted, eight bytes at once. mypyc is told which branch it needs.
COMPILED: Final[bool] = not __file__.endswith(".py")

EIGHT: Final = Struct("<Q").unpack_from
EIGHT_PACK: Final = Struct("<Q").pack
DOUBLE: Final = Struct("<d").unpack_from
DOUBLE_PACK: Final = Struct("<d").pack
NULL: Final = b"\0"
TAG: Final = b"\2"  # of the value in [null, value]
BYTE: Final[list[bytes]] = [bytes([value]) for value in range(256)]
LENGTH: Final[list[bytes]] = [bytes([2 * length]) for length in range(64)]  # of a string below 64 bytes
SOME: Final[list[bytes]] = [bytes([2, 2 * length]) for length in range(64)]  # the same in [null, string]
FAULTS: Final = (IndexError, KeyError, OverflowError, UnicodeDecodeError, MalformedBytes)  # what reading bytes can run into


def read_varint(b: bytes, p: int) -> tuple[int, int]:
    """The number at p as it stands there (zigzag) and the place behind it."""
    value = 0
    shift = 0
    while True:
        x = b[p]
        p += 1
        value |= (x & 127) << shift
        if x < 128:
            break
        shift += 7
        if shift > 63:
            raise MalformedBytes("a number takes more than ten bytes")
    if value > 0xFFFFFFFFFFFFFFFF:
        raise MalformedBytes("a number takes more than 64 bits")
    return value, p


def read_length(b: bytes, p: int) -> tuple[int, int]:
    """Twice the length at p, and the place behind it. What is left holds that many bytes."""
    n, p = read_varint(b, p)
    if n & 1:
        raise MalformedBytes("a negative length")
    if n >> 1 > len(b) - p:
        raise MalformedBytes("a length beyond the end")
    return n, p


def read_double(b: bytes, p: int) -> float:
    if p + 8 > len(b):
        raise IndexError
    value: float = DOUBLE(b, p)[0]
    return value


def read_boolean(b: bytes, p: int) -> bool:
    x = b[p]
    if x > 1:
        raise MalformedBytes("a boolean that is neither 0 nor 1")
    return x == 1


def read_block(b: bytes, p: int, smallest: int) -> tuple[int, int, int]:
    """The count of a block of array items, its end where it is told (else -1), and the place of the first item.

    `smallest` is the least that an item takes: a count that the bytes left cannot hold is refused before anything is read.
    """
    x, p = read_varint(b, p)
    end = -1
    count = (x >> 1) ^ -(x & 1)
    if count < 0:
        count = -count
        n, p = read_length(b, p)
        end = p + (n >> 1)
    if count > (len(b) - p) // smallest:
        raise MalformedBytes("an array that promises more than there is")
    return count, end, p


def close_block(p: int, end: int) -> None:
    if end not in (-1, p):
        raise MalformedBytes("a block of an array is not as long as it says")


def read_strings(b: bytes, p: int) -> tuple[list[str], int]:
    items: list[str] = []
    while True:
        count, end, p = read_block(b, p, 1)
        if count == 0:
            close_block(p, end)
            return items, p
        while count > 0:
            count -= 1
            n, p = read_length(b, p)
            q = p + (n >> 1)
            items.append(b[p:q].decode())
            p = q
        close_block(p, end)


def read_numbers(b: bytes, p: int, bits: int) -> tuple[list[int], int]:
    items: list[int] = []
    while True:
        count, end, p = read_block(b, p, 1)
        if count == 0:
            close_block(p, end)
            return items, p
        while count > 0:
            count -= 1
            x, p = read_varint(b, p)
            if x >> bits:
                raise OverflowError
            items.append((x >> 1) ^ -(x & 1))
        close_block(p, end)


def read_symbols(b: bytes, p: int, symbols: dict[int, str]) -> tuple[list[str], int]:
    items: list[str] = []
    while True:
        count, end, p = read_block(b, p, 1)
        if count == 0:
            close_block(p, end)
            return items, p
        while count > 0:
            count -= 1
            items.append(symbols[b[p]])
            p += 1
        close_block(p, end)


def read_doubles(b: bytes, p: int) -> tuple[list[float], int]:
    items: list[float] = []
    while True:
        count, end, p = read_block(b, p, 8)
        if count == 0:
            close_block(p, end)
            return items, p
        while count > 0:
            count -= 1
            items.append(read_double(b, p))
            p += 8
        close_block(p, end)


def read_booleans(b: bytes, p: int) -> tuple[list[bool], int]:
    items: list[bool] = []
    while True:
        count, end, p = read_block(b, p, 1)
        if count == 0:
            close_block(p, end)
            return items, p
        while count > 0:
            count -= 1
            items.append(read_boolean(b, p))
            p += 1
        close_block(p, end)


def misplaced(b: bytes, p: int) -> MalformedBytes:
    """The last field did not end where the bytes end."""
    return MalformedBytes(f"{len(b) - p} bytes too many" if p < len(b) else "they end too early")


def malformed(event: str, b: bytes, error: Exception) -> MalformedBytes:
    """The error to raise: which event the bytes claim to be and what is wrong with them, never what is in them."""
    if isinstance(error, MalformedBytes):
        reason = str(error)
    elif isinstance(error, KeyError):
        reason = "an enum or union index that the schema does not have"
    elif isinstance(error, UnicodeDecodeError):
        reason = "a string that is no UTF-8"
    elif isinstance(error, OverflowError):
        reason = "a number takes more bits than its type has"
    else:
        reason = "they end too early"
    return MalformedBytes(f"{event}: {len(b)} bytes are no record of its schema: {reason}")


def put_varint(x: int) -> bytes:
    """A number of at least zero, seven bits a byte."""
    out: list[int] = []
    while x > 127:
        out.append(x & 127 | 128)
        x >>= 7
    out.append(x)
    return bytes(out)


def put_number(x: int, bits: int) -> bytes:
    """Zigzag. Raises TypeError for what is no int (a bool is none) and OverflowError beyond the bits."""
    if type(x) is not int:
        raise TypeError
    if x >> (bits - 1) not in (0, -1):
        raise OverflowError
    return put_varint((x << 1) ^ (x >> 63))


def put_int(x: int) -> bytes:
    return put_number(x, 32)


def put_long(x: int) -> bytes:
    return put_number(x, 64)


def put_time(x: int) -> bytes:
    """Eight bytes at once between 1978 and 3111."""
    if type(x) is not int or not 0x1000000000000 <= x < 0x80000000000000:
        return put_number(x, 64)
    x += x
    x += (x & 0x00FFFFFFF0000000) * 15
    x += (x & 0x0FFFC0000FFFC000) * 3
    x += x & 0x3F803F803F803F80
    return EIGHT_PACK(x | 0x0080808080808080)


def put_length(text: bytes) -> bytes:
    return put_varint(2 * len(text))


def put_some(text: bytes) -> bytes:
    return TAG + put_varint(2 * len(text))


def put_string(s: str) -> bytes:
    e = s.encode()
    return put_varint(2 * len(e)) + e


def put_boolean(x: bool) -> bytes:
    if type(x) is not bool:
        raise TypeError
    return b"\1" if x else b"\0"


def put_double(x: float) -> bytes:
    if type(x) is not float:
        raise TypeError
    return DOUBLE_PACK(x)


def put_array(items: list[bytes]) -> bytes:
    """One block, and the empty one that ends an array."""
    return put_varint(2 * len(items)) + b"".join(items) + NULL if items else NULL


def put_strings(items: list[str]) -> bytes:
    return put_array([put_string(item) for item in listed(items)])


def put_numbers(items: list[int], bits: int) -> bytes:
    return put_array([put_number(item, bits) for item in listed(items)])


def put_symbols(items: list[str], indexes: dict[str, bytes]) -> bytes:
    return put_array([indexes[item] for item in listed(items)])


def put_doubles(items: list[float]) -> bytes:
    return put_array([put_double(item) for item in listed(items)])


def put_booleans(items: list[bool]) -> bytes:
    return put_array([put_boolean(item) for item in listed(items)])


def listed(items: list[Item]) -> list[Item]:
    """Raises TypeError for what is no list: a string would go out as its characters."""
    if type(items) is not list:
        raise TypeError
    return items
