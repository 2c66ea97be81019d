"""The life of one reservation: every event that names it, on any topic, and what each group that reads it has done with it.

With them what caused them, what they caused, and what became of the place in the queue that it took: events that name no
reservation, or (what caused them) more than this one.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.console.kin import in_order, related
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

TOPICS_OF_EVENTS: Final = tuple(dict.fromkeys(topic for topics in TOPICS.values() for topic in topics))


NAMES_IT: Final = "names it"


class Deed(msgspec.Struct, frozen=True):
    """What a group did with an event. `state`: applied, read without a handler, waits, given up, not reached.

    `failed`: why, where it did.
    """

    group: str
    handlers: list[str]
    state: str
    failed: str = ""


class Moment(msgspec.Struct, frozen=True):
    """One event of the life. `cause`: the id of the event that brought it about. `why`: names it, or how it is related."""

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
    why: str = NAMES_IT


@cache
def reactions() -> Mapping[str, Mapping[str, list[str]]]:
    """The handlers of each event by group, as the contracts' generator wrote them down."""
    handlers: dict[str, dict[str, list[str]]] = json.loads(files("api.console").joinpath("reactions.json").read_text())
    return handlers


def life(brokers: str, decoding: Decoding, reservation_id: str, progress: Callable[[int], None] = lambda _: None) -> list[Moment]:
    """In the order in which it happened; of one instant, causes go before what came of them. Empty where nobody names it.

    Raises BrokerUnavailable, RegistryUnavailable, UnknownTable.
    """
    asked = Selection(TOPICS_OF_EVENTS, where=Where(fields=(Condition("reservation_id", "eq", reservation_id),)))
    spans = spans_of(brokers, asked)
    own = list(search(brokers, decoding, asked, spans, progress=progress))
    if not own:
        return []
    all_of_them = [(one, NAMES_IT) for one in own] + related(brokers, decoding, own, spans)
    readers = {group for group, topics in TOPICS.items() if any(one.topic in topics for one, _ in all_of_them)}
    standings = {group: read_standing(brokers, group) for group in sorted(readers)}
    failures = {group: _failures(brokers, group) for group in standings}
    return in_order([_moment(one, why, decoding, standings, failures) for one, why in all_of_them])


def _moment(
    one: Found, why: str, decoding: Decoding, standings: Mapping[str, Standing], failures: Mapping[str, Mapping[Place, str]]
) -> Moment:
    event = decoding.event(one)
    said = (event.body or {}).get("metadata")
    about = said if isinstance(said, dict) else {}
    handled = reactions().get(event.type, {})
    place = one.topic, one.partition, one.offset
    deeds = [
        Deed(group, handled.get(group, []), _state(one, standing, handled.get(group)), failures[group].get(place, ""))
        for group, standing in standings.items()
        if one.topic in TOPICS[group]
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
        why,
    )


def _state(one: Found, standing: Standing, handlers: list[str] | None) -> str:
    verdict = standing.verdict(one)
    if verdict == "applied":
        return "applied" if handlers else "read, no handler"
    return {"ahead": "not reached", "waiting": "waits", "to apply": "given up"}[verdict]


def _headers(message: Any) -> dict[str, str]:
    return {name: (value or b"").decode(errors="backslashreplace") for name, value in message.headers() or ()}


def _failures(brokers: str, group: str) -> dict[Place, str]:
    """By the place of what failed, the last reason."""
    failed: dict[Place, str] = {}
    for message in read_log(brokers, f"bookly.{group}.dead"):
        said = _headers(message)
        try:
            place = said["dead.topic"], int(said["dead.partition"]), int(said["dead.offset"])
        except (KeyError, ValueError):
            continue  # of nobody's making here
        failed[place] = f"{said.get('dead.reason')} in {said.get('dead.handler') or 'decoding'}, {said.get('dead.attempt')} times"
    return failed
