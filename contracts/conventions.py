"""What a schema file may say. A word that nobody knows is refused: a misspelt `pii` would protect no one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

TIME = {"type": "long", "logicalType": "timestamp-micros"}
SCALARS: tuple[Any, ...] = ("string", "int", "long", "double", "boolean", TIME, {"type": "string", "logicalType": "uuid"})
PERSONAL = {"email", "full_name", "ip"}
RECORD_KEYS = {"type", "name", "namespace", "doc", "fields"}
ENUM_KEYS = {"type", "name", "namespace", "doc", "symbols", "default"}
FIELD_KEYS = {"name", "type", "doc"}
OPTIONAL_FIELD_KEYS = {"default", "pii"}
FIELD_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SYMBOL = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def refuse_record(path: Path, schema: Mapping[str, Any], namespace: str, enums: Collection[str]) -> None:
    """Raise ContractError, with the file, the field and what to do, where a record breaks a convention."""
    _refuse_head(path, schema, "record", RECORD_KEYS, namespace)
    names = [_field_name(path, field) for field in schema["fields"]]
    for name, field in zip(names, schema["fields"], strict=True):
        place = f"{path}, field {name}"
        if names.count(name) > 1:
            raise ContractError(f"{place}: stands twice; keep one")
        _refuse_keys(place, field, FIELD_KEYS, OPTIONAL_FIELD_KEYS)
        _refuse_undocumented(place, field)
        _refuse_type(place, field, enums)
        _refuse_name(place, name, _unwrapped(field["type"]))
        if field.get("pii", False) is not (name in PERSONAL):
            raise ContractError(f'{place}: "pii": true stands on {", ".join(sorted(PERSONAL))} and on nothing else')


def refuse_enum(path: Path, schema: Mapping[str, Any]) -> None:
    """Raise ContractError where a shared enum breaks a convention: UNKNOWN is what an old reader makes of a new symbol."""
    _refuse_head(path, schema, "enum", ENUM_KEYS, "bookly")
    symbols = schema["symbols"]
    for symbol in symbols:
        if not SYMBOL.fullmatch(symbol) or symbols.count(symbol) > 1:
            raise ContractError(f"{path}: the symbol {symbol!r} is not in upper case, or stands twice")
    if schema["default"] != "UNKNOWN" or "UNKNOWN" not in symbols:
        raise ContractError(f"{path}: every enum has the symbol UNKNOWN and it as its default")


def class_name(stem: str) -> str:
    """reservation_created -> ReservationCreated."""
    return "".join(part.capitalize() for part in stem.split("_"))


def _refuse_head(path: Path, schema: Mapping[str, Any], kind: str, keys: set[str], namespace: str) -> None:
    _refuse_keys(str(path), schema, keys)
    if schema["type"] != kind:
        raise ContractError(f"{path}: the type is {kind}, not {schema['type']!r}")
    name = class_name(path.stem)
    if (schema["namespace"], schema["name"]) != (namespace, name):
        raise ContractError(f"{path}: the {kind} must be called {namespace}.{name}, as its file is")
    _refuse_undocumented(str(path), schema)


def _refuse_keys(place: str, said: Mapping[str, Any], needed: set[str], optional: Collection[str] = ()) -> None:
    for key in sorted(needed - said.keys()):
        raise ContractError(f"{place}: {key!r} is missing; add it")
    for key in sorted(said.keys() - needed - set(optional)):
        raise ContractError(f"{place}: {key!r} is unknown; known are {', '.join(sorted({*needed, *optional}))}")


def _refuse_undocumented(place: str, said: Mapping[str, Any]) -> None:
    if not isinstance(said["doc"], str) or not said["doc"].strip().endswith("."):
        raise ContractError(f"{place}: 'doc' must be a sentence that says what it is, with a full stop")


def _field_name(path: Path, field: Any) -> str:
    name = field.get("name") if isinstance(field, dict) else None
    if not isinstance(name, str) or not FIELD_NAME.fullmatch(name) or name == "metadata":
        raise ContractError(f"{path}, field {name!r}: a name is in lower case with underscores, and not 'metadata'")
    return name


def _refuse_type(place: str, field: Mapping[str, Any], enums: Collection[str]) -> None:
    kind = field["type"]
    if isinstance(kind, list):
        if len(kind) != 2 or kind[0] != "null":
            raise ContractError(f"{place}: a union is [null, T] and nothing else")
        if field.get("default", ...) is not None:
            raise ContractError(f'{place}: what may be null has "default": null; add it')
    kind = _unwrapped(kind)
    item = kind["items"] if isinstance(kind, dict) and kind.keys() == {"type", "items"} and kind["type"] == "array" else kind
    if item not in SCALARS and not (isinstance(item, str) and item in enums):
        raise ContractError(f"{place}: no such type {item!r}; see the allowed ones, and the enums in schemas/types")


def _refuse_name(place: str, name: str, kind: Any) -> None:
    if name.endswith("_at") is not (kind == TIME):
        raise ContractError(f"{place}: a time is timestamp-micros and its name ends in _at, and no other does")
    if name.endswith("_minutes") and kind not in ("int", "long"):
        raise ContractError(f"{place}: minutes are an int or a long")


def _unwrapped(kind: Any) -> Any:
    """T of [null, T]."""
    return kind[-1] if isinstance(kind, list) and kind else kind
