"""The operations of one type: read what is current, load what is not, keep it behind the fence, make it stale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from bookly.cache import fence
from bookly.cache.fence import Missing
from bookly.cache.flights import Flights
from bookly.cache.server import AwayError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from bookly.cache.fence import Token
    from bookly.cache.invalidator import Invalidator
    from bookly.cache.link import Link
    from bookly.cache.reads import Reads
    from bookly.cache.tags import Entity
    from bookly.cache.types import CacheType, Names

Value = TypeVar("Value")
MOST_SHOWN = 200  # an entry that shows more entities is not kept: reading it would cost more than loading it


class Hit(NamedTuple, Generic[Value]):
    """A current value. It may be None: that there is nothing is worth keeping, too."""

    value: Value | None


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Value]):
    """What a loader found, the ids of the entities that it shows, and how long to keep it (seconds; None = as the type says)."""

    value: Value | None
    shows: Mapping[Entity, Iterable[str]] = field(default_factory=dict)
    ttl: float | None = None


class Shared(NamedTuple):
    """What all entries of a `Caches` have in common. `deciding`: the same Redis for what has no other source."""

    link: Link
    deciding: Link
    reads: Reads
    invalidator: Invalidator
    counts: Counter[tuple[str, str]]


class Entries(Generic[Value]):
    """Entries of one type. What they give is never older than the last invalidation that had ended when the read began.

    Redis away costs a reader the time limit once, then nothing: the source answers, and `counts` says how often.
    A value that does not fit the type's model is refused (ValidationError), and one that is kept so is a miss.
    """

    def __init__(self, of: CacheType, shared: Shared) -> None:
        self.of = of
        self._link, _, self._reads, self._invalidator, self._counts = shared
        self._flights: Flights[Value | None] = Flights()
        self._values: TypeAdapter[Value | None] = TypeAdapter(of.model | None)

    async def get(self, *parts: str) -> Hit[Value] | None:
        """The current value, or None. One round trip; a second one for what the loader said that the entry shows."""
        return (await self._look([self.of.names_of(*parts)], count=True))[0]

    async def get_many(self, ids: Iterable[str]) -> dict[str, Value | None]:
        """The current values among these, in one round trip for all of them; what is missing has to be loaded."""
        wanted = list(dict.fromkeys(ids))
        hits = await self._look([self.of.names_of(each) for each in wanted], count=True)
        return {each: hit.value for each, hit in zip(wanted, hits, strict=True) if hit is not None}

    async def token(self, *parts: str) -> Token | None:
        """Leave to set, from now on: take it before the load. None while Redis is away."""
        return await self._take(self.of.names_of(*parts))

    async def set(self, token: Token, loaded: Loaded[Value]) -> bool:
        """Keep what was loaded after the token was taken. False when a tag has moved since (it may be old), or Redis is away."""
        return await self._keep(token, loaded, self._values.dump_json(self._checked(loaded)))

    async def invalidate(self, *parts: str) -> None:
        """Make one entry stale. Redis away: remembered, and sent when it is back."""
        self._invalidator.add(self.of.tags_of(*parts)[:1])
        await self._invalidator.send()

    async def get_or_load(
        self, *parts: str, loader: Callable[[], Awaitable[Value | None]] | Callable[[], Awaitable[Loaded[Value]]]
    ) -> Value | None:
        """The value. The loader gives it or a Loaded, which types that show entities need; what it raises is raised.

        One loader at a time for a key, in this process: its result is that of all who came before it began.
        """
        names = self.of.names_of(*parts)
        (hit,) = await self._look([names], count=True)
        if hit is not None:
            return hit.value
        return await self._flights.share(names.key, lambda: self._load(names, loader))

    async def close(self) -> None:
        """End the loads that are under way."""
        await self._flights.close()

    async def _load(self, names: Names, loader: Callable[[], Awaitable[Any]]) -> Value | None:
        (hit,) = await self._look([names], count=False)  # the load before this one may have brought it
        if hit is not None:
            return hit.value
        token = await self._take(names)
        self._counts[self.of.name, "load"] += 1
        found = await loader()
        loaded = found if isinstance(found, Loaded) else Loaded(found)
        value = self._checked(loaded)
        if token is not None:
            await self._keep(token, loaded, self._values.dump_json(value))
        return value

    async def _take(self, names: Names) -> Token | None:
        try:
            return await fence.take_token(self._link, names, shows=bool(self.of.shows))
        except AwayError:
            return None

    async def _look(self, wanted: list[Names], *, count: bool) -> list[Hit[Value] | None]:
        try:
            payloads = await fence.read(self._link, wanted) if len(wanted) != 1 else [await self._reads.read(*wanted)]
        except AwayError:
            self._counts[self.of.name, "away"] += count
            return [None] * len(wanted)
        hits = [None if isinstance(payload, Missing) else self._read(payload) for payload in payloads]
        if count:
            found = len(hits) - hits.count(None)
            self._counts[self.of.name, "hit"] += found
            if found < len(hits):
                self._counts[self.of.name, "miss"] += len(hits) - found
                self._counts.update((self.of.name, each.value) for each in payloads if isinstance(each, Missing))
        return hits

    def _read(self, payload: bytes) -> Hit[Value] | None:
        try:
            return Hit(self._values.validate_json(payload))
        except ValidationError:
            return None  # not written by this version: the source answers

    def _checked(self, loaded: Loaded[Value]) -> Value | None:
        """The value as readers get it. An entry that does not say what it shows would stay when that changes."""
        if set(loaded.shows) != set(self.of.shows):
            needed = ", ".join(f"{entity.service}:{entity.kind}" for entity in self.of.shows) or "nothing"
            raise TypeError(
                f"{self.of.name} shows {needed}: its loader must give Loaded(value, shows=...) with exactly these keys, "
                "if need be with no ids"
            )
        for entity, ids in loaded.shows.items():
            if isinstance(ids, str):
                raise TypeError(f"{self.of.name} shows {entity.kind} {ids!r}: give a list, a text would be an id for each letter")
        if self.of.ttl is None and loaded.ttl is None:
            raise ValueError(f"{self.of.name} has no time to live of its own: give Loaded a ttl")
        return self._values.validate_python(loaded.value)

    async def _keep(self, token: Token, loaded: Loaded[Value], payload: bytes) -> bool:
        ttl = self.of.ttl if loaded.ttl is None else loaded.ttl
        shown = sorted({entity.tag(identity) for entity, ids in loaded.shows.items() for identity in ids})
        if not ttl or ttl < 0 or len(shown) > MOST_SHOWN:
            return False
        try:
            kept = await fence.fill(self._link, token, payload, ttl, shown)
        except AwayError:
            self._counts[self.of.name, "away"] += 1
            return False
        self._counts[self.of.name, "kept" if kept else "refused"] += 1
        return kept
