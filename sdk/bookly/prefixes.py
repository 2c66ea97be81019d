"""The schema ids that a producer needs: asked for once, kept for good."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.settings import ProducerSettings


class Schemas(Protocol):
    """What a producer needs of the registry; Registry says what each promises."""

    def known_id(self, event_type: str) -> int | None: ...
    def schema_id(self, event_type: str) -> int: ...
    def warm_up(self, event_types: Iterable[str]) -> None: ...
    def close(self) -> None: ...


class Prefixes:
    """What the value of each event begins with: the magic byte and the schema id."""

    def __init__(self, settings: ProducerSettings, schemas: Schemas | None) -> None:
        self._settings = settings
        self._schemas = schemas or registry(settings)
        self._prefixes: dict[str, bytes] = {}

    def open(self) -> None:
        """Fetch the ids of all events, unless it is not wanted. Blocking. Raises RegistryUnavailable."""
        if self._settings.warm_up:
            from bookly.events import EventType  # noqa: PLC0415  # the generated part loads when it is needed

            self._schemas.warm_up(event_type.value for event_type in EventType)

    def is_known(self, event_type: str) -> bool:
        """Whether the event's schema id is at hand."""
        return event_type in self._prefixes or self._schemas.known_id(event_type) is not None

    def of(self, event_type: str) -> bytes:
        """Asks the registry, blocking, if the id is not known yet. Raises UnknownSchema, RegistryUnavailable."""
        prefix = self._prefixes.get(event_type)
        if prefix is None:
            prefix = self._prefixes[event_type] = struct.pack(">bI", 0, self._schemas.schema_id(event_type))
        return prefix

    def close(self) -> None:
        self._schemas.close()


def registry(settings: ProducerSettings) -> Schemas:
    """The real registry; its client loads when the first producer opens."""
    from bookly.registry import Registry  # noqa: PLC0415

    return Registry(settings.registry, limit=settings.connect_timeout)
