"""The life of one reservation: every event that names it, on any topic, and what each group that reads it has done with it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.console.masking import masked
from api.console.reading import spans_of
from api.console.searching import search
from api.console.selection import Condition, Selection, Where
from api.console.standing import read_standing
from api.groups import TOPICS
from api.tables import read_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.console.decoding import Decoding
    from api.console.found import Found
    from api.console.standing import Place, Standing

EVENTS: Final = tuple(dict.fromkeys(topic for topics in TOPICS.values() for topic in topics))


class Deed(msgspec.Struct, frozen=True):
    """What a group did with an event. `state`: applied, waits, given up, not reached. `failed`: why, where it did."""

    group: str
    handlers: list[str]
    state: str
    failed: str = ""


class Moment(msgspec.Struct, frozen=True):
    """One event of the life. `cause`: the id of the event that brought it about."""

    at: str
    type: str
    id: str
    cause: str
    source: str
    topic: str
    partition: int
    offset: int
    body: Any
    deeds: list[Deed]


@cache
def reactions() -> Mapping[str, Mapping[str, list[str]]]:
    """The handlers of each event by group, as the contracts' generator wrote them down."""
    found: dict[str, dict[str, list[str]]] = json.loads(files("api.console").joinpath("reactions.json").read_text())
    return found


def life(brokers: str, decoding: Decoding, reservation_id: str, progress: Callable[[int], None] = lambda _: None) -> list[Moment]:
    """In the order in which it happened; events of one moment as their cause goes before them. Empty where nobody names it.

    Raises BrokerUnavailable, RegistryUnavailable, UnknownTable.
    """
    asked = Selection(EVENTS, where=Where(fields=(Condition("reservation_id", "eq", reservation_id),)))
    found = list(search(brokers, decoding, asked, spans_of(brokers, asked), progress=progress))
    if not found:
        return []
    readers = {group for group, topics in TOPICS.items() if any(one.topic in topics for one in found)}
    standings = {group: read_standing(brokers, group) for group in sorted(readers)}
    failures = {group: _failures(brokers, group) for group in standings}
    moments = [_moment(one, decoding, standings, failures) for one in found]
    return sorted(moments, key=lambda moment: (moment.at, moment.cause != "", moment.topic, moment.partition, moment.offset))


def _moment(
    found: Found, decoding: Decoding, standings: Mapping[str, Standing], failures: Mapping[str, Mapping[Place, str]]
) -> Moment:
    event = decoding.event(found)
    about = (event.body or {}).get("metadata", {})
    handled = reactions().get(event.type, {})
    place = found.topic, found.partition, found.offset
    deeds = [
        Deed(group, handled.get(group, []), _state(found, standing, handled.get(group)), failures[group].get(place, ""))
        for group, standing in standings.items()
        if found.topic in TOPICS[group]
    ]
    return Moment(
        str(about.get("occurred_at", "")),
        event.type,
        str(about.get("event_id", "")),
        str(about.get("causation_id") or ""),
        str(about.get("source", "")),
        *place,
        (masked(event) or {}).get("data"),
        deeds,
    )


def _state(found: Found, standing: Standing, handlers: list[str] | None) -> str:
    verdict = standing.verdict(found)
    if verdict == "applied":
        return "applied" if handlers else "read, no handler"
    return {"ahead": "not reached", "waiting": "waits", "to apply": "given up"}[verdict]


def _headers(message: Any) -> dict[str, str]:
    return {name: (value or b"").decode(errors="backslashreplace") for name, value in message.headers() or ()}


def _failures(brokers: str, group: str) -> dict[Place, str]:
    """By the place of what failed, the last reason."""
    found: dict[Place, str] = {}
    for message in read_log(brokers, f"bookly.{group}.dead"):
        said = _headers(message)
        try:
            place = said["dead.topic"], int(said["dead.partition"]), int(said["dead.offset"])
        except (KeyError, ValueError):
            continue  # of nobody's making here
        found[place] = f"{said.get('dead.reason')} in {said.get('dead.handler') or 'decoding'}, {said.get('dead.attempt')} times"
    return found
