"""What the catalogue says of one event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bookly.events import EventType


@dataclass(frozen=True, slots=True)
class EventSpec:
    """`name` RESERVATION_CREATED, `key_field` the data field whose value is the record's key, `version` of the newest schema."""

    type: EventType
    name: str
    domain: str
    topic: str
    key_field: str
    subject: str
    class_name: str
    version: int

    @property
    def schema(self) -> str:
        """The wire schema (metadata and data) that this SDK writes, as Avro JSON."""
        return _schemas()[self.type.value]


@cache
def _schemas() -> dict[str, str]:
    found = json.loads(files("bookly").joinpath("schemas.json").read_text(encoding="utf-8"))
    return {event_type: json.dumps(schema) for event_type, schema in found.items()}
