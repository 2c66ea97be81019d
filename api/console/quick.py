"""Conditions asked of the light records that the contracts' own codec reads: thirty times as fast as reading all of an event.

Only of events of ours in their newest version, and only of fields that are shown in one way. All else is passed on.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from api.console.comparing import COMPARES, holds, moment
from api.console.fields import type_at
from bookly.catalog import EVENTS
from bookly.errors import MalformedBytes
from bookly.records import DECODERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.console.decoding import Written
    from api.console.fields import Path
    from api.console.selection import Condition

BEGAN: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
Check = tuple[bool, str, "Callable[[Any], bool]"]  # whether it is of the metadata, the field's name, and what it has to meet


def quick(tests: Sequence[tuple[Path, Condition]], schema: Written) -> Callable[[bytes, int], bool]:
    """Whether a value, whose body begins at an offset, may meet them; False only where its event does not."""
    checks = [check for path, test in tests if (check := _check(path, test, type_at(schema.said, path)))]
    decode = _decoder(schema) if checks else None
    if decode is None:
        return _passes

    def may_meet(value: bytes, start: int) -> bool:
        try:
            record = decode(value, start)
        except MalformedBytes:
            return True  # and why it is no event is told by who reads all of it
        return all(meets(getattr(record.metadata if about else record, name)) for about, name, meets in checks)

    return may_meet


def _passes(_value: bytes, _start: int) -> bool:
    return True


def _check(path: Path, test: Condition, kind: Any) -> Check | None:
    meets = _meets(test, kind) if len(path) == 2 else None
    if meets is None:
        return None
    missing = test.op == "missing"
    if missing or test.op == "exists":
        return path[0] == "metadata", path[1], lambda value: (value is None) == missing
    return path[0] == "metadata", path[1], lambda value: value is not None and meets(value)


def _meets(test: Condition, kind: Any) -> Callable[[Any], bool] | None:
    """For values of a type as they are on the wire; None for one that is not read here."""
    if isinstance(kind, dict):
        named = kind.get("type"), kind.get("logicalType")
        if named == ("long", "timestamp-micros"):
            return _as_time(test)
        return _as_text(test) if named in {("string", "uuid"), ("enum", None)} else None
    if kind in {"int", "long"}:
        return _as_number(test)
    if kind == "boolean":
        return lambda value: holds(test, value)
    return _as_text(test) if kind == "string" else None


def _as_text(test: Condition) -> Callable[[Any], bool]:
    if test.op == "eq" and moment(test.value) is None:
        return test.value.__eq__
    return lambda value: holds(test, value)


def _as_number(test: Condition) -> Callable[[Any], bool]:
    try:
        said = Decimal(test.value)
    except InvalidOperation:
        said = Decimal("nan")
    if test.op not in COMPARES or said.is_nan():
        return lambda value: holds(test, value)
    compares = COMPARES[test.op]
    return lambda value: compares(value, said)


def _as_time(test: Condition) -> Callable[[Any], bool]:
    asked = moment(test.value)
    if test.op not in COMPARES or asked is None:
        return lambda value: holds(test, _told(value))
    compares, said = COMPARES[test.op], (asked - BEGAN) // MICROSECOND
    return lambda value: compares(value, said)


def _told(micros: int) -> str:
    """As decoding shows it; what lies beyond the calendar is no event there, so it meets nothing."""
    try:
        return (BEGAN + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return ""


def _decoder(schema: Written) -> Callable[[bytes, int], Any] | None:
    mark = _mark(schema.said)
    return DECODERS.get(mark) if mark in _newest() else None


@cache
def _newest() -> frozenset[str]:
    return frozenset(_mark(json.loads(spec.schema)) for spec in EVENTS.values())


def _mark(schema: Any) -> str:
    return str(fingerprint(to_parsing_canonical_form(fastavro.parse_schema(schema)), "CRC-64-AVRO"))
