"""Names in a selection that no contract of ours has: where nothing is found, the reason may be a slip of the pen."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from api.console.decoding import TYPES
from api.console.fields import path_of
from bookly.catalog import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from api.console.selection import Selection


def unknown_names(selection: Selection) -> list[str]:
    """A sentence for each event and each field that is asked for and that our contracts do not have. Other schemas may."""
    known = {*TYPES, *TYPES.values()}
    fields = {".".join(path_of(test.name)) for test in selection.where.fields}
    return [
        *(_sentence("event", name, known) for name in selection.where.types if name not in known),
        *(_sentence("field", name, PATHS) for name in sorted(fields - PATHS)),
    ]


def _sentence(what: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 3)
    return f"our contracts have no {what} {name}" + (f"; they have {' and '.join(near)}" if near else "")


def _paths(schema: Any, path: str = "") -> Iterator[str]:
    """Of every field at any depth; lists are passed through, as conditions pass through them."""
    if path:
        yield path
    if isinstance(schema, list):
        for branch in schema:
            yield from _paths(branch, path)
    elif isinstance(schema, dict):
        for field in schema.get("fields", ()):
            yield from _paths(field["type"], f"{path}.{field['name']}".lstrip("."))
        if schema.get("type") == "array":
            yield from _paths(schema["items"], path)


PATHS: Final = frozenset(path for spec in EVENTS.values() for path in _paths(json.loads(spec.schema)))
