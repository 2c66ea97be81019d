"""Fields of an event by their paths: in its body, in the schema that it was written with, and whether they are personal."""

from __future__ import annotations

from typing import Any, Final

from bookly.personal import personal_in, personal_names

__all__ = ["PERSONAL", "path_of", "personal_in", "type_at", "value_at"]

Path = tuple[str, ...]


def path_of(name: str) -> Path:
    """`data.` may be left out."""
    first, *rest = name.split(".")
    return (first, *rest) if first in {"metadata", "data"} else ("data", first, *rest)


def value_at(body: Any, path: Path) -> Any:
    """None where there is none. Of a list, what is there in any of its parts."""
    for depth, name in enumerate(path):
        if isinstance(body, list):
            found = [each for part in body if (each := value_at(part, path[depth:])) is not None]
            return found or None
        body = body.get(name) if isinstance(body, dict) else None
    return body


def type_at(schema: Any, path: Path) -> Any:
    """What a schema says of the field's type, `null` aside, where each step of its path is a field of a record; else None."""
    for name in path:
        if not isinstance(schema, dict) or schema.get("type") != "record":
            return None
        schema = next((field["type"] for field in schema["fields"] if field["name"] == name), None)
        if isinstance(schema, list) and len(branches := [each for each in schema if each != "null"]) == 1:
            (schema,) = branches
    return schema


def is_recursive(schema: Any, within: frozenset[str] = frozenset()) -> bool:
    """Whether a type of a parsed schema, in which each has its full name, has itself in it."""
    if isinstance(schema, str):
        return schema in within
    if isinstance(schema, list):
        return any(is_recursive(branch, within) for branch in schema)
    if schema.get("type") in {"record", "error"}:
        inner = within | {schema["name"]}
        return any(is_recursive(field["type"], inner) for field in schema["fields"])
    return any(is_recursive(schema[part], within) for part in ("items", "values", "type") if part in schema)


# A schema that somebody registered anew without the marks hides nothing less.
PERSONAL: Final = personal_names()
