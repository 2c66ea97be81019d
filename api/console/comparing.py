"""Does a value meet a condition? Numbers are compared as numbers, times as times (a day is its midnight, UTC), all else as text.

A list meets a condition when one of its values does. A value that is not there, or null, meets `missing` alone; one that cannot
be compared with the text meets none but `ne`, and no more does a record within an event: its text would show what is masked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.console.selection import Condition

COMPARES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}


def holds(test: Condition, value: Any) -> bool:
    """Whether a value, None where there is none, meets a test."""
    if isinstance(value, list):
        return any(holds(test, each) for each in value) if test.op not in {"exists", "missing"} else (test.op == "exists")
    if value is None or test.op in {"exists", "missing"}:
        return (value is None) == (test.op == "missing")
    if isinstance(value, dict):
        return test.op == "ne"
    if test.op in {"contains", "prefix"}:
        return test.value in _text(value) if test.op == "contains" else _text(value).startswith(test.value)
    pair = _comparable(value, test.value)
    return test.op == "ne" if pair is None else COMPARES[test.op](*pair)


def _comparable(value: Any, text: str) -> tuple[Any, Any] | None:
    if isinstance(value, bool):
        return (_text(value), text) if text in {"true", "false"} else None
    if isinstance(value, int | float):
        try:
            said = Decimal(text)
        except InvalidOperation:
            return None
        return None if said.is_nan() or value != value else (Decimal(value), said)  # noqa: PLR0124  # what is no number
    at = moment(value)
    if at is not None and (asked := moment(text)) is not None:
        return at, asked
    return _text(value), text


def moment(text: Any) -> datetime | None:
    """The time that a text says, if it says one."""
    if not isinstance(text, str) or len(text) < 10 or not text[:4].isdigit():
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
