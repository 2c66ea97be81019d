"""From a committed event to the tags that it moves. Compiled once for each group and event; the engine asks for every event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from bookly.cache.spans import days, weeks
from bookly.cache.stale import STALE, Span, Stale
from bookly.cache.tags import Entity, complete, own, slot
from bookly.cache.types import CacheType
from bookly.events import EventType

if TYPE_CHECKING:
    from bookly.cache.stale import StaleMap
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
            found = self._of(group, kind.TYPE)
            records = events if len(kinds) == 1 or not found else [event for event in events if type(event) is kind]
            for tagged in found:
                tags.update(tagged(records))
        return tags

    def services_of(self, group: str) -> frozenset[str]:
        """The services of which a group makes entries stale."""
        return frozenset(stale.service for (owner, _), found in self._stale.items() if owner == group for stale in found)

    def _of(self, group: str, event_type: str) -> tuple[Tagged, ...]:
        found = self._compiled.get((group, event_type))
        if found is None:
            wanted = self._stale.get((group, EventType(event_type)), ())
            found = self._compiled[group, event_type] = _compile_all(wanted)
        return found


_TAGGER = Tagger()
stale_tags = _TAGGER.tags
services_of = _TAGGER.services_of


def _compile_all(wanted: Iterable[Stale]) -> tuple[Tagged, ...]:
    """Entries that are named by one field alone share the reading of it, which is what costs."""
    found: list[Tagged] = []
    prefixes: defaultdict[str, list[str]] = defaultdict(list)
    for stale in wanted:
        match stale:
            case Stale(target=CacheType() as target, fields=(str(field),)):
                prefixes[field].append(target.stem)
            case _:
                found.append(_compile(stale))
    return (*found, *(_joined(tuple(prefixes[field]), field) for field in prefixes))


def _compile(stale: Stale) -> Tagged:
    target, fields = stale.target, stale.fields
    if isinstance(target, str):
        return _constant(complete(target))
    if isinstance(target, Entity):
        return _of_entity(target, fields, stale.when)
    if not fields:
        return _constant(own(target.key_of()))
    return _each(target, str(fields[0]), cast("Span", fields[-1]))


def _constant(tag: str) -> Tagged:
    tags = (tag,)
    return lambda _: tags


def _joined(prefixes: tuple[str, ...], field: str) -> Tagged:
    read = attrgetter(field)
    return lambda records: [prefix + value for value in map(slot, set(map(read, records))) for prefix in prefixes]


def _of_entity(entity: Entity, fields: tuple[str | Span, ...], when: str | None) -> Tagged:
    if not fields:
        return _constant(entity.tag())
    always = _joined((entity.stem,), str(fields[0]))
    if when is None:
        return always
    condition = attrgetter(when)
    return lambda records: always([record for record in records if condition(record) is not None])


def _each(target: CacheType, field: str, span: Span) -> Tagged:
    """One entry for each day or week. A slot that is too long, or on no calendar, makes all that shows the calendar stale."""
    read, touched, (calendar,), stem = attrgetter(field), days if span is Span.DAYS else weeks, target.carries, target.stem

    def tags_of(record: Any) -> list[str]:
        found = touched(record.starts_at, record.ends_at)
        if found is None:
            return [calendar.tag(read(record))]
        begin = stem + slot(read(record)) + ":"
        return [begin + each for each in found]

    return lambda records: [tag for record in records for tag in tags_of(record)]
