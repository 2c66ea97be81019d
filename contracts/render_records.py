"""The light records of a domain with their codec, and those of the envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.fields import constructor_order, fields_of
from contracts.render_decoders import render_decoder, render_metadata_decoder
from contracts.render_encoders import render_encoder, render_metadata_encoder
from contracts.render_enums import Enums
from contracts.rendering import python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contracts.fields import Field
    from contracts.schemas import Schemas
    from contracts.topics import Event

OF_WIRE = (
    *("BYTE", "COMPILED", "EIGHT", "FAULTS", "LENGTH", "NULL", "SOME", "TAG", "malformed", "misplaced"),
    *(f"put_{kind}{many}" for kind in ("boolean", "double") for many in ("", "s")),
    *(f"put_{what}" for what in ("int", "length", "long", "numbers", "some", "strings", "symbols", "time")),
    *(f"read_{kind}{many}" for kind in ("boolean", "double") for many in ("", "s")),
    *(f"read_{what}" for what in ("length", "numbers", "strings", "symbols", "varint")),
)


def render_domain(events: Iterable[Event], schemas: Schemas) -> str:
    """The module of a domain."""
    events = tuple(events)
    enums = Enums(schemas.types)
    body: list[str] = []
    for event in events:
        fields = fields_of(event.schema)
        own: dict[str, str | int] = {
            "TYPE": event.type,
            "TOPIC": event.topic,
            "KEY_FIELD": event.key_field,
            "VERSION": event.version,
        }
        body += ["", "", *render_class(event.class_name, event.schema["doc"], fields, own, metadata=True)]
        body += ["", "", *render_encoder(event, fields, enums)]
        for version, schema in event.history.items():
            body += ["", "", *render_decoder(event, version, schema, fields, enums)]
    envelope = "from bookly.records.envelope import NO_METADATA, Metadata, decode_metadata, encode_metadata"
    imports = [envelope, "from bookly.records.refusal import refusal"]
    return python(f"Light records of {events[0].domain} and their codec.", *_head(imports, [*enums.render(), *body]))


def render_envelope(schemas: Schemas) -> str:
    """bookly/records/envelope.py."""
    fields = fields_of(schemas.metadata)
    enums = Enums(schemas.types)
    doc = f"{schemas.metadata['doc']} Times are microseconds since 1970 (UTC)."
    body = ["", "", *render_class("Metadata", doc, fields, {}), "", ""]
    body += ['NO_METADATA: Final = Metadata("", "", "", 0, "", 0)  # of a record that has not been emitted yet', "", ""]
    body += [*render_metadata_encoder(fields, enums), "", "", *render_metadata_decoder(fields, enums)]
    return python("What every event says about itself, as a light record.", *_head([], [*enums.render(), *body]))


def render_class(
    name: str, doc: str, fields: tuple[Field, ...], constants: dict[str, str | int], *, metadata: bool = False
) -> Iterator[str]:
    """Times are microseconds since 1970 (UTC), enums their symbols."""
    names = [field.name for field in fields]
    slots = (*names, "metadata") if metadata else tuple(names)
    parameters = [f"{field.name}: {_parameter(field)}" for field in constructor_order(fields)]
    parameters += ["metadata: Metadata = NO_METADATA"] if metadata else []
    yield f"class {name}:"
    yield f'    """{doc}"""'
    yield ""
    yield from (f"    {key}: ClassVar[{type(value).__name__}] = {value!r}" for key, value in constants.items())
    yield f"    FIELDS: ClassVar[tuple[str, ...]] = {tuple(names)!r}"
    yield f"    __slots__ = {tuple(sorted(slots))!r}"
    yield ""
    yield f"    def __init__(self, {', '.join(parameters)}) -> None:"
    fresh = {field.name: f"{field.default!r} if {field.name} is None else {field.name}" for field in fields if _is_list(field)}
    yield from (f"        self.{slot} = {fresh.get(slot, slot)}" for slot in slots)


def _parameter(field: Field) -> str:
    if field.required:
        return field.python
    return f"{field.python} | None = None" if _is_list(field) else f"{field.python} = {field.default!r}"


def _is_list(field: Field) -> bool:
    """Whether the default is a list, which each record needs for itself."""
    return isinstance(field.default, list)


def _head(imports: list[str], body: list[str]) -> list[str]:
    """The body under the imports that it uses."""
    words = set("\n".join(body).translate(dict.fromkeys(map(ord, "([:,"), " ")).split())
    used = [name for name in OF_WIRE if name in words]
    typing = f"from typing import {', '.join(name for name in ('ClassVar', 'Final') if name in words)}"
    wire = f"from bookly.records.wire import {', '.join(used)}"
    return ["from __future__ import annotations", "", typing, "", *imports, wire, "", *body]
