"""The stored examples, as text and as fastavro takes them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contracts.fields import fields_of
from contracts.schemas import ROOT, load_schemas

if TYPE_CHECKING:
    from pathlib import Path

    from contracts.schemas import Schema
    from contracts.topics import Event


def place(event: Event) -> Path:
    return ROOT / f"schemas/{event.domain}/{event.stem}.example.json"


def example(event: Event) -> Any:
    return json.loads(place(event).read_text(encoding="utf-8"))


def timed(value: Any, event: Event) -> dict[str, Any]:
    """With times as fastavro takes them."""
    return {"metadata": _timed(value["metadata"], load_schemas().metadata), "data": _timed(value["data"], event.schema)}


def _timed(values: dict[str, Any], schema: Schema) -> dict[str, Any]:
    times = {field.name for field in fields_of(schema) if field.kind == "time"}
    return {name: datetime.fromisoformat(value) if name in times else value for name, value in values.items()}
