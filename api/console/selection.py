"""Which records are meant: places and conditions, as data that a plan keeps. Nothing in it is ever evaluated.

All conditions must hold; of several keys, or types, one has to. Whatever looks like code in a value is text.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from api.refusing import Refusal

Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "contains", "prefix", "exists", "missing"]
SIGNS: Final[dict[str, Op]] = {
    "!=": "ne",
    ">=": "ge",
    "<=": "le",
    "=": "eq",
    ">": "gt",
    "<": "lt",
    "~": "contains",
    "^": "prefix",
}
_TEST: Final = re.compile(
    r"(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)(?:(?P<sign>!=|>=|<=|=|>|<|~|\^)(?P<value>.*)|(?P<only>[?!]))", re.DOTALL
)
_TRACE: Final = re.compile(r"[0-9a-f]{32}")


class Unselectable(Refusal):
    """What was asked for is no selection; the message says what is wrong and how it is said."""

    kept = "what was asked for is no selection"


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a field by its path (`data.` may be left out) or of a header by its name, against a text."""

    name: str
    op: Op
    value: str = ""


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Conditions on a record. `keys`: bytes that are no UTF-8 as surrogates (PEP 383). `types`: names or routing keys of events.

    `trace`, `correlation`: ids in its headers. `reason`, `group`, `handler`: of a dead letter.
    """

    keys: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    fields: tuple[Condition, ...] = ()
    headers: tuple[Condition, ...] = ()
    trace: str = ""
    correlation: str = ""
    reason: str = ""
    group: str = ""
    handler: str = ""


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`first`, `end`: offsets, in each partition that is named (all, where none is). `since`, `until`: the records' timestamps
    in milliseconds since 1970; both ranges go from the first up to, and without, the last.
    """

    topics: tuple[str, ...]
    partitions: tuple[int, ...] = ()
    first: int | None = None
    end: int | None = None
    since: int | None = None
    until: int | None = None
    where: Where = Where()


def parsed_condition(text: str) -> Condition:
    """`status=PENDING`, `attendees>=20`, `reason?` (it is there), `waitlist_id!` (it is not). Raises Unselectable."""
    match = _TEST.fullmatch(text)
    if match is None:
        raise Unselectable(
            f"{text!r} is no condition: say NAME=VALUE, or != < <= > >= ~ (contains) ^ (begins with); NAME? where it is to be "
            "there, NAME! where not"
        )
    if match["only"]:
        return Condition(match["name"], "exists" if match["only"] == "?" else "missing")
    return Condition(match["name"], SIGNS[match["sign"]], match["value"])


def checked(selection: Selection) -> Selection:
    """As it is. Raises Unselectable for one that could mean nothing, or two things."""
    if not selection.topics:
        raise Unselectable("name a topic, at least")
    if any(number < 0 for number in (*selection.partitions, selection.first or 0, selection.end or 0)):
        raise Unselectable("partitions and offsets count from 0")
    for name, first, last in (("offset", selection.first, selection.end), ("time", selection.since, selection.until)):
        if first is not None and last is not None and last <= first:
            raise Unselectable(f"the {name} where it begins lies behind the one where it ends: nothing could be between them")
    if selection.where.trace and not _TRACE.fullmatch(selection.where.trace):
        raise Unselectable(f"{selection.where.trace!r} is no trace id: 32 digits of 0-9a-f, the second part of a traceparent")
    return selection


def shown(selection: Selection) -> dict[str, Any]:
    """As JSON has it, without what was not said."""
    found: dict[str, Any] = msgspec.to_builtins(selection)
    return found
