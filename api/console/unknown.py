"""Names in a selection that no contract of ours has: where nothing is found, the reason may be a slip of the pen."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from api.console.decoding import TYPES
from api.console.fields import path_of
from api.console.timeline import reactions
from api.groups import READS, named
from bookly.catalog import EVENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from api.console.selection import Selection, Where


REASONS: Final = ("HANDLER_RAISED", "MALFORMED", "UNKNOWN_SCHEMA")


def unknown_names(selection: Selection) -> list[str]:
    """A sentence for each event and each field that is asked for and that our contracts do not have. Other schemas may."""
    known = {*TYPES, *TYPES.values()}
    fields = {".".join(path_of(test.name)) for test in selection.where.fields}
    return [
        *(_sentence("event", name, known) for name in selection.where.types if name not in known),
        *(_sentence("field", name, PATHS) for name in sorted(fields - PATHS)),
        *(_sentence(what, name, some) for what, name, some in _of_failures(selection.where) if name and name not in some),
    ]


def _of_failures(where: Where) -> Iterator[tuple[str, str, Collection[str]]]:
    yield "reason of dead letters", where.reason, REASONS
    yield "group", where.group, {named(group) for group in READS}
    yield "handler", where.handler, {name for groups in reactions().values() for names in groups.values() for name in names}


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
