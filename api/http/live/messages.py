"""What a record says to whom: notifications to their user, demand to who watches it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from api.http.live.traced import Traced
from api.http.shapes.base import moment
from bookly.errors import MalformedBytes, UnknownSchema
from bookly.events import EventType
from bookly.reading import decode_record
from bookly.records.availability import NotificationRequested

if TYPE_CHECKING:
    from api.http.live.hub import Channel
    from bookly.registry import Registry

NOTIFICATIONS = "bookly.availability"
DEMAND = "bookly-reports-demand-changelog"
_WANTED = ("ce_type", EventType.NOTIFICATION_REQUESTED.value.encode())
_TOLD = ("notification_id", "resource_id", "template", "reservation_id", "waitlist_id", "detail")


class Message(Protocol):
    """A record as the client gives it."""

    def topic(self) -> str | None: ...
    def key(self) -> Any: ...
    def value(self) -> Any: ...
    def headers(self) -> Any: ...
    def offset(self) -> int | None: ...


def messages_of(record: Message, registry: Registry) -> list[tuple[Channel, str]]:
    """Channel and JSON text. Nothing for what is no news to a socket, or no record of ours. Raises RegistryUnavailable."""
    version = {str(record.topic()): record.offset()}
    if record.topic() == NOTIFICATIONS:
        return _notification(record, registry, version) if _WANTED in (record.headers() or ()) else []
    return _demand(record, version)


def _notification(record: Message, registry: Registry, version: dict[str, Any]) -> list[tuple[Channel, str]]:
    try:
        _, event = decode_record(record.value(), registry)
    except (MalformedBytes, UnknownSchema):
        return []  # the groups that read it make a dead letter of it
    if not isinstance(event, NotificationRequested):
        return []  # its header lies
    told = event
    data = {name: getattr(told, name) for name in _TOLD}
    at = moment(told.metadata.occurred_at).isoformat()
    text = json.dumps({"type": "notification", "at": at, "data": data, "version": version})
    return [(("user", told.user_id), Traced(text, record.headers()))]


def _demand(record: Message, version: dict[str, Any]) -> list[tuple[Channel, str]]:
    if record.value() is None:
        return []
    try:
        resource_id, _, hour = record.key().decode().rpartition("|")
        data = {"resource_id": resource_id, "hour": moment(int(hour)).isoformat(), **json.loads(record.value())}
    except (ValueError, TypeError, AttributeError, OverflowError):
        return []  # no row that the group has written
    text = json.dumps({"type": "demand", "data": data, "version": version})
    return [(("demand", resource_id), text), (("demand", "*"), text)]
