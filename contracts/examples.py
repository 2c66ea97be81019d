"""The stored example of an event: documents show it and tests publish it, so it has to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.errors import ContractError
from contracts.reading import read_json
from contracts.schemas import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from contracts.topics import Event


def read_example(event: Event, root: Path = ROOT) -> dict[str, Any]:
    """Metadata and data. Raises ContractError where it is missing, or its data lack a required field or have an unknown one."""
    path = root / f"schemas/{event.domain}/{event.stem}.example.json"
    example = read_json(path)
    data = example.get("data")
    if example.keys() != {"metadata", "data"} or not isinstance(data, dict):
        raise ContractError(f'{path}: an example is {{"metadata": {{...}}, "data": {{...}}}}, with nothing else')
    required = {field["name"] for field in event.schema["fields"] if "default" not in field}
    if missing := required - data.keys():
        raise ContractError(f"{path}: data lacks {', '.join(sorted(missing))}; add what the schema requires")
    if unknown := data.keys() - {field["name"] for field in event.schema["fields"]}:
        raise ContractError(f"{path}: the schema has no {', '.join(sorted(unknown))}; take it out, or add it to the schema")
    return example


def refuse_bad_examples(events: Iterable[Event], root: Path = ROOT) -> None:
    """Raise ContractError for the first example that is none: before anything is written."""
    for event in events:
        read_example(event, root)
