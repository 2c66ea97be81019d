"""What is generated for one event, gathered: its class to publish, its light record, its encoder, its place."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import import_module
from types import ModuleType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime

from bookly.errors import InvalidEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly._event import Event
    from bookly.payload import Metadata
    from bookly.records import Record
    from bookly.records.envelope import Metadata as Light

_PLAIN = {str, int, float, bool}
_TIMES = {datetime, AwareDatetime}  # the second is a class of its own at run time


class Contract:
    """One event's contract in this version of the SDK."""

    __slots__ = (
        *("encode", "fields", "headers_of", "key_field", "name", "others", "record"),
        *("stamped", "times", "topic", "type", "sealed", "version"),
    )

    def __init__(self, event: type[Event], record: type[Record], encode: Callable[[Any], bytes]) -> None:
        self.name = event.__name__
        self.type, self.version = record.TYPE, record.VERSION
        self.topic, self.key_field = record.TOPIC, record.KEY_FIELD
        self.record, self.encode = record, encode
        self.stamped, self.sealed, self.headers_of = sealing().stamp, sealing().record_of, sealing().headers_of
        fields = sorted(event.model_fields.items(), key=lambda item: not item[1].is_required())  # as the record takes them
        kinds = [_kind(field.annotation) for _, field in fields]
        self.fields = [name for name, _ in fields]
        self.times = [place for place, kind in enumerate(kinds) if kind <= _TIMES]
        self.others = [place for place, kind in enumerate(kinds) if not kind <= _TIMES and not kind <= _PLAIN]

    def record_of(self, data: Event, metadata: Light) -> Record:
        """The light record of an event: times as microseconds, enums as their symbols."""
        record: Record = self.sealed(self.record, data.__dict__, self.fields, self.times, self.others, metadata)
        return record

    def stamp(self, source: str, actor: str | None) -> Light:
        """Metadata of an event that happens now and begins a chain: what EventPayload.of fills in, without its checks."""
        stamp: Light = self.stamped(self.type, self.version, source, actor)
        return stamp


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


def light(metadata: Metadata) -> Light:
    """Metadata as the codec takes it."""
    causation = metadata.causation_id
    generated: Light = sealing().Metadata(
        str(metadata.event_id),
        metadata.type,
        metadata.source,
        sealing().micros(metadata.occurred_at),
        str(metadata.correlation_id),
        metadata.version,
        None if causation is None else str(causation),
        metadata.actor,
    )
    return generated


@cache
def sealing() -> ModuleType:
    """The codec loads with the first event, not with the package."""
    return import_module("bookly.records.sealing")


def _kind(annotation: Any) -> set[Any]:
    """The types that a field's value may have, None aside: `Annotated[str, ...] | None` is str."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return set().union(*map(_kind, get_args(annotation))) - {type(None)}
    return {annotation}
