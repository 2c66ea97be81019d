"""What a form of the console says, and who sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import parse_qs

from fastapi import Depends, Request

from api.console.acting import Actor
from api.console.selection import Condition, Selection, Unselectable, Where, checked, parsed_condition
from api.console.times import parsed
from api.groups import named
from api.http.page.signing import refuse_others
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import LOOK
from api.http.security.principals import Asker

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FIELDS: Final = 50


async def _actor(edge: TheEdge, who: Annotated[Asker, Depends(Guard(LOOK))]) -> Actor:
    return Actor(who.user_id, who.principal.permissions, edge.trail)


Acting = Annotated[Actor, Depends(_actor)]


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form that our own page sent. Raises Forbidden, Unselectable."""
    refuse_others(request)
    try:
        found = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Unselectable("the form has more fields than this page sends") from None
    return {name: values[-1] if name == "key" else values[-1].strip() for name, values in found.items()}


def selection_of(said: Mapping[str, str]) -> Selection:
    """The same conditions as on the command line; an empty field says nothing. Raises Unselectable."""
    where = Where(
        _several(said, "key"),
        _several(said, "type"),
        _tests(said, "field"),
        _tests(said, "header"),
        said.get("trace", ""),
        said.get("correlation", ""),
        said.get("reason", ""),
        named(said.get("of_group", "")),
        said.get("handler", ""),
    )
    partitions = tuple(_whole(text, "partition") for text in _several(said, "partition"))
    first, end = (_whole(said[name], "offset") if said.get(name) else None for name in ("first", "end"))
    since, until = (parsed(said[name]) if said.get(name) else None for name in ("since", "until"))
    return checked(Selection(_several(said, "topic"), partitions, first, end, since, until, where))


def number(said: Mapping[str, str], name: str, default: int) -> int:
    """Raises Unselectable."""
    return _whole(said[name], name) if said.get(name) else default


def _several(said: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in said.get(name, "").split(",")) if part)


def _tests(said: Mapping[str, str], name: str) -> tuple[Condition, ...]:
    """One a line."""
    return tuple(parsed_condition(text.strip()) for text in said.get(name, "").replace("\r", "").split("\n") if text.strip())


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Unselectable(f"{what} is {text!r}: it must be a whole number")
    return int(text)
