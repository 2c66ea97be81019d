"""Whether a new version of a schema can live with every old one, both ways (FULL_TRANSITIVE), with the reason where it cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from contracts.errors import ContractError
from contracts.schemas import wire_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from contracts.schemas import Schema, Schemas
    from contracts.topics import Event


def refuse_incompatible(events: Iterable[Event], schemas: Schemas) -> None:
    """Raise ContractError when a version of an event could not be read by, or could not read, another one."""
    for event in events:
        versions = {version: wire_schema(schema, schemas) for version, schema in event.history.items()}
        if event.history.get(event.version) != event.schema:
            versions[event.version + 1] = wire_schema(event.schema, schemas)
        for sentence in incompatibilities(versions):
            raise ContractError(f"schemas/{event.domain}/{event.stem}.avsc: {sentence}. Give new fields a default, remove none.")


def incompatibilities(versions: Mapping[int, Schema]) -> Iterator[str]:
    """A sentence for each pair of versions of a wire schema that cannot read each other. None: all is well."""
    for writer_version, writer in versions.items():
        for reader_version, reader in versions.items():
            if writer_version != reader_version:
                for reason in reasons(reader, writer):
                    yield f"version {reader_version} cannot read version {writer_version}: {reason}"


def reasons(reader: Schema, writer: Schema) -> Iterator[str]:
    """Why `reader` cannot read what `writer` wrote."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro leaves this one without types
    result = checker.get_compatibility(parse(json.dumps(reader)), parse(json.dumps(writer)))
    if result.compatibility is not SchemaCompatibilityType.compatible:
        yield from (f"{message} (at {place})" for message, place in zip(result.messages, result.locations, strict=False))
    yield from _logical_changes(reader, writer, reader["name"])


def _logical_changes(reader: Any, writer: Any, place: str) -> Iterator[str]:
    """Neither Avro's rules nor the registry look at logical types: microseconds read as milliseconds would pass."""
    if isinstance(reader, list) and isinstance(writer, list):
        for new, old in zip(reader, writer, strict=False):
            yield from _logical_changes(new, old, place)
        return
    new, old = _spelt_out(reader), _spelt_out(writer)
    for key in ("logicalType", "precision", "scale"):
        if new.get(key) != old.get(key):
            yield f"{place} changed its {key} from {old.get(key)} to {new.get(key)}; add a new field instead"
    written = {field["name"]: field for field in old.get("fields", ())}
    for field in new.get("fields", ()):
        if field["name"] in written:
            yield from _logical_changes(field["type"], written[field["name"]]["type"], f"{place}.{field['name']}")
    if "items" in new and "items" in old:
        yield from _logical_changes(new["items"], old["items"], place)


def _spelt_out(schema: Any) -> dict[str, Any]:
    """A "long" is {"type": "long"}: a plain number that becomes a time has changed, too."""
    return schema if isinstance(schema, dict) else {"type": schema}
