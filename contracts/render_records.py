"""The light records of a domain and the codec of the hot path: straight-line functions, one decoder for each version ever registered.

A decoder makes no check a field but the ones that the types need: a string that is cut short moves the place beyond the end, where
the next byte, or the comparison with the end that closes each decoder, refuses it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from contracts.fields import Field, constructor_order, fields_of
from contracts.rendering import python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contracts.schemas import Schema, Schemas
    from contracts.topics import Event

PUT = {"string": "put_string", "uuid": "put_string", "int": "put_int", "long": "put_long", "time": "put_long"}
PUT |= {"double": "put_double", "boolean": "put_boolean"}
IMPORTS = (
    "from __future__ import annotations",
    "",
    "from typing import ClassVar, Final",
    "",
    "from bookly.records.envelope import NO_METADATA, Metadata, put_metadata",
    "from bookly.records.refusal import refusal",
    "from bookly.records import wire",
    "",
    "FAULTS = (IndexError, KeyError, UnicodeDecodeError, wire.MalformedBytes)",
)


def render_domain(events: Iterable[Event], schemas: Schemas) -> str:
    """The module of a domain."""
    events = tuple(events)
    lines = [*IMPORTS, *_enums(events, schemas)]
    for event in events:
        fields = fields_of(event.schema, dict(schemas.types))
        lines += ["", "", *record_class(event, fields), "", "", *_encoder(event, fields)]
        for version, schema in event.history.items():
            lines += ["", "", *_decoder(event, version, schema, fields, schemas)]
    return python(f"Light records of {events[0].domain} and their codec.", *lines)


def record_class(event: Event, fields: tuple[Field, ...]) -> Iterator[str]:
    """Times are microseconds since 1970 (UTC), enums their symbols."""
    names = [field.name for field in fields]
    yield f"class {event.class_name}:"
    yield f'    """{event.schema["doc"]}"""'
    yield ""
    yield f'    TYPE: ClassVar[str] = "{event.type}"'
    yield f'    TOPIC: ClassVar[str] = "{event.topic}"'
    yield f'    KEY_FIELD: ClassVar[str] = "{event.key_field}"'
    yield f"    VERSION: ClassVar[int] = {event.version}"
    yield f"    FIELDS: ClassVar[tuple[str, ...]] = {tuple(names)!r}"
    yield f"    __slots__ = {(*names, 'metadata')!r}"
    yield ""
    parameters = ", ".join(f"{f.name}: {f.python}" + ("" if f.required else f" = {f.default!r}") for f in constructor_order(fields))
    yield f"    def __init__(self, {parameters}, metadata: Metadata = NO_METADATA) -> None:"
    yield from (f"        self.{name} = {name}" for name in (*names, "metadata"))


def decode_field(field: Field) -> Iterator[str]:
    """Read one field at `p` into a local of its name."""
    if field.nullable:
        yield f"{field.name}: {field.python} = None"
        yield "x = b[p]"
        yield "p += 1"
        yield "if x == 2:"
        yield from ("    " + line for line in _decode_value(field, f"{field.name}"))
        yield "elif x != 0:"
        yield "    raise KeyError"
    else:
        yield from _decode_value(field, field.name)


def put_field(field: Field, owner: str) -> str:
    """The expression that encodes one field."""
    value = f"{owner}.{field.name}"
    if field.array:
        if field.kind not in {"string", "uuid"}:
            raise NotImplementedError(f"{field.name}: arrays of {field.kind} are not written yet")
        return f"wire.put_strings({value})"
    if field.kind == "enum":
        put = f"{_index_name(field)}[{value}]"
    else:
        put = f"wire.{PUT[field.kind]}({value})"
    if not field.nullable:
        return put
    return f"wire.put_optional_string({value})" if PUT.get(field.kind) == "put_string" else f'b"\\0" if {value} is None else b"\\2" + {put}'


def _decode_value(field: Field, name: str) -> Iterator[str]:
    if field.array:
        yield f"{name}, p = wire.read_strings(b, p)"
    elif field.kind in {"string", "uuid"}:
        yield from ("n = b[p]", "p += 1", "if n & 129:", "    n, p = wire.read_length(b, p - 1)", "q = p + (n >> 1)")
        yield from (f"{name} = b[p:q].decode()", "p = q")
    elif field.kind in {"int", "long", "time"}:
        yield from ("x = b[p]", "p += 1", "if x > 127:", "    x, p = wire.read_varint(b, p - 1)")
        if field.kind == "int":
            yield from ("    if x >> 32:", '        raise wire.MalformedBytes("a number takes more bits than its type has")')
        yield f"{name} = (x >> 1) ^ -(x & 1)"
    elif field.kind == "enum":
        yield from (f"{name} = {_symbols_name(field)}[b[p]]", "p += 1")
    else:
        yield from (f"{name} = wire.read_{field.kind}(b, p)", f"p += {8 if field.kind == 'double' else 1}")


def _decoder(event: Event, version: int, schema: Schema, newest: tuple[Field, ...], schemas: Schemas) -> Iterator[str]:
    metadata = fields_of(schemas.metadata)
    written = fields_of(schema, dict(schemas.types))
    yield f"def decode_{event.stem}_v{version}(b: bytes, p: int) -> {event.class_name}:"
    yield f'    """{event.class_name} from a body of version {version} that begins at p. Raises MalformedBytes."""'
    yield "    x: int; n: int; q: int"
    yield "    try:"
    for field in metadata:
        prefixed = replace(field, name=f"m_{field.name}")
        yield from ("        " + line for line in decode_field(prefixed))
    for field in written:
        yield from ("        " + line for line in decode_field(field))
    yield "        if p != len(b):"
    yield "            raise IndexError"
    yield "    except FAULTS as error:"
    yield f'        raise wire.malformed("{event.class_name}", b, p, error) from None'
    yield f"    metadata = Metadata({', '.join(f'm_{field.name}' for field in constructor_order(metadata))})"
    known = {field.name for field in written}
    arguments = (f.name if f.name in known else repr(f.default) for f in constructor_order(newest))
    yield f"    return {event.class_name}({', '.join(arguments)}, metadata)"


def _encoder(event: Event, fields: tuple[Field, ...]) -> Iterator[str]:
    yield f"def encode_{event.stem}(r: {event.class_name}) -> bytes:"
    yield f'    """The body in version {event.version}. Raises InvalidEvent, which names the field."""'
    yield "    try:"
    yield '        return b"".join(('
    yield "            put_metadata(r.metadata),"
    yield from (f"            {put_field(field, 'r')}," for field in fields)
    yield "        ))"
    yield "    except (TypeError, AttributeError, KeyError, OverflowError, UnicodeEncodeError):"
    kinds = {f.name: (f.kind, f.nullable, f.array, f.symbols) for f in fields}
    yield f"        raise refusal(r, {kinds!r}) from None"


def _enums(events: tuple[Event, ...], schemas: Schemas) -> Iterator[str]:
    seen: dict[str, Field] = {}
    for event in events:
        for schema in event.history.values():
            seen |= {field.enum: field for field in fields_of(schema, dict(schemas.types)) if field.kind == "enum"}
    for field in seen.values():
        yield f"{_symbols_name(field)}: Final[dict[int, str]] = { {2 * index: symbol for index, symbol in enumerate(field.symbols)} !r}"
        yield f"{_index_name(field)}: Final[dict[str, bytes]] = { {s: bytes([2 * i]) for i, s in enumerate(field.symbols)} !r}"


def _symbols_name(field: Field) -> str:
    return "SYMBOLS_OF_" + field.enum.rpartition(".")[2].upper()


def _index_name(field: Field) -> str:
    return "INDEX_IN_" + field.enum.rpartition(".")[2].upper()
