"""From an event to the bytes of its record: validated, encoded, keyed, measured. All before the broker hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bookly._event import Event
from bookly.errors import EventTooLarge, InvalidEvent
from bookly.headers import Headers, headers_of, is_traceparent
from bookly.payload import Circumstances, EventPayload

if TYPE_CHECKING:
    from bookly.contract import Contract
    from bookly.settings import ProducerSettings


class Outgoing(NamedTuple):
    """A record as it goes to the broker, with its event's type and id for messages."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
    event: str
    event_id: str


def payload_of(event: Event | EventPayload[Event], source: str, circumstances: Circumstances) -> EventPayload[Event]:
    """A bare event gets its metadata; a payload has it already, and takes no more. Raises InvalidEvent."""
    if isinstance(event, EventPayload):
        if circumstances:
            raise TypeError(f"the payload has its metadata already: {', '.join(circumstances)} cannot be given again")
        return event
    return EventPayload.of(event, source=source, **circumstances)


def outgoing(
    payload: EventPayload[Event], contract: Contract, prefix: bytes, traceparent: str | None, settings: ProducerSettings
) -> Outgoing:
    """The record of an event. `prefix` is the magic byte and the schema id. Raises InvalidEvent and EventTooLarge."""
    if traceparent is not None and not is_traceparent(traceparent):
        raise InvalidEvent(contract.name, "traceparent", "is no W3C trace context, 00-<32 digits>-<16 digits>-<2 digits>")
    record = contract.record_of(payload.data, payload.metadata)
    key = getattr(record, contract.key_field)
    if not key:
        raise InvalidEvent(contract.name, contract.key_field, "is empty, but it is the record's key")
    try:
        value = prefix + contract.encode(record)
    except UnicodeEncodeError:
        raise InvalidEvent(contract.name, "", "a text holds half a character (a lone surrogate)") from None
    headers = headers_of(record.metadata, key, traceparent)
    sent = Outgoing(contract.topic, key.encode(), value, headers, contract.type, record.metadata.event_id)
    if len(value) + 4096 > settings.max_event_bytes:
        refuse_too_large(sent, settings.max_event_bytes)
    return sent


def refuse_too_large(sent: Outgoing, limit: int) -> None:
    """Raises EventTooLarge if key, value and headers together are above the limit (bytes)."""
    size = len(sent.key) + len(sent.value) + sum(len(name) + len(value) for name, value in sent.headers)
    if size > limit:
        raise EventTooLarge(sent.event, sent.event_id, size, limit)
