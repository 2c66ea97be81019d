"""Personal fields are shown as stars, unless somebody may see them and has said why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.console.fields import PERSONAL
from bookly.personal import STARS, texts_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from api.console.decoding import Event


def masked(event: Event) -> Mapping[str, Any] | None:
    """The event's body with the value of each field replaced that its schema, or our contracts, mark as personal (`pii`)."""
    if event.body is None or event.schema is None:
        return None
    parsed = event.schema.parsed  # in it each type has its full name, however the text spells it
    found: Mapping[str, Any] = _masked(event.body, parsed, _named(parsed))
    return found


def scrubbed(text: str, event: Event) -> str:
    """What a handler said of an event, with stars for each text that they stand for in the event itself."""
    return texts_hidden(text, _hidden(event.body, masked(event)))


def _hidden(value: Any, shown: Any) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(shown, dict):
        for name, each in value.items():
            yield from _hidden(each, shown[name])
    elif isinstance(value, list) and isinstance(shown, list):
        for each, other in zip(value, shown, strict=True):
            yield from _hidden(each, other)
    elif value != shown:
        yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def is_personal(event: Event) -> bool:
    """Whether anything of it is masked."""
    return event.body is not None and masked(event) != event.body


def _masked(value: Any, schema: Any, named: Mapping[str, Any]) -> Any:
    if isinstance(schema, str):
        schema = named.get(schema, schema)
    if isinstance(schema, list):
        return _of_union(value, schema, named)
    if not isinstance(schema, dict):
        return value
    kind = schema.get("type")
    if kind == "record" and isinstance(value, dict):
        fields = {field["name"]: field for field in schema["fields"]}
        return {name: _field(each, fields[name], named) if name in fields else each for name, each in value.items()}
    if kind == "array" and isinstance(value, list):
        return [_masked(each, schema["items"], named) for each in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _masked(each, schema["values"], named) for key, each in value.items()}
    return _masked(value, kind, named) if isinstance(kind, dict | list) or kind in named else value


def _field(value: Any, field: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    if field.get("pii") or field["name"] in PERSONAL:
        return None if value is None else STARS
    return _masked(value, field["type"], named)


def _of_union(value: Any, branches: list[Any], named: Mapping[str, Any]) -> Any:
    """Every branch has its say: a field that is personal in one of them is."""
    for branch in branches:
        value = _masked(value, branch, named)
    return value


def _named(schema: Any) -> dict[str, Any]:
    """Every named type that a parsed schema declares, by its full name."""
    if isinstance(schema, list):
        return {name: each for branch in schema for name, each in _named(branch).items()}
    if not isinstance(schema, dict):
        return {}
    own = {schema["name"]: schema} if schema.get("type") == "record" else {}
    parts = [*(field["type"] for field in schema.get("fields", ())), *(schema.get(part) for part in ("items", "values", "type"))]
    return own | {name: each for part in parts for name, each in _named(part).items()}
