"""What is generated for one event, gathered: its class to publish, its light record, its encoder, its place."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from functools import cache
from importlib import import_module
from operator import itemgetter
from time import time_ns
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from bookly.errors import InvalidEvent
from bookly.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookly._event import Event
    from bookly.payload import Metadata
    from bookly.records import Record
    from bookly.records.envelope import Metadata as Light

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = {str, int, float, bool}


class Contract:
    """One event's contract in this version of the SDK."""

    __slots__ = ("encode", "key_field", "name", "others", "pick", "record", "times", "topic", "type", "version")

    def __init__(self, event: type[Event], record: type[Record], encode: Callable[[Any], bytes]) -> None:
        self.name = event.__name__
        self.type, self.version = record.TYPE, record.VERSION
        self.topic, self.key_field = record.TOPIC, record.KEY_FIELD
        self.record, self.encode = record, encode
        fields = sorted(event.model_fields.items(), key=lambda item: not item[1].is_required())  # as the record takes them
        kinds = [_kind(field.annotation) for _, field in fields]
        self.pick = _picker([name for name, _ in fields])
        self.times = [place for place, kind in enumerate(kinds) if kind <= {datetime}]
        self.others = [place for place, kind in enumerate(kinds) if not kind <= {datetime} and not kind <= _PLAIN]

    def record_of(self, data: Event, metadata: Light) -> Record:
        """The light record of an event: times as microseconds, enums as their symbols."""
        values = [*self.pick(data.__dict__), metadata]
        for place in self.times:
            time = values[place]
            values[place] = None if time is None else micros(time)
        for place in self.others:
            values[place] = _plain(values[place])
        return self.record(*values)

    def stamp(self, source: str, actor: str | None) -> Light:
        """Metadata of an event that happens now and begins a chain: what EventPayload.of fills in, without its checks."""
        own_id = new_id()
        return light_metadata()(own_id, self.type, source, time_ns() // 1000, own_id, self.version, None, actor)


def contract_of(event: type[Event]) -> Contract:
    """The contract of an event class. Raises InvalidEvent for a class that no schema stands behind."""
    from bookly.records import ENCODERS  # noqa: PLC0415  # the generated codec loads with the first event, not with the package

    _, _, domain = event.__module__.rpartition(".")
    if contract := _contracts.get(event):
        return contract
    try:
        record = getattr(import_module(f"bookly.records.{domain}"), event.__name__)
        contract = _contracts[event] = Contract(event, record, ENCODERS[record])
    except (ImportError, AttributeError, KeyError):
        raise InvalidEvent(event.__name__, "", "is no event of this SDK's contracts; use a class of bookly.events") from None
    return contract


_contracts: dict[type, Contract] = {}
known_contract = _contracts.get  # of a class that was published before; None for any other, a payload's included


def micros(time: datetime) -> int:
    """Microseconds since 1970 (UTC), exactly."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def light(metadata: Metadata) -> Light:
    """Metadata as the codec takes it."""
    causation = metadata.causation_id
    return light_metadata()(
        str(metadata.event_id),
        metadata.type,
        metadata.source,
        micros(metadata.occurred_at),
        str(metadata.correlation_id),
        metadata.version,
        None if causation is None else str(causation),
        metadata.actor,
    )


@cache
def light_metadata() -> type[Light]:
    """The codec's own class; it loads with the first event, not with the package."""
    from bookly.records.envelope import Metadata as Generated  # noqa: PLC0415

    return Generated


def _kind(annotation: Any) -> set[Any]:
    """The types that a field's value may have, None aside: `Annotated[str, ...] | None` is str."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return set().union(*map(_kind, get_args(annotation))) - {type(None)}
    return {annotation}


def _picker(names: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Takes values by name out of a mapping; `itemgetter` alone makes no tuple of one."""
    if len(names) == 1:
        return lambda values: (values[names[0]],)
    return itemgetter(*names)


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
