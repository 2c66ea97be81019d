"""Reading through: from Redis while it is current, else from the source, and kept behind a fence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json, to_json

from bookly.cache.invalidator import Invalidator
from bookly.cache.link import AwayError, Link
from bookly.cache.scripts import FILL, TOKEN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from types import TracebackType
    from typing import Self

    from bookly.cache.tags import Entity
    from bookly.cache.types import CacheType

LIMIT_S = 0.1
LOAD_S = 60.0  # a load that takes longer is not kept
MOST_SHOWN = 200  # an entry that shows more entities is not kept: reading it would cost more than loading it


class Hit(NamedTuple):
    """A current value. It may be None: that there is nothing is worth keeping, too."""

    value: Any


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a loader found, the ids of the entities that it shows, and how long to keep it (seconds; None = as the type says)."""

    value: Any
    shows: Mapping[Entity, Iterable[str]] = field(default_factory=dict)
    ttl: float | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """The generations under which a load began. Take it before the load: only then can the fill be refused."""

    of: CacheType
    key: str
    tags: tuple[str, ...]
    generations: tuple[bytes, ...]
    taken_at: bytes


class Cache:
    """Entries of the 22 types. What it gives is never older than the last invalidation that had ended when the read began.

    Redis away costs a reader the time limit once, then nothing: the source answers, and `counts` says how often.
    Values are what JSON can hold, and come back in that form, loaded or kept.
    """

    def __init__(self, redis: str | Link, *, limit_s: float = LIMIT_S) -> None:
        self._link = Link(redis, limit_s) if isinstance(redis, str) else redis
        self._owns_link = isinstance(redis, str)
        self._invalidator = Invalidator(self._link)
        self.counts: Counter[tuple[str, str]] = Counter()  # (type, "hit" | "miss" | "kept" | "refused" | "away")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._invalidator.close()
        if self._owns_link:
            await self._link.close()

    async def get_or_load(self, of: CacheType, *parts: str, loader: Callable[[], Awaitable[Any]]) -> Any:
        """The value. The loader gives it or a Loaded, which types that show entities need; what it raises is raised."""
        hit = await self.get(of, *parts)
        if hit is not None:
            return hit.value
        token = await self.token(of, *parts)
        found = await loader()
        loaded = found if isinstance(found, Loaded) else Loaded(found)
        _check(of, loaded)
        payload = to_json(loaded.value)
        if token is not None:
            await self._fill(token, loaded, payload)
        return from_json(payload)

    async def get(self, of: CacheType, *parts: str) -> Hit | None:
        """The current value, or None. One MGET; a second one for what the loader said that the entry shows."""
        key, tags = of.key_of(*parts), of.tags_of(*parts)
        try:
            hit = await self._link.call(lambda redis: _read(redis, key, tags))
        except AwayError:
            self.counts[of.name, "away"] += 1
            return None
        self.counts[of.name, "miss" if hit is None else "hit"] += 1
        return hit

    async def token(self, of: CacheType, *parts: str) -> Token | None:
        """Leave to fill, from now on; None while Redis is away."""
        key, tags = of.key_of(*parts), of.tags_of(*parts)
        try:
            taken_at, *generations = await self._link.call(lambda redis: redis.eval(TOKEN, len(tags), *tags, int(LOAD_S * 1000)))
        except AwayError:
            return None
        return Token(of, key, tags, tuple(generations), taken_at)

    async def fill(self, token: Token, loaded: Loaded) -> bool:
        """Keep what was loaded after the token was taken. False when a tag has moved since (it may be old), or Redis is away."""
        _check(token.of, loaded)
        return await self._fill(token, loaded, to_json(loaded.value))

    async def invalidate(self, *tags: str) -> None:
        """Make stale all entries that carry one of these tags. Redis away: remembered, and sent when it is back."""
        self._invalidator.add(tags)
        await self._invalidator.send()

    async def _fill(self, token: Token, loaded: Loaded, payload: bytes) -> bool:
        ttl = token.of.ttl if loaded.ttl is None else loaded.ttl
        shown = sorted({entity.tag(identity) for entity, ids in loaded.shows.items() for identity in ids})
        if ttl is None:
            raise ValueError(f"{token.of.name} has no time to live of its own: give Loaded a ttl")
        if ttl <= 0 or len(shown) > MOST_SHOWN:
            return False
        keys = (token.key, *token.tags, *shown)
        life = (int(ttl * 1000) or 1, int((ttl + LOAD_S) * 1000))
        try:
            kept = bool(
                await self._link.call(
                    lambda redis: redis.eval(FILL, len(keys), *keys, payload, *life, token.taken_at, *token.generations)
                )
            )
        except AwayError:
            self.counts[token.of.name, "away"] += 1
            return False
        self.counts[token.of.name, "kept" if kept else "refused"] += 1
        return kept


async def _read(redis: Any, key: str, tags: tuple[str, ...]) -> Hit | None:
    entry, *generations = await redis.mget(key, *tags)
    if entry is None or None in generations:
        return None
    under, _, rest = entry.partition(b"\n")
    shown, _, payload = rest.partition(b"\n")
    if under != b"1 " + b" ".join(generations):
        return None
    if shown:
        words = shown.split(b" ")
        if await redis.mget(words[::2]) != words[1::2]:
            return None
    try:
        return Hit(from_json(payload))
    except ValueError:
        return None  # not written by us: the source answers


def _check(of: CacheType, loaded: Loaded) -> None:
    """An entry that does not say what it shows would stay when that changes."""
    if set(loaded.shows) != set(of.shows):
        needed = ", ".join(f"{entity.service}:{entity.kind}" for entity in of.shows) or "nothing"
        raise TypeError(
            f"{of.name} shows {needed}: its loader must give Loaded(value, shows=...) with exactly these keys, if need be "
            "with no ids"
        )
