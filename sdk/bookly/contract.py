"""What is generated for one event, gathered: its class to publish, its light record, its encoder, its place."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

from bookly.errors import InvalidEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly._event import Event
    from bookly.payload import Metadata
    from bookly.records import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = (str, int, float, bool, type(None))


class Contract:
    """One event's contract in this version of the SDK."""

    __slots__ = ("encode", "key_field", "name", "record", "topic", "translated", "type", "version")

    def __init__(self, event: type[Event], record: type[Record], encode: Callable[[Any], bytes]) -> None:
        self.name = event.__name__
        self.type, self.version = record.TYPE, record.VERSION
        self.topic, self.key_field = record.TOPIC, record.KEY_FIELD
        self.record, self.encode = record, encode
        self.translated = [name for name, field in event.model_fields.items() if not _is_plain(field.annotation)]

    def record_of(self, data: Event, metadata: Metadata) -> Record:
        """The light record of an event: times as microseconds, enums as their symbols."""
        values = dict(data.__dict__)
        for name in self.translated:
            values[name] = _plain(values[name])
        return self.record(**values, metadata=_light(metadata))  # type: ignore[call-arg]  # both are generated from one contract


@cache
def contract_of(event: type[Event]) -> Contract:
    """The contract of an event class. Raises InvalidEvent for a class that no schema stands behind."""
    from bookly.records import ENCODERS  # noqa: PLC0415  # the generated codec loads with the first event, not with the package

    _, _, domain = event.__module__.rpartition(".")
    try:
        record = getattr(import_module(f"bookly.records.{domain}"), event.__name__)
        return Contract(event, record, ENCODERS[record])
    except (ImportError, AttributeError, KeyError):
        raise InvalidEvent(event.__name__, "", "is no event of this SDK's contracts; use a class of bookly.events") from None


def micros(time: datetime) -> int:
    """Microseconds since 1970 (UTC), exactly."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _light(metadata: Metadata) -> Any:
    from bookly.records.envelope import Metadata as LightMetadata  # noqa: PLC0415

    return LightMetadata(
        event_id=str(metadata.event_id),
        type=metadata.type,
        source=metadata.source,
        occurred_at=micros(metadata.occurred_at),
        correlation_id=str(metadata.correlation_id),
        causation_id=None if metadata.causation_id is None else str(metadata.causation_id),
        version=metadata.version,
        actor=metadata.actor,
    )


def _is_plain(annotation: Any) -> bool:
    return annotation in _PLAIN or (bool(get_args(annotation)) and all(map(_is_plain, get_args(annotation))))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return micros(value)
        case Enum():
            return value.value
        case list() | tuple():
            return [_plain(item) for item in value]
        case None | str() | int() | float():
            return value
    return str(value)  # a UUID
