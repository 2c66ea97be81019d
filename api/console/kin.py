"""What belongs to the events of one reservation without naming it, and the order in which all of them happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.console.fields import value_at
from api.console.reading import found, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from api.console.decoding import Decoding
    from api.console.found import Found, Span
    from api.console.timeline import Moment

ID, CAUSE = ("metadata", "event_id"), ("metadata", "causation_id")
RESERVATION, QUEUED = ("data", "reservation_id"), ("data", "waitlist_id")


def related(brokers: str, decoding: Decoding, own: Sequence[Found], spans: Sequence[Span]) -> list[tuple[Found, str]]:
    """What the spans hold besides the own events: their causes, and, of what names no other reservation, what came of them and
    what there is of the places in the queue that they name.

    Raises BrokerUnavailable, RegistryUnavailable.
    """
    bodies = [decoding.event(one).body for one in own]
    ids, causes, queued, names = (_texts(bodies, path) for path in (ID, CAUSE, QUEUED, RESERVATION))
    needles = [text.encode() for text in ids | causes | queued]
    places = {(one.topic, one.partition, one.offset) for one in own}
    kin = []
    for batch in read(brokers, spans):
        for message in batch:
            value = message.value()
            if value is None or not any(needle in value for needle in needles):
                continue
            one = found(message)
            if (one.topic, one.partition, one.offset) not in places:
                why = _why(decoding.event(one).body, ids, causes, queued, names)
                kin += [(one, why)] if why else []
    return kin


def in_order(moments: Sequence[Moment]) -> list[Moment]:
    """As they happened; of one instant, causes before what came of them."""
    causes = {moment.id: moment.cause for moment in moments}

    def depth(moment: Moment) -> int:
        seen, cause = {moment.id}, moment.cause
        while cause in causes and cause not in seen:
            seen.add(cause)
            cause = causes[cause]
        return len(seen)

    return sorted(moments, key=lambda moment: (moment.at, depth(moment), moment.topic, moment.partition, moment.offset))


def _why(body: Any, ids: set[str], causes: set[str], queued: set[str], names: set[str]) -> str:
    if str(value_at(body, ID)) in causes:
        return "its cause"
    about = value_at(body, RESERVATION)
    if about is not None and str(about) not in names:
        return ""  # of another one's life
    if str(value_at(body, CAUSE)) in ids:
        return "came of it"
    return "its place in the queue" if str(value_at(body, QUEUED)) in queued else ""


def _texts(bodies: Iterable[Any], path: tuple[str, str]) -> set[str]:
    return {str(text) for body in bodies if (text := value_at(body, path))}
