"""From a committed event to the tags that it moves. Compiled once for each group and event; the engine asks for every event."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bookly.cache.spans import days, weeks
from bookly.cache.stale import STALE, Span, Stale
from bookly.cache.tags import Entity, complete, own, part
from bookly.events import EventType

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.cache.stale import StaleMap
    from bookly.cache.types import CacheType
    from bookly.records import Record


class Tagger:
    """What a map makes stale. Compiled once for each group and event type that it is asked about."""

    def __init__(self, stale: StaleMap = STALE) -> None:
        self._stale = stale
        self._compiled: dict[tuple[str, str], tuple[Callable[[Any], tuple[str, ...]], ...]] = {}

    def tags(self, group: str, event_type: str, record: Record) -> tuple[str, ...]:
        """The tags that a group moves once it has committed this event; none for one that it ignores. Never raises for its values."""
        tags: tuple[str, ...] = ()
        for tagger in self.of(group, event_type):
            tags += tagger(record)
        return tags

    def of(self, group: str, event_type: str) -> tuple[Callable[[Any], tuple[str, ...]], ...]:
        """One function for each thing that the event makes stale."""
        found = self._compiled.get((group, event_type))
        if found is None:
            wanted = self._stale.get((group, EventType(event_type)), ())
            found = self._compiled[group, event_type] = tuple(_compile(stale) for stale in wanted)
        return found

    def services_of(self, group: str) -> frozenset[str]:
        """The services of which a group makes entries stale."""
        return frozenset(stale.service for (owner, _), found in self._stale.items() if owner == group for stale in found)


_TAGGER = Tagger()
stale_tags = _TAGGER.tags
services_of = _TAGGER.services_of


def _compile(stale: Stale) -> Callable[[Any], tuple[str, ...]]:
    target, fields = stale.target, stale.fields
    if isinstance(target, str):
        return _constant(complete(target))
    if isinstance(target, Entity):
        return _of_entity(target, fields, stale.when)
    prefix = own(target.key.partition("{")[0])
    if not fields:
        return _constant(prefix)
    if isinstance(fields[-1], Span):
        return _each(target, prefix, str(fields[0]), fields[-1])
    return _joined(prefix, str(fields[0]))


def _constant(tag: str) -> Callable[[Any], tuple[str, ...]]:
    tags = (tag,)
    return lambda _: tags


def _joined(prefix: str, field: str) -> Callable[[Any], tuple[str, ...]]:
    read = attrgetter(field)
    return lambda record: (prefix + part(read(record)),)


def _of_entity(entity: Entity, fields: tuple[str | Span, ...], when: str | None) -> Callable[[Any], tuple[str, ...]]:
    if not fields:
        return _constant(entity.tag())
    always = _joined(Entity(entity.service, entity.kind).tag() + ":", str(fields[0]))
    if when is None:
        return always
    condition = attrgetter(when)
    return lambda record: () if condition(record) is None else always(record)


def _each(target: CacheType, prefix: str, field: str, span: Span) -> Callable[[Any], tuple[str, ...]]:
    """One entry for each day or week. A slot that is too long, or on no calendar, makes all that shows the calendar stale."""
    read, touched, (calendar,) = attrgetter(field), days if span is Span.DAYS else weeks, target.carries

    def tags(record: Any) -> tuple[str, ...]:
        found = touched(record.starts_at, record.ends_at)
        if found is None:
            return (calendar.tag(read(record)),)
        begin = prefix + part(read(record)) + ":"
        return tuple([begin + each for each in found])

    return tags
