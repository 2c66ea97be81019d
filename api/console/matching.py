"""Does a record meet the conditions of a selection? What is cheap is asked first, and a body is read only where it must be.

What a test means: numbers are compared as numbers, times as times (a day is its midnight, UTC), all else as text. A list meets a
test when one of its values does. A value that is not there, or null, meets `missing` alone, and a value that cannot be compared
with the text meets none but `ne`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Final

from api.console.decoding import HEADER, TYPES, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.console.decoding import Decoding
    from api.console.found import Found
    from api.console.selection import Condition, Selection

ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"eq": eq, "lt": lt, "le": le, "gt": gt, "ge": ge}
_LITERAL: Final = {"eq", "contains", "prefix"}  # tests whose text stands in the body where a field is a string


class Matcher:
    """For one selection. `wants` is a first look, at what is cheap to see; `meets` is the answer."""

    def __init__(self, selection: Selection, decoding: Decoding) -> None:
        self._selection, self._where, self._decoding = selection, selection.where, decoding
        self._keys = frozenset(key.encode(errors="surrogateescape") for key in self._where.keys)
        where = self._where
        self._asks_headers = bool(
            where.headers or where.trace or where.correlation or where.reason or where.group or where.handler
        )
        self._types = frozenset(TYPES.get(name, name) for name in self._where.types)
        self._fields = [(_path(test.name), test) for test in self._where.fields]
        self._needles = [
            (path, test.value.encode(errors="surrogateescape"))
            for path, test in self._fields
            if test.op in _LITERAL and len(test.value) > 1
        ]
        self._must: dict[bytes, tuple[bytes, ...]] = {}  # by the five bytes that name a schema

    def wants(self, message: Any) -> bool:
        """Whether key and bytes do not rule a message of confluent-kafka out."""
        if self._keys and message.key() not in self._keys:
            return False
        value = message.value()
        must = self._must.get(value[:5]) if value else None
        if must is None or all(needle in value for needle in must):
            return True
        return any(name == HEADER for name, _ in message.headers() or ())  # its schema is another than its bytes seem to say

    def meets(self, found: Found) -> bool:
        """Raises RegistryUnavailable."""
        return (
            (not self._keys or found.key in self._keys)
            and self._in_time(found.timestamp)
            and self._headers(found)
            and (not self._types or self._decoding.type_of(found) in self._types)
            and (not self._fields or self._body(found))
        )

    def _in_time(self, timestamp: int) -> bool:
        since, until = self._selection.since, self._selection.until
        return (since is None or timestamp >= since) and (until is None or timestamp < until)

    def _headers(self, found: Found) -> bool:
        where = self._where
        if not self._asks_headers:
            return True
        if where.trace and (found.header("traceparent") or "").split("-")[1:2] != [where.trace]:
            return False
        said = {"correlation_id": where.correlation, "dead.reason": where.reason, "dead.group": where.group}
        if any(wanted and found.header(name) != wanted for name, wanted in said.items()):
            return False
        if where.handler and where.handler not in (found.header("dead.handler") or "").split(","):
            return False
        return all(holds(test, found.header(test.name)) for test in where.headers)

    def _body(self, found: Found) -> bool:
        schema = self._decoding.schema_of(found)
        if not isinstance(schema, Written):
            return False
        if found.header(HEADER) is None and found.value is not None:
            self._must.setdefault(found.value[:5], self._literal(schema))
        body = self._decoding.event(found).body
        return body is not None and all(holds(test, _at(body, path)) for path, test in self._fields)

    def _literal(self, schema: Written) -> tuple[bytes, ...]:
        """What stands in the bytes of whatever meets the tests: the texts that fields of plain strings have to have in them."""
        return tuple(needle for path, needle in self._needles if _leaf(schema.said, path) in (["string"], ["null", "string"]))


def holds(test: Condition, value: Any) -> bool:
    """Whether a value, None where there is none, meets a test."""
    if isinstance(value, list):
        return any(holds(test, each) for each in value) if test.op not in {"exists", "missing"} else (test.op == "exists")
    if value is None or test.op in {"exists", "missing"}:
        return (value is None) == (test.op == "missing")
    if test.op == "contains":
        return test.value in _text(value)
    if test.op == "prefix":
        return _text(value).startswith(test.value)
    pair = _comparable(value, test.value)
    if test.op == "ne":
        return pair is None or pair[0] != pair[1]
    return pair is not None and ORDER[test.op](*pair)


def _comparable(value: Any, text: str) -> tuple[Any, Any] | None:
    if isinstance(value, bool):
        return (_text(value), text) if text in {"true", "false"} else None
    if isinstance(value, int | float):
        try:
            said = Decimal(text)
        except InvalidOperation:
            return None
        return None if said.is_nan() else (Decimal(value), said)
    if isinstance(value, dict):
        return None
    at = _moment(value)
    if at is not None and (asked := _moment(text)) is not None:
        return at, asked
    return _text(value), text


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str) or len(text) < 10 or not text[:4].isdigit():
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _path(name: str) -> tuple[str, ...]:
    first, *rest = name.split(".")
    return (first, *rest) if first in {"metadata", "data"} else ("data", first, *rest)


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for depth, name in enumerate(path):
        if isinstance(body, list):
            found = [each for part in body if (each := _at(part, path[depth:])) is not None]
            return found or None
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _leaf(schema: Any, path: tuple[str, ...]) -> Any:
    """The plain types of a field, where each step of its path is a field of a record; else nothing."""
    for name in path:
        if not isinstance(schema, dict) or schema.get("type") != "record":
            return None
        schema = next((field["type"] for field in schema["fields"] if field["name"] == name), None)
    return [schema] if isinstance(schema, str) else schema
