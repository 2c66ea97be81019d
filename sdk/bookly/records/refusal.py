"""Why a record could not be written: found out only when it happens, so that the straight way pays nothing."""

from __future__ import annotations

from typing import Any

from bookly.errors import InvalidEvent

Kind = tuple[str, bool, bool, tuple[str, ...]]  # kind, nullable, array, symbols

PYTHON: dict[str, type] = {
    "string": str,
    "uuid": str,
    "enum": str,
    "int": int,
    "long": int,
    "time": int,
    "double": float,
    "boolean": bool,
}
BITS = {"int": 32, "long": 64, "time": 64}


def refusal(record: Any, kinds: dict[str, Kind]) -> InvalidEvent:
    """The error for the first field that is wrong. It names no value: some are personal."""
    for name, (kind, nullable, array, symbols) in kinds.items():
        value = getattr(record, name, None)
        if value is None and nullable:
            continue
        for item in value if array and type(value) is list else [value]:
            reason = _reason(item, kind, symbols)
            if reason:
                return InvalidEvent(type(record).__name__, name, reason)
    return InvalidEvent(
        type(record).__name__, "metadata", "is not complete: an event is emitted or published, never encoded by hand"
    )


def _reason(value: Any, kind: str, symbols: tuple[str, ...]) -> str:
    wanted, found = PYTHON[kind].__name__, type(value).__name__
    if found != wanted:
        return f"must be {wanted}, is {found}"
    if kind == "enum" and value not in symbols:
        return f"is none of {', '.join(symbols)}"
    if kind in BITS and not -(1 << BITS[kind] - 1) <= value < 1 << BITS[kind] - 1:
        return f"does not fit into {BITS[kind]} bits"
    if wanted == "str" and any("\ud800" <= character <= "\udfff" for character in value):
        return "is no text: it holds half of a surrogate pair"
    return ""
