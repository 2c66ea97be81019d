"""From a committed event to the tags that it moves. Compiled once for each group and event; the engine asks for every event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bookly.cache.spans import days, weeks
from bookly.cache.stale import STALE, Span, Stale
from bookly.cache.tags import Entity, complete, own, part
from bookly.events import EventType

if TYPE_CHECKING:
    from bookly.cache.stale import StaleMap
    from bookly.cache.types import CacheType
    from bookly.records import Record


Tagged = Callable[[Sequence[Any]], Iterable[str]]


class Tagger:
    """What a map makes stale. Compiled once for each group and event type that it is asked about."""

    def __init__(self, stale: StaleMap = STALE) -> None:
        self._stale = stale
        self._compiled: dict[tuple[str, str], tuple[Tagged, ...]] = {}

    def tags(self, group: str, event_type: str, record: Record) -> tuple[str, ...]:
        """What a group makes stale once it has committed this event; nothing by one that it ignores. Never raises."""
        return tuple(tag for tagged in self._of(group, event_type) for tag in tagged((record,)))

    def tags_of_all(self, group: str, events: Sequence[Record]) -> set[str]:
        """The tags of many events, each once."""
        tags: set[str] = set()
        kinds: set[type[Record]] = set(map(type, events))
        for kind in kinds:
            for tagged in self._of(group, kind.TYPE):
                tags.update(tagged([event for event in events if type(event) is kind]))
        return tags

    def services_of(self, group: str) -> frozenset[str]:
        """The services of which a group makes entries stale."""
        return frozenset(stale.service for (owner, _), found in self._stale.items() if owner == group for stale in found)

    def _of(self, group: str, event_type: str) -> tuple[Tagged, ...]:
        found = self._compiled.get((group, event_type))
        if found is None:
            wanted = self._stale.get((group, EventType(event_type)), ())
            found = self._compiled[group, event_type] = tuple(_compile(stale) for stale in wanted)
        return found


_TAGGER = Tagger()
stale_tags = _TAGGER.tags
services_of = _TAGGER.services_of


def _compile(stale: Stale) -> Tagged:
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


def _constant(tag: str) -> Tagged:
    tags = (tag,)
    return lambda _: tags


def _joined(prefix: str, field: str) -> Tagged:
    read = attrgetter(field)
    return lambda records: [prefix + part(value) for value in set(map(read, records))]


def _of_entity(entity: Entity, fields: tuple[str | Span, ...], when: str | None) -> Tagged:
    if not fields:
        return _constant(entity.tag())
    always = _joined(Entity(entity.service, entity.kind).tag() + ":", str(fields[0]))
    if when is None:
        return always
    condition = attrgetter(when)
    return lambda records: always([record for record in records if condition(record) is not None])


def _each(target: CacheType, prefix: str, field: str, span: Span) -> Tagged:
    """One entry for each day or week. A slot that is too long, or on no calendar, makes all that shows the calendar stale."""
    read, touched, (calendar,) = attrgetter(field), days if span is Span.DAYS else weeks, target.carries

    def tags_of(record: Any) -> list[str]:
        found = touched(record.starts_at, record.ends_at)
        if found is None:
            return [calendar.tag(read(record))]
        begin = prefix + part(read(record)) + ":"
        return [begin + each for each in found]

    return lambda records: [tag for record in records for tag in tags_of(record)]
