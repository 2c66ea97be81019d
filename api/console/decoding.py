"""A record's bytes as an event that people can read, by the schema that it was written with, or why they are none.

Two wire forms: the schema id stands before the body (00 and four bytes), or in the header `__value_schema_id`, and the body is
bare. A header's id is four bytes behind 00, or sixteen of a GUID behind 01, which not every registry can look up.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import fastavro

from api.console.fields import is_recursive
from bookly.catalog import EVENTS
from bookly.errors import UnknownSchema
from bookly.reading import Whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from api.console.found import Found
    from bookly.registry import Registry

HEADER: Final = "__value_schema_id"
ID, GUID = 0, 1
NAMES: Final = {spec.subject: spec.name for spec in EVENTS.values()}
TYPES: Final = {spec.type.value: spec.name for spec in EVENTS.values()}


@dataclass(frozen=True, eq=False)
class Written:
    """A schema: its parsed form for the reader, its text's own form for what it says of fields, and the event that it is of."""

    parsed: Any
    said: Mapping[str, Any]
    event: str


class Event(NamedTuple):
    """`type` RESERVATION_CREATED; the record's own words where the schema is not one of ours. `body`: metadata and data.

    `problem`: why there is no body. Times are text (ISO 8601, UTC), as all that JSON has no form for.
    """

    type: str
    body: Mapping[str, Any] | None
    schema: Written | None
    problem: str = ""


class Decoding:
    """Schemas by how a record names them, learnt once each. While the registry is away no record is called bad: it raises."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._schemas: dict[bytes, Written | str] = {}

    def type_of(self, found: Found) -> str:
        """The event that it is, without reading its body: by its schema, else by its header `ce_type`, else empty.

        Raises RegistryUnavailable.
        """
        schema = self.schema_of(found)
        if isinstance(schema, Written):
            return schema.event
        said = found.header("ce_type") or ""
        return TYPES.get(said, said)

    def schema_of(self, found: Found) -> Written | str:
        """Or why there is none, in a sentence. Raises RegistryUnavailable."""
        named, _ = named_in(found.value, found.headers)
        return _unnamed(found) if named is None else self.schema_named(named)

    def schema_named(self, named: bytes) -> Written | str:
        """The same, by how a record names it. Raises RegistryUnavailable."""
        known = self._schemas.get(named)
        if known is None:
            known = self._schemas[named] = self._learnt(named)
        return known

    def event(self, found: Found) -> Event:
        """Never raises for what the bytes are. Raises RegistryUnavailable."""
        schema = self.schema_of(found)
        if isinstance(schema, str):
            return Event(self.type_of(found), None, None, schema)
        _, start = named_in(found.value, found.headers)
        value = found.value or b""
        body = Whole(value)
        body.seek(start)
        try:
            read: Any = _told(fastavro.schemaless_reader(body, schema.parsed, None))
        except Exception as error:  # noqa: BLE001  # fastavro raises a dozen kinds for hostile bytes, and they mean one thing
            return Event(schema.event, None, schema, f"{len(value)} bytes are no record of its schema: {type(error).__name__}")
        if left := len(value) - BytesIO.tell(body):
            return Event(schema.event, None, schema, f"{len(value)} bytes are no record of its schema: {left} too many")
        return Event(schema.event, read, schema)

    def _learnt(self, named: bytes) -> Written | str:
        if named[0] != ID:
            return f"its schema is named by the GUID {UUID(bytes=named[1:])}, which this registry is not asked for"
        schema_id = struct.unpack(">I", named[1:])[0]
        try:
            text = self._registry.schema_by_id(schema_id)
        except UnknownSchema:
            return f"the registry knows no schema with id {schema_id}"
        said = json.loads(text)
        if not isinstance(said, dict) or said.get("type") != "record":
            return f"schema {schema_id} is of no record"
        try:
            parsed: Any = fastavro.parse_schema(_of_text(said))
            if is_recursive(parsed):
                return f"schema {schema_id} is of records within themselves, as deep as anybody likes: they are not read here"
            return Written(parsed, said, NAMES.get(parsed["name"], parsed["name"]))
        except Exception as error:  # noqa: BLE001  # whatever it is that fastavro cannot read
            return f"schema {schema_id} cannot be used: {type(error).__name__}"


def _of_text(schema: Any) -> Any:
    """Ids are text on the wire, and are shown as such, be they UUIDs or not."""
    if isinstance(schema, dict):
        kept = {key: _of_text(value) for key, value in schema.items()}
        return {key: value for key, value in kept.items() if (key, value) != ("logicalType", "uuid")}
    return [_of_text(each) for each in schema] if isinstance(schema, list) else schema


def named_in(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> tuple[bytes | None, int]:
    """How a record names its schema, and where its body begins."""
    if value is None:
        return None, 0
    for name, said in headers:
        if name == HEADER and said and ((len(said) == 5 and said[0] == ID) or (len(said) == 17 and said[0] == GUID)):
            return said, 0
    if len(value) >= 5 and value[0] == ID:
        return value[:5], 5
    return None, 0


def _unnamed(found: Found) -> str:
    if found.value is None:
        return "it has no value: a tombstone"
    return f"a value of {len(found.value)} bytes does not start with 00 and a schema id, and no header names one"


def _told(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {key: _told(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_told(each) for each in value]
    if isinstance(value, datetime | date | time):
        at = value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value  # a local time has no zone
        return at.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, UUID | Decimal) else value
