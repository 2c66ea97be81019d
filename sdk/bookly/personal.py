"""What is personal: the fields that the contracts mark with `pii`, and their values where they stand in text or data."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

STARS: Final = "***"
_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_IP = r"\b(?:\d{1,3}\.){3}\d{1,3}\b(?!:\d)"  # of a person's machine: a server of ours is named with its port
_ADDRESSES: Final = re.compile(f"{_MAIL}|{_IP}")


def personal_in(schema: Any) -> frozenset[str]:
    """The names of the fields that a schema, however deep in it, marks as personal (`pii`)."""
    if isinstance(schema, list):
        return frozenset().union(*map(personal_in, schema))
    if not isinstance(schema, dict):
        return frozenset()
    own = {schema["name"]} if schema.get("pii") and "name" in schema else set()
    return frozenset(own).union(*(personal_in(schema.get(part)) for part in ("fields", "type", "items", "values")))


@cache
def personal_names() -> frozenset[str]:
    """The names of all fields that the contracts mark: what is so called is personal wherever it stands."""
    from bookly.catalog import EVENTS  # noqa: PLC0415  # the schemas load with the first question

    return personal_in([json.loads(spec.schema) for spec in EVENTS.values()])


def values_hidden(text: str, event: Any) -> str:
    """The text of an exception, with each personal value of the event that it was raised for replaced."""
    return texts_hidden(text, [str(value) for name in personal_names() if (value := getattr(event, name, None))])


def texts_hidden(text: str, personal: Iterable[str]) -> str:
    """A text with each of these in it replaced; the longest first, for one may be in another."""
    for each in sorted(filter(None, personal), key=len, reverse=True):
        text = text.replace(each, STARS)
    return text


def hidden(value: Any) -> Any:
    """The same data with what is personal replaced: by its name in a mapping, in `name='...'` or `"name": "..."` of a text; and
    every mail or IP address.
    """
    if isinstance(value, dict):
        return {key: STARS if key in personal_names() and each is not None else hidden(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [hidden(each) for each in value]
    return _hidden_text(value) if isinstance(value, str) else value


def _hidden_text(text: str) -> str:
    return _ADDRESSES.sub(STARS, _named().sub(rf"\g<1>{STARS}", text))


@cache
def _named() -> re.Pattern[str]:
    names = "|".join(sorted(personal_names()))
    return re.compile(rf"""(\b(?:{names})["']?\s*[=:]\s*)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;)}}\]]+)""")
