"""Reads any record of the five topics with the registry alone: what a console, a test or a reader in a hurry needs."""

from __future__ import annotations

import json
from io import BytesIO
from struct import unpack_from
from typing import TYPE_CHECKING, Any

import fastavro

from bookly.catalog import EVENTS, EventSpec, EventType
from bookly.errors import MalformedBytes, UnknownSchema
from bookly.fingerprints import fingerprint_of
from bookly.records import DECODERS, RECORDS
from bookly.records.envelope import Metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record
    from bookly.registry import Registry

_PREFIX = 5


def decode_record(value: object, registry: Registry) -> tuple[EventSpec, Record]:
    """The event that a record's value holds. Raises MalformedBytes, UnknownSchema, RegistryUnavailable."""
    if value is None:
        raise MalformedBytes("the record has no value: an event is never a tombstone")
    if not isinstance(value, bytes):
        raise MalformedBytes(f"the value is {type(value).__name__}, not bytes")
    if len(value) < _PREFIX or value[0] != 0:
        raise MalformedBytes(f"the value starts with {value[:_PREFIX].hex(' ') or 'nothing'}, not with 00 and a schema id")
    (schema_id,) = unpack_from(">I", value, 1)
    record = registry.decoder(schema_id)(value, _PREFIX)
    return EVENTS[EventType(record.TYPE)], record


def decoder_of(text: str, schema_id: int) -> Callable[[bytes, int], Record]:
    """The generated decoder of a schema; one by fastavro for a version of an event that is newer than this SDK.

    Raises UnknownSchema for a schema that is no event of ours.
    """
    schema = json.loads(text)
    known = DECODERS.get(fingerprint_of(text))
    if known is not None:
        return known
    name = f"{schema.get('namespace')}.{schema.get('name')}" if isinstance(schema, dict) else str(schema)
    for spec in EVENTS.values():
        if spec.subject == name:
            return _by_fastavro(schema, spec)
    raise UnknownSchema(f"Schema id {schema_id} is {name}, which is no event of this SDK's contracts: update the SDK.")


def _by_fastavro(written: Any, spec: EventSpec) -> Callable[[bytes, int], Record]:
    light = RECORDS[spec.type]
    writer, reader = (fastavro.parse_schema(_without_logical_types(schema)) for schema in (written, json.loads(spec.schema)))

    def decode(value: bytes, start: int) -> Record:
        body = Whole(value)
        body.seek(start)
        try:
            read: Any = fastavro.schemaless_reader(body, writer, reader)
        except Exception as error:  # noqa: BLE001  # fastavro raises a dozen kinds for hostile bytes, and they mean one thing
            raise MalformedBytes(f"{spec.type}: {len(value)} bytes are no record of its schema: {type(error).__name__}") from None
        if body.tell() != len(value):
            raise MalformedBytes(
                f"{spec.type}: {len(value)} bytes are no record of its schema: {len(value) - body.tell()} too many"
            )
        record: Record = light(**read["data"], metadata=Metadata(**read["metadata"]))
        return record

    return decode


class Whole(BytesIO):
    """Gives all that is asked for, or raises: fastavro skips a field that is cut short without a word."""

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        if size is not None and len(found) < size:
            raise EOFError
        return found


def _without_logical_types(schema: Any) -> Any:
    """Light records hold times as integers and ids as text, as they are on the wire."""
    if isinstance(schema, dict):
        return {key: _without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [_without_logical_types(value) for value in schema]
    return schema
