"""The table of all records, decoders and encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.rendering import python
from contracts.schemas import fingerprint, wire_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contracts.schemas import Schemas
    from contracts.topics import Event


def render_tables(events: Iterable[Event], schemas: Schemas) -> str:
    """bookly/records/__init__.py: which decoder reads which schema, and which encoder writes which record."""
    events = tuple(events)
    domains = sorted({event.domain for event in events})
    newest = {  # versions that differ in words alone have one fingerprint and the same bytes
        fingerprint(wire_schema(schema, schemas)): f"{event.domain}.decode_{event.stem}_v{version}"
        for event in events
        for version, schema in event.history.items()
    }
    decoders = [f'    "{key}": {decoder},' for key, decoder in newest.items()]
    lines = [
        "from __future__ import annotations",
        "",
        "from collections.abc import Callable",
        "from pathlib import Path",
        "from typing import Any, Final",
        "",
        "from bookly.compiled import refuse_stale",
        "",
        "refuse_stale(Path(__file__).parent)  # before anything of it runs",
        "",
        f"from bookly.records import {', '.join(domains)}",
        "from bookly.records.envelope import NO_METADATA, Metadata",
        "from bookly.records.record import Record, fields",
        "",
        '__all__ = ["DECODERS", "ENCODERS", "NO_METADATA", "RECORDS", "Metadata", "Record", "fields"]',
        "",
        "RECORDS: Final[dict[str, type[Any]]] = {",
        *(f'    "{event.type}": {event.domain}.{event.class_name},' for event in events),
        "}",
        "",
        "# By the fingerprint (CRC-64-AVRO) of the wire schema that a body was written with.",
        "DECODERS: Final[dict[str, Callable[[bytes, int], Record]]] = {",
        *decoders,
        "}",
        "",
        "ENCODERS: Final[dict[type[Any], Callable[[Any], bytes]]] = {",
        *(f"    {event.domain}.{event.class_name}: {event.domain}.encode_{event.stem}," for event in events),
        "}",
    ]
    return python("All light records, and the functions that read and write them.", *lines)
