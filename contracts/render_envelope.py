"""The metadata as a light record, and the table of all decoders and encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.fields import constructor_order, fields_of
from contracts.render_records import put_field
from contracts.rendering import python
from contracts.schemas import fingerprint, wire_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contracts.schemas import Schemas
    from contracts.topics import Event


def render_envelope(schemas: Schemas) -> str:
    """bookly/records/envelope.py."""
    fields = fields_of(schemas.metadata)
    names = [field.name for field in fields]
    parameters = ", ".join(f"{f.name}: {f.python}" + ("" if f.required else f" = {f.default!r}") for f in constructor_order(fields))
    lines = [
        "from __future__ import annotations",
        "",
        "from typing import ClassVar, Final",
        "",
        "from bookly.records import wire",
        "",
        "",
        "class Metadata:",
        f'    """{schemas.metadata["doc"]} Times are microseconds since 1970 (UTC)."""',
        "",
        f"    FIELDS: ClassVar[tuple[str, ...]] = {tuple(names)!r}",
        f"    __slots__ = {tuple(names)!r}",
        "",
        f"    def __init__(self, {parameters}) -> None:",
        *(f"        self.{name} = {name}" for name in names),
        "",
        "",
        'NO_METADATA: Final = Metadata("", "", "", 0, "", 0)  # of a record that has not been emitted yet',
        "",
        "",
        "def put_metadata(m: Metadata) -> bytes:",
        '    """The bytes of the metadata."""',
        "    return b''.join((",
        *(f"        {put_field(field, 'm')}," for field in fields),
        "    ))",
    ]
    return python("What every event says about itself, as a light record.", *lines)


def render_tables(events: Iterable[Event], schemas: Schemas) -> str:
    """bookly/records/__init__.py: which decoder reads which schema, and which encoder writes which record."""
    events = tuple(events)
    domains = sorted({event.domain for event in events})
    decoders = [
        f'    "{fingerprint(wire_schema(schema, schemas))}": {event.domain}.decode_{event.stem}_v{version},'
        for event in events
        for version, schema in event.history.items()
    ]
    lines = [
        "from __future__ import annotations",
        "",
        "from collections.abc import Callable",
        "from typing import Any, Final",
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
