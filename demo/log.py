"""The five topics as they fill: read on after each step, decoded with the registry alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from api.tables import read_log
from bookly.reading import decode_record

if TYPE_CHECKING:
    from bookly.records import Record
    from bookly.registry import Registry

TOPICS = ("bookly.auth", "bookly.resources", "bookly.availability", "bookly.stockpile", "bookly.reports")
CLOUD_EVENTS = {"ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_specversion"}
HEADERS = {*CLOUD_EVENTS, "traceparent", "correlation_id", "content-type"}


class Seen(NamedTuple):
    """An event where it stands in the log."""

    topic: str
    partition: int
    offset: int
    event: Record


class MissingHeaders(Exception):
    """A record lacks headers that routers, consoles and tracers rely on; the message names the record and the headers."""


@dataclass
class Log:
    """All events seen so far."""

    brokers: str
    registry: Registry
    seen: list[Seen] = field(default_factory=list)
    _next: dict[tuple[str, int], int] = field(default_factory=dict)

    def read_on(self) -> list[Record]:
        """Read to the present end; the new events. Raises MissingHeaders, MalformedBytes, UnknownSchema."""
        fresh = [self._seen(message) for message in read_log(self.brokers, *TOPICS, since=self._next)]
        for place in fresh:
            self._next[place.topic, place.partition] = place.offset + 1
        self.seen.extend(fresh)
        return [place.event for place in fresh]

    def in_order(self) -> list[Record]:
        """All events so far, by topic, partition and offset."""
        return [place.event for place in sorted(self.seen, key=lambda place: place[:3])]

    def _seen(self, message: Any) -> Seen:
        missing = HEADERS - {name for name, _ in message.headers() or ()}
        if missing:
            raise MissingHeaders(f"{message.topic()} {message.partition()}/{message.offset()} lacks {', '.join(sorted(missing))}")
        return Seen(message.topic(), message.partition(), message.offset(), decode_record(message.value(), self.registry)[1])
