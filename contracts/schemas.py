"""Reads schemas/: data records with their history, shared enums, the metadata; composes what goes over the wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastavro
from fastavro.schema import fingerprint as fastavro_fingerprint
from fastavro.schema import to_parsing_canonical_form

from contracts.conventions import refuse_enum, refuse_record
from contracts.errors import ContractError
from contracts.reading import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
Schema = dict[str, Any]
VERSIONED = re.compile(r"(?P<name>\w+)\.v(?P<version>[1-9]\d*)\.avsc")


@dataclass(frozen=True)
class Schemas:
    """All that schemas/ holds. `history` has every version of an event's data record by its file's stem, newest last.

    Data records are self-contained here: an enum stands where it is first used. So a version in the history keeps the symbols
    that it was written with, whatever becomes of the shared enum.
    """

    types: Mapping[str, Schema]  # shared enums by full name
    metadata: Schema
    records: Mapping[tuple[str, str], Schema]  # by (domain, stem)
    history: Mapping[tuple[str, str], Mapping[int, Schema]]


def load_schemas(root: Path = ROOT) -> Schemas:
    """Read the whole folder. Raises ContractError for a file that breaks a convention, and for a version that was taken out."""
    folder = root / "schemas"
    types = {full_name(schema): schema for schema in map(_enum, sorted(folder.glob("types/*.avsc")))}
    domains = sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in {"types", "history"})
    records = {
        (path.parent.name, path.stem): self_contained(_record(path, types), types)
        for domain in domains
        for path in sorted(domain.glob("*.avsc"))
    }
    history = _history(folder / "history")
    for domain, stem in history.keys() - records.keys():
        raise ContractError(
            f"{folder / domain / stem}.avsc is gone, and its versions are in the history: put it back, events of it were written"
        )
    return Schemas(types, _metadata(folder), records, history)


def wire_schema(record: Schema, schemas: Schemas) -> Schema:
    """The record that goes over the wire: metadata and data, every named type inlined where it is first used."""
    seen: set[str] = set()
    fields = [
        {"name": "metadata", "type": _inlined(schemas.metadata, schemas.types, seen)},
        {"name": "data", "type": _inlined(record, schemas.types, seen)},
    ]
    return {
        "type": "record",
        "name": f"{record['name']}Event",
        "namespace": record["namespace"],
        "doc": record["doc"],
        "fields": fields,
    }


def self_contained(record: Schema, types: Mapping[str, Schema]) -> Schema:
    """The record with each enum where it is first used."""
    contained: Schema = _inlined(record, types, set())
    return contained


def full_name(schema: Schema) -> str:
    return f"{schema['namespace']}.{schema['name']}"


def subject(record: Schema) -> str:
    """Record-name strategy: several event types share a topic."""
    return f"{record['namespace']}.{record['name']}Event"


def canonical(schema: Schema) -> str:
    """One text for one schema, whatever the order of its keys."""
    return json.dumps(schema, sort_keys=True, separators=(",", ":"))


def fingerprint(schema: Schema) -> str:
    """Of the parsing canonical form: two schemas with the same fingerprint have the same bytes. Sixteen hex digits."""
    parsed = fastavro.parse_schema(json.loads(canonical(schema)))
    return fastavro_fingerprint(to_parsing_canonical_form(parsed), "CRC-64-AVRO")


def _inlined(schema: Any, types: Mapping[str, Schema], seen: set[str]) -> Any:
    if isinstance(schema, str):
        return _inlined(types[schema], types, seen) if schema in types else schema
    if isinstance(schema, list):
        return [_inlined(branch, types, seen) for branch in schema]
    if schema["type"] == "array":
        return {**schema, "items": _inlined(schema["items"], types, seen)}
    if schema["type"] == "record":
        return {**schema, "fields": [{**field, "type": _inlined(field["type"], types, seen)} for field in schema["fields"]]}
    if schema["type"] == "enum":
        name = full_name(schema)
        if name in seen:
            return name
        seen.add(name)
    return schema


def _history(folder: Path) -> dict[tuple[str, str], dict[int, Schema]]:
    found: dict[tuple[str, str], dict[int, Schema]] = {}
    for path in folder.glob("*/*.avsc"):
        match = VERSIONED.fullmatch(path.name)
        if match is None:
            raise ContractError(f"{path}: a file of the history is called <event>.v<number>.avsc")
        found.setdefault((path.parent.name, match["name"]), {})[int(match["version"])] = read_json(path)
    for (domain, stem), versions in found.items():
        for missing in set(range(1, max(versions))) - versions.keys():
            place = f"{folder / domain / stem}.v{missing}.avsc"
            raise ContractError(f"{place} is missing: put it back, bytes of that version were written")
    return {event: dict(sorted(versions.items())) for event, versions in found.items()}


def _metadata(folder: Path) -> Schema:
    metadata, recorded = read_json(folder / "metadata.avsc"), read_json(folder / "history/metadata.v1.avsc")
    if metadata != recorded:
        raise ContractError(
            f"{folder / 'metadata.avsc'} is not the version in history/metadata.v1.avsc, which every event ever written carries. "
            "Put it back: what is new about an event belongs into its data"
        )
    refuse_record(folder / "metadata.avsc", metadata, "bookly", ())
    return metadata


def _record(path: Path, types: Mapping[str, Schema]) -> Schema:
    schema = read_json(path)
    refuse_record(path, schema, f"bookly.{path.parent.name}", types.keys())
    return schema


def _enum(path: Path) -> Schema:
    schema = read_json(path)
    refuse_enum(path, schema)
    return schema
