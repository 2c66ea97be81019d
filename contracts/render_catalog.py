"""The catalogue of the SDK: each event's type, topic, key, subject and wire schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from contracts.rendering import python
from contracts.schemas import wire_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contracts.schemas import Schemas
    from contracts.topics import Event


def render_event_types(events: Iterable[Event]) -> str:
    """bookly/events/__init__.py."""
    lines = [
        "from enum import StrEnum",
        "",
        "",
        "class EventType(StrEnum):",
        '    """Every event by name; the value is its routing key."""',
        "",
    ]
    return python("Typed events, one module a domain.", *lines, *(f'    {event.name} = "{event.type}"' for event in events))


def render_catalog(events: Iterable[Event]) -> str:
    """bookly/catalog.py."""
    lines = [
        "from __future__ import annotations",
        "",
        "from types import MappingProxyType",
        "from typing import Final",
        "",
        "from bookly.events import EventType",
        "from bookly.spec import EventSpec",
        "",
        '__all__ = ["EVENTS", "EventSpec", "EventType"]',
        "",
        "EVENTS: Final = MappingProxyType({",
    ]
    for event in events:
        values = (event.name, event.domain, event.topic, event.key_field, event.subject, event.class_name)
        lines.append(
            f"    EventType.{event.name}: EventSpec(EventType.{event.name}, {', '.join(map(repr, values))}, {event.version}),"
        )
    return python("What there is to know of each event without reading its schema.", *lines, "})")


def render_schemas(events: Iterable[Event], schemas: Schemas) -> str:
    """bookly/schemas.json: the newest wire schema of each event by its routing key."""
    wires = {event.type: wire_schema(event.schema, schemas) for event in events}
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(wire)}" for key, wire in wires.items()) + "\n}\n"
