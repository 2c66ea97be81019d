"""From an event to the bytes of its record: validated, encoded, keyed, measured. All before the broker hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bookly.contract import contract_of, known_contract, light
from bookly.errors import EventTooLarge, InvalidEvent
from bookly.payload import Circumstances, EventPayload
from bookly.tracing import is_traceparent

if TYPE_CHECKING:
    from bookly._event import Event
    from bookly.contract import Contract
    from bookly.records import Record

_ROOM_FOR_HEADERS = 4096


class Outgoing(NamedTuple):
    """A record as it goes to the broker, with its event's type and id for messages."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    event: str
    event_id: str


def written(event: Event | EventPayload[Any], source: str, circumstances: Circumstances) -> tuple[Contract, Record]:
    """The event as its codec takes it. A bare event gets its metadata; a payload has it already. Raises InvalidEvent."""
    if not circumstances or (len(circumstances) == 1 and isinstance(circumstances.get("actor"), str)):
        contract = known_contract(type(event))
        if contract is not None:  # nothing to check but the event, which checked itself: the short way
            stamp = contract.stamp(source, circumstances.get("actor"))
            return contract, contract.record_of(event, stamp)  # type: ignore[arg-type]  # a payload has no contract
    if isinstance(event, EventPayload):
        if circumstances:
            given = ", ".join(circumstances)
            raise InvalidEvent(event.metadata.type, given, "cannot be given again, the payload has its metadata already")
        payload = event
    else:
        for name in circumstances.keys() - Circumstances.__annotations__.keys():
            raise InvalidEvent(type(event).__name__, name, f"is none of {', '.join(Circumstances.__annotations__)}, traceparent")
        payload = EventPayload.of(event, source=source, **circumstances)
    contract = contract_of(type(payload.data))
    return contract, contract.record_of(payload.data, light(payload.metadata))


def outgoing(contract: Contract, record: Record, prefix: bytes, traceparent: str | None, limit: int) -> Outgoing:
    """The event's Kafka record. `prefix`: magic byte and schema id; `limit`: bytes. Raises InvalidEvent, EventTooLarge."""
    if traceparent is not None and not is_traceparent(traceparent):
        raise InvalidEvent(contract.name, "traceparent", "is no W3C trace context, 00-<32 digits>-<16 digits>-<2 digits>")
    key = getattr(record, contract.key_field)
    if not key:
        raise InvalidEvent(contract.name, contract.key_field, "is empty, but it is the record's key")
    value = prefix + contract.encode(record)  # raises InvalidEvent for what is text to Python but not to UTF-8
    metadata = record.metadata
    headers = contract.headers_of(metadata, key, traceparent)
    sent = Outgoing(contract.topic, key.encode(), value, headers, contract.type, metadata.event_id)
    if len(value) + 2 * len(sent.key) + _ROOM_FOR_HEADERS > limit:  # a header repeats the key
        refuse_too_large(sent, limit)
    return sent


def refuse_too_large(sent: Outgoing, limit: int) -> None:
    """Raises EventTooLarge if key, value and headers together are above the limit (bytes)."""
    size = len(sent.key) + len(sent.value) + sum(len(name) + len(value) for name, value in sent.headers)
    if size > limit:
        raise EventTooLarge(sent.event, sent.event_id, size, limit)
