"""The fields of a record schema, as the generators see them: what they are called, what they hold, what they default to."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, replace
from typing import Any, Final

from contracts.errors import ContractError

REQUIRED: Final = object()
_LOGICAL = {("string", "uuid"): "uuid", ("long", "timestamp-micros"): "time"}
_PLAIN = {"string", "int", "long", "double", "boolean"}
_PYTHON = {
    "string": "str",
    "uuid": "str",
    "enum": "str",
    "int": "int",
    "long": "int",
    "time": "int",
    "double": "float",
    "boolean": "bool",
}
LARGEST_ENUM = 64  # an index of one byte
TAKEN = {"metadata", "self", *keyword.kwlist}  # names that the generated classes need


@dataclass(frozen=True)
class Field:
    """One field. `kind` is string, uuid, enum, int, long, time, double or boolean, of each item where it is an array."""

    name: str
    kind: str
    nullable: bool = False
    array: bool = False
    enum: str = ""
    symbols: tuple[str, ...] = ()
    default: Any = REQUIRED
    doc: str = ""
    pii: bool = False

    @property
    def python(self) -> str:
        """The annotation of the attribute on the light record."""
        item = _PYTHON[self.kind]
        value = f"list[{item}]" if self.array else item
        return f"{value} | None" if self.nullable else value

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def avro(self) -> str:
        """The type in words, for documents."""
        words = {"time": "timestamp-micros", "enum": self.enum.rpartition(".")[2]}.get(self.kind, self.kind)
        words = f"array of {words}" if self.array else words
        return f"{words} or null" if self.nullable else words


def fields_of(record: dict[str, Any]) -> tuple[Field, ...]:
    """The fields of a self-contained record schema, in order. Raises ContractError for a type that there is no code for."""
    named: dict[str, Any] = {}
    return tuple(_field(field, named, f"{record['name']}.{field['name']}") for field in record["fields"])


def constructor_order(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Required fields first, each half in the order of the wire."""
    return tuple(sorted(fields, key=lambda field: not field.required))


def _field(declared: dict[str, Any], named: dict[str, Any], place: str) -> Field:
    kind = declared["type"]
    if declared["name"] in TAKEN:
        raise ContractError(f"{place}: this name is taken in the generated classes; choose another")
    nullable = isinstance(kind, list)
    if nullable:
        if len(kind) != 2 or kind[0] != "null":
            raise ContractError(f"{place}: a union is [null, T] and nothing else")
        kind = kind[1]
    field = _value(declared["name"], kind, named, place)
    default = declared.get("default", REQUIRED)
    return replace(field, nullable=nullable, default=default, doc=declared.get("doc", ""), pii=bool(declared.get("pii")))


def _value(name: str, kind: Any, named: dict[str, Any], place: str) -> Field:
    if isinstance(kind, str) and kind in named:
        kind = named[kind]
    if isinstance(kind, str):
        kind = {"type": kind}
    match kind:
        case {"type": "array", "items": items}:
            item = _value(name, items, named, place)
            if item.array:
                raise ContractError(f"{place}: an array of arrays")
            return replace(item, array=True)
        case {"type": "enum", "name": short, "symbols": symbols}:
            full = short if "." in short else f"{kind.get('namespace', 'bookly')}.{short}"
            named[full] = kind
            if len(symbols) > LARGEST_ENUM:
                raise ContractError(f"{place}: {full} has more than {LARGEST_ENUM} symbols")
            return Field(name, "enum", enum=full, symbols=tuple(symbols))
        case {"type": plain} if isinstance(plain, str) and (known := _LOGICAL.get((plain, kind.get("logicalType", "")))):
            return Field(name, known)
        case {"type": plain} if plain in _PLAIN and "logicalType" not in kind:
            return Field(name, plain)
    raise ContractError(f"{place}: no code for the type {kind!r}")
