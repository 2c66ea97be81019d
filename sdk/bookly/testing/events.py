"""An event that has happened, and what becomes of a record that nobody could use."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, TypeVar
from uuid import NAMESPACE_URL, uuid5

from bookly.records import Metadata

if TYPE_CHECKING:
    from bookly.records import Record

MONDAY = 1_795_392_000_000_000  # 2026-11-23T00:00Z: when events happen unless a test says otherwise
ERROR_LIMIT = 500  # characters of an exception's text that a dead letter keeps

Event = TypeVar("Event", bound="Record")
_numbers = count(1)


def happened(event: Event, at: int = MONDAY, *, actor: str | None = None) -> Event:
    """The same event, now with an id of its own and a time (microseconds since 1970, UTC), as if a service had published it."""
    event_id = str(uuid5(NAMESPACE_URL, f"{event.TYPE}/{next(_numbers)}"))
    event.metadata = Metadata(event_id, event.TYPE, "test", at, event_id, event.VERSION, None, actor)
    return event


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a group could not use. `reason`: HANDLER_RAISED, MALFORMED or UNKNOWN_SCHEMA; `error`: class and message.

    `handler` names all handlers of the event; `event` is None where the bytes are none; `attempt` counts how often it has failed.
    """

    reason: str
    error: str
    handler: str
    key: str
    event: Record | None = None
    attempt: int = 1


def said(error: Exception) -> str:
    """An exception as a dead letter keeps it."""
    return f"{type(error).__name__}: {error}"[:ERROR_LIMIT]
