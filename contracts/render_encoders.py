"""The writing half of the codec: a function an event, for its newest version. Why one fails is found out afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contracts.fields import Field
    from contracts.render_enums import Enums
    from contracts.topics import Event

REFUSED = "(TypeError, AttributeError, KeyError, OverflowError, UnicodeEncodeError)"


def render_metadata_encoder(fields: tuple[Field, ...], enums: Enums) -> Iterator[str]:
    """As the encoder of an event, without its refusal."""
    yield "def encode_metadata(m: Metadata) -> bytes:"
    yield '    """The bytes of the metadata; for the encoders only, which turn its errors into InvalidEvent."""'
    yield "    if m is NO_METADATA:"
    yield "        raise TypeError"
    yield from ("    " + line for field in fields for line in write_field(field, "m", enums))
    yield f"    return b''.join([{', '.join(part for field in fields for part in parts(field))}])"


def render_encoder(event: Event, fields: tuple[Field, ...], enums: Enums) -> Iterator[str]:
    """The body in the newest version."""
    kinds = {field.name: (field.kind, field.nullable, field.array, field.symbols) for field in fields}
    yield f"def encode_{event.stem}(r: {event.class_name}) -> bytes:"
    yield f'    """The body in version {event.version}. Raises InvalidEvent, which names the field."""'
    yield "    try:"
    yield from ("        " + line for field in fields for line in write_field(field, "r", enums))
    joined = ", ".join(part for field in fields for part in parts(field))
    yield f"        return b''.join([encode_metadata(r.metadata), {joined}])"
    yield f"    except {REFUSED}:"
    yield f"        raise refusal(r, {kinds!r}) from None"


def write_field(field: Field, owner: str, enums: Enums) -> Iterator[str]:
    """Encode one field into a local: its name behind f_, so that no name of a field can hide one of the codec."""
    name, value = f"f_{field.name}", f"{owner}.{field.name}"
    if field.nullable:
        optional = f"v_{field.name}"  # its own name, for its type is its own
        yield from (f"{optional} = {value}", f"if {optional} is None:", f"    {name} = NULL", "else:")
        if _is_text(field):
            yield f"    x = {optional}.encode()"
            yield f"    {name} = (SOME[len(x)] if len(x) < 64 else put_some(x)) + x"
        else:
            yield f"    {name} = TAG + {_written(field, optional, enums)}"
    elif _is_text(field):
        yield f"{name} = {value}.encode()"
    elif field.kind == "int" and not field.array:
        yield f"i = {value}"
        yield f"{name} = BYTE[i + i] if type(i) is int and 0 <= i < 64 else put_int(i)"
    else:
        yield f"{name} = {_written(field, value, enums)}"


def parts(field: Field) -> list[str]:
    """What write_field left, as it is joined."""
    name = f"f_{field.name}"
    if _is_text(field) and not field.nullable:
        return [f"LENGTH[len({name})] if len({name}) < 64 else put_length({name})", name]
    return [name]


def _is_text(field: Field) -> bool:
    return field.kind in {"string", "uuid"} and not field.array


def _written(field: Field, value: str, enums: Enums) -> str:
    kind = {"uuid": "string"}.get(field.kind, field.kind)
    if field.array:
        match kind:
            case "enum":
                return f"put_symbols({value}, {enums.indexes(field)})"
            case "int":
                return f"put_numbers({value}, 32)"
            case "long" | "time":
                return f"put_numbers({value}, 64)"
        return f"put_{kind}s({value})"
    return f"{enums.indexes(field)}[{value}]" if kind == "enum" else f"put_{kind}({value})"
