"""The stored example of an event: documents show it and tests publish it, so it has to be one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from contracts.errors import ContractError
from contracts.fields import fields_of
from contracts.reading import read_json
from contracts.schemas import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from contracts.fields import Field
    from contracts.schemas import Schema
    from contracts.topics import Event

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def read_example(event: Event, root: Path = ROOT) -> dict[str, Any]:
    """Metadata and data. Raises ContractError where it is missing, or a part lacks a required field or has an unknown one."""
    path = root / f"schemas/{event.domain}/{event.stem}.example.json"
    example = read_json(path)
    if example.keys() != {"metadata", "data"} or not all(isinstance(part, dict) for part in example.values()):
        raise ContractError(f'{path}: an example is {{"metadata": {{...}}, "data": {{...}}}}, with nothing else')
    _refuse_other_fields(path, "metadata", example["metadata"], metadata_schema(root))
    _refuse_other_fields(path, "data", example["data"], event.schema)
    return example


def on_the_wire(example: dict[str, Any], event: Event, root: Path = ROOT) -> dict[str, Any]:
    """The example as its record holds it: every field, times in microseconds since 1970."""
    parts = {"metadata": metadata_schema(root), "data": event.schema}
    return {part: {field.name: _held(example[part], field) for field in fields_of(schema)} for part, schema in parts.items()}


def metadata_schema(root: Path = ROOT) -> Schema:
    """What every event says about itself."""
    return read_json(root / "schemas/metadata.avsc")


def refuse_bad_examples(events: Iterable[Event], root: Path = ROOT) -> None:
    """Raise ContractError for the first example that is none: before anything is written."""
    for event in events:
        read_example(event, root)


def _refuse_other_fields(path: Path, part: str, values: dict[str, Any], schema: Schema) -> None:
    required = {field["name"] for field in schema["fields"] if "default" not in field}
    if missing := required - values.keys():
        raise ContractError(f"{path}: {part} lacks {', '.join(sorted(missing))}; add what the schema requires")
    if unknown := values.keys() - {field["name"] for field in schema["fields"]}:
        raise ContractError(f"{path}: the schema has no {', '.join(sorted(unknown))}; take it out, or add it to the schema")


def _held(values: dict[str, Any], field: Field) -> Any:
    value = values.get(field.name, field.default)
    return (datetime.fromisoformat(value) - _EPOCH) // _MICROSECOND if field.kind == "time" and value is not None else value
