"""The reading half of the codec: a straight-line function for each version of each event that was ever registered.

A decoder makes no check a field but the ones that the types need: a string that is cut short moves the place beyond the end,
where the next byte, or the comparison with the end that closes each decoder, refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.fields import constructor_order, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contracts.fields import Field
    from contracts.render_enums import Enums
    from contracts.schemas import Schema
    from contracts.topics import Event

# Eight bytes at once: what a time between 1978 and 3111 takes. The lowest bit says that it is after 1970.
EIGHT_BYTES = (
    "x = EIGHT(b, p)[0] if p + 8 <= len(b) else 0",
    "if x & 0x8080808080808081 == 0x0080808080808080:",
    "    x -= 0x0080808080808080",
    "    x -= (x & 0x7F007F007F007F00) >> 1",
    "    x -= ((x & 0x3FFF00003FFF0000) >> 2) * 3",
    "    x -= ((x & 0x0FFFFFFF00000000) >> 4) * 15",
    "    x >>= 1",
    "    p += 8",
    "else:",
    "    x, p = read_varint(b, p)",
    "    x = (x >> 1) ^ -(x & 1)",
)
ONE_BY_ONE = ("x, p = read_varint(b, p)", "x = (x >> 1) ^ -(x & 1)")
SMALL = ("x = b[p]", "p += 1", "if x > 127:", "    x, p = read_varint(b, p - 1)")
TEXT = ("n = b[p]", "p += 1", "if n & 129:", "    n, p = read_length(b, p - 1)", "q = p + (n >> 1)")


def render_metadata_decoder(fields: tuple[Field, ...], enums: Enums) -> Iterator[str]:
    """One for all events: it costs a call a record, and saves two thirds of the code."""
    yield "def decode_metadata(b: bytes, p: int) -> tuple[Metadata, int]:"
    yield '    """The metadata at p and the place behind them; for decoders only, which turn its errors into MalformedBytes."""'
    lines = [line for field in fields for line in read_field(field, enums)]
    yield from _indented([*_locals(lines), *lines], 1)
    yield f"    return Metadata({', '.join(f'f_{field.name}' for field in constructor_order(fields))}), p"


def render_decoder(event: Event, version: int, schema: Schema, newest: tuple[Field, ...], enums: Enums) -> Iterator[str]:
    """Old versions fill what they did not have with its default, and skip what is gone."""
    written = fields_of(schema)
    known = {field.name for field in written}
    arguments = (f"f_{field.name}" if field.name in known else repr(field.default) for field in constructor_order(newest))
    yield f"def decode_{event.stem}_v{version}(b: bytes, p: int) -> {event.class_name}:"
    yield f'    """{event.class_name} from a body of version {version} that begins at p. Raises MalformedBytes."""'
    lines = [line for field in written for line in read_field(field, enums)]
    yield from _indented(_locals(lines), 1)
    yield "    try:"
    yield "        metadata, p = decode_metadata(b, p)"
    yield from _indented(lines, 2)
    yield "        if p != len(b):"
    yield "            raise misplaced(b, p)"
    yield "    except FAULTS as error:"
    yield f'        raise malformed("{event.class_name}", b, error) from None'
    yield f"    return {event.class_name}({', '.join(arguments)}, metadata)"


def read_field(field: Field, enums: Enums) -> Iterator[str]:
    """Read one field at p into a local: its name behind f_, so that no name of a field can hide one of the codec."""
    if not field.nullable:
        yield from _read_value(field, enums)
        return
    yield f"f_{field.name}: {field.python} = None"
    yield from ("x = b[p]", "p += 1", "if x == 2:")
    yield from _indented(_read_value(field, enums), 1)
    yield from ("elif x:", "    raise KeyError(x)")


def _read_value(field: Field, enums: Enums) -> Iterator[str]:
    name = f"f_{field.name}"
    if field.array:
        yield f"{name}, p = {_array(field, enums)}"
        return
    match field.kind:
        case "string" | "uuid":
            yield from (*TEXT, f"{name} = b[p:q].decode()", "p = q")
        case "int":
            yield from (*SMALL, "    if x >> 32:", "        raise OverflowError", f"{name} = (x >> 1) ^ -(x & 1)")
        case "long":
            yield from (*SMALL, f"{name} = (x >> 1) ^ -(x & 1)")
        case "time":
            yield from ("if COMPILED:", *_indented(ONE_BY_ONE, 1), "else:", *_indented(EIGHT_BYTES, 1), f"{name} = x")
        case "enum":
            yield from (f"{name} = {enums.symbols(field)}[b[p]]", "p += 1")
        case "double":
            yield from (f"{name} = read_double(b, p)", "p += 8")
        case "boolean":
            yield from (f"{name} = read_boolean(b, p)", "p += 1")


def _array(field: Field, enums: Enums) -> str:
    match field.kind:
        case "string" | "uuid":
            return "read_strings(b, p)"
        case "int":
            return "read_numbers(b, p, 32)"
        case "long" | "time":
            return "read_numbers(b, p, 64)"
        case "enum":
            return f"read_symbols(b, p, {enums.symbols(field)})"
    return f"read_{field.kind}s(b, p)"


def _locals(lines: list[str]) -> list[str]:
    """The types of the locals that these lines use: mypyc makes plain numbers of them."""
    return [f"{name}: int" for name in "xnq" if any(line.lstrip().startswith((f"{name} =", f"{name}, p")) for line in lines)]


def _indented(lines: Iterable[str], depth: int) -> list[str]:
    return ["    " * depth + line for line in lines]
