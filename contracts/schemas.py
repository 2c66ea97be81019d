"""Reads schemas/: the events' data records with their history, the shared enums, the metadata; composes what goes over the wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastavro
from fastavro.schema import fingerprint as fastavro_fingerprint
from fastavro.schema import to_parsing_canonical_form

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
Schema = dict[str, Any]
VERSIONED = re.compile(r"(?P<name>\w+)\.v(?P<version>[1-9]\d*)\.avsc")


@dataclass(frozen=True)
class Schemas:
    """All that schemas/ holds. `history` has every version of an event's data record by its file's stem, newest last."""

    types: Mapping[str, Schema]  # shared enums by full name
    metadata: Schema
    records: Mapping[tuple[str, str], Schema]  # by (domain, stem)
    history: Mapping[tuple[str, str], Mapping[int, Schema]]


def load_schemas(root: Path = ROOT) -> Schemas:
    """Read the whole folder. Raises ContractError for a file that is no JSON."""
    folder = root / "schemas"
    types = {f"{schema['namespace']}.{schema['name']}": schema for schema in map(_read, sorted(folder.glob("types/*.avsc")))}
    domains = sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in {"types", "history"})
    records = {(path.parent.name, path.stem): _read(path) for domain in domains for path in sorted(domain.glob("*.avsc"))}
    history: dict[tuple[str, str], dict[int, Schema]] = {}
    for path in folder.glob("history/*/*.avsc"):
        match = VERSIONED.fullmatch(path.name)
        if match is None:
            raise ContractError(f"{path}: a file of the history is called <event>.v<number>.avsc")
        history.setdefault((path.parent.name, match["name"]), {})[int(match["version"])] = _read(path)
    ordered = {place: dict(sorted(versions.items())) for place, versions in history.items()}
    return Schemas(types, _read(folder / "metadata.avsc"), records, ordered)


def wire_schema(record: Schema, schemas: Schemas) -> Schema:
    """The record that goes over the wire: metadata and data, every named type inlined where it is first used."""
    seen: set[str] = set()
    fields = [
        {"name": "metadata", "type": _inlined(schemas.metadata, schemas.types, seen)},
        {"name": "data", "type": _inlined(record, schemas.types, seen)},
    ]
    return {"type": "record", "name": f"{record['name']}Event", "namespace": record["namespace"], "doc": record["doc"], "fields": fields}


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
        if schema not in types or schema in seen:
            return schema
        seen.add(schema)
        return types[schema]
    if isinstance(schema, list):
        return [_inlined(branch, types, seen) for branch in schema]
    if schema["type"] == "array":
        return {**schema, "items": _inlined(schema["items"], types, seen)}
    if schema["type"] == "record":
        return {**schema, "fields": [{**field, "type": _inlined(field["type"], types, seen)} for field in schema["fields"]]}
    return schema




def _read(path: Path) -> Schema:
    try:
        schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ContractError(f"{path}: this is no JSON ({error}); mend the file") from error
    return schema
