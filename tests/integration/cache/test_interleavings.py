"""Read, invalidate and fill at every order of their steps: what is read after an invalidation is never from before it.

The same orders run against caches that lack one part of the fence each, and must show old values there: a test that
cannot fail proves nothing.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookly.cache import TYPES, Cache, Loaded, Token
from bookly.cache.types import RESERVATION, CacheType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from redis.asyncio import Redis

    from stack.server import Server

MINE, STATUS = TYPES["user_reservations"], TYPES["resource_status"]
Step = "Callable[[], Awaitable[None]]"
_fresh = count(1)


class TokenAtTheFill(Cache):
    """The fence without its first half: leave to fill is taken when the load is done."""

    async def fill(self, token: Token, loaded: Loaded) -> bool:
        late = await self.token(token.of, *self.parts)
        assert late is not None
        return await super().fill(late, loaded)

    async def token(self, of: CacheType, *parts: str) -> Token | None:
        self.parts = parts
        return await super().token(of, *parts)


class GenerationsBegunByTheFill(Cache):
    """A tag without a generation has none in the token, and begins with the fill: an eviction wipes an invalidation out."""

    async def token(self, of: CacheType, *parts: str) -> Token | None:
        tags = of.tags_of(*parts)
        found = await self._link.call(lambda redis: redis.mget(tags))
        if None not in found:
            return await super().token(of, *parts)
        return Token(of, of.key_of(*parts), tags, (b"",) * len(tags), b"0")

    async def fill(self, token: Token, loaded: Loaded) -> bool:
        if b"" in token.generations:
            found = await self._link.call(lambda redis: redis.mget(token.tags))
            if any(found):
                return False
            begun = await super().token(token.of, *self.parts)
            assert begun is not None
            token = begun
        return await super().fill(token, loaded)

    parts: tuple[str, ...] = ()


class World:
    """One entry, its source, and the actors' steps. `old` is what may not be read once the invalidation has ended."""

    def __init__(self, cache: Cache, redis: Redis, of: CacheType) -> None:
        self.cache, self.redis, self.of = cache, redis, of
        self.parts = (f"e-{next(_fresh)}",)
        self.shown = f"s-{self.parts[0]}"
        self.tag = RESERVATION.tag(self.shown) if of.shows else of.tags_of(*self.parts)[0]
        self.version = 0
        self.invalidated = 0
        if isinstance(cache, GenerationsBegunByTheFill):
            cache.parts = self.parts

    def loaded(self) -> Loaded:
        return Loaded(self.version, shows={RESERVATION: [self.shown]} if self.of.shows else {})

    def reader(self) -> list[Any]:
        held: dict[str, Any] = {}

        async def take_token() -> None:
            held["token"] = await self.cache.token(self.of, *self.parts)

        async def load() -> None:
            held["loaded"] = self.loaded()

        async def fill() -> None:
            await self.cache.fill(held["token"], held["loaded"])

        return [take_token, load, fill]

    def writer(self) -> list[Any]:
        async def commit() -> None:
            self.version += 1

        async def invalidate() -> None:
            committed = self.version
            await self.cache.invalidate(self.tag)
            self.invalidated = committed

        return [commit, invalidate]

    def evictor(self) -> list[Any]:
        async def lose_the_generations() -> None:
            await self.redis.delete(self.tag, *self.of.tags_of(*self.parts))

        return [lose_the_generations]

    def flusher(self) -> list[Any]:
        async def lose_everything() -> None:
            await self.redis.flushall()

        return [lose_everything]

    async def run(self, steps: list[Any]) -> str | None:
        """A sentence about the first old value that was read; None when there was none."""
        done = []
        for step in steps:
            await step()
            done.append(step.__name__)
            hit = await self.cache.get(self.of, *self.parts)
            if hit is not None and hit.value < self.invalidated:
                return f"after {done}: {hit.value} was read, {self.invalidated} had been invalidated"
        return None


def orders(*actors: list[Any]) -> Iterator[list[Any]]:
    """Every order that keeps each actor's own."""
    left = [actor for actor in actors if actor]
    if not left:
        yield []
    for chosen in left:
        rest = [actor[1:] if actor is chosen else actor for actor in left]
        for order in orders(*rest):
            yield [chosen[0], *order]


SCENES: dict[str, Callable[[World], tuple[list[Any], ...]]] = {
    "two readers and a writer": lambda world: (world.reader(), world.reader(), world.writer()),
    "a reader, two writers": lambda world: (world.reader(), world.writer(), world.writer()),
    "a reader, a writer, an eviction": lambda world: (world.reader(), world.writer(), world.evictor()),
    "a reader, a writer, a FLUSHALL": lambda world: (world.reader(), world.writer(), world.flusher()),
    "a reader, a writer, two evictions": lambda world: (world.reader(), world.writer(), world.evictor(), world.evictor()),
}


async def old_values(cache: Cache, redis: Redis, of: CacheType, scene: str) -> tuple[list[str], int]:
    """What went wrong over all orders of a scene, from cold and from warm; and how many fills were taken."""
    wrong = []
    for warm in (False, True):
        for number in range(sum(1 for _ in orders(*SCENES[scene](World(cache, redis, of))))):
            world = World(cache, redis, of)
            if warm:
                for step in (*world.reader(), *world.reader()):
                    await step()
            steps = next(order for place, order in enumerate(orders(*SCENES[scene](world))) if place == number)
            if (found := await world.run(steps)) is not None:
                wrong.append(found)
    return wrong, cache.counts[of.name, "kept"]


@pytest.fixture
async def fenced(server: Server, redis: Redis) -> AsyncIterator[Callable[[type[Cache]], Cache]]:
    made: list[Cache] = []

    def make(kind: type[Cache]) -> Cache:
        made.append(kind(str(server), limit_s=5.0))
        return made[-1]

    yield make
    for cache in made:
        await cache.__aexit__(None, None, None)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("of", [STATUS, MINE], ids=lambda of: str(of.name))
async def test_no_order_of_steps_shows_an_old_value(
    scene: str, of: CacheType, fenced: Callable[[type[Cache]], Cache], redis: Redis
) -> None:
    wrong, kept = await old_values(fenced(Cache), redis, of, scene)
    assert wrong == []
    assert kept > 0, "nothing was ever kept: that proves nothing"


async def test_without_the_early_token_an_old_value_is_shown(fenced: Callable[[type[Cache]], Cache], redis: Redis) -> None:
    wrong, _ = await old_values(fenced(TokenAtTheFill), redis, STATUS, "a reader, two writers")
    assert wrong


async def test_without_comparing_generations_an_old_value_is_shown(
    fenced: Callable[[type[Cache]], Cache], redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookly.cache.cache._read", _read_unfenced)
    wrong, _ = await old_values(fenced(Cache), redis, STATUS, "a reader, two writers")
    assert wrong


async def test_with_generations_begun_by_the_fill_an_eviction_shows_an_old_value(
    fenced: Callable[[type[Cache]], Cache], redis: Redis
) -> None:
    wrong, _ = await old_values(fenced(GenerationsBegunByTheFill), redis, STATUS, "a reader, a writer, an eviction")
    assert any("lose_the_generations" in each for each in wrong)


async def test_without_the_comparison_by_time_a_shown_entity_shows_an_old_value(
    fenced: Callable[[type[Cache]], Cache], redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bookly.cache.scripts import FILL  # noqa: PLC0415  # the original, to take one line out of

    blind = FILL.replace("current = current and tonumber(generation) <= tonumber(ARGV[4])", "")
    assert blind != FILL
    monkeypatch.setattr("bookly.cache.cache.FILL", blind)
    wrong, _ = await old_values(fenced(Cache), redis, MINE, "a reader, two writers")
    assert wrong


async def _read_unfenced(redis: Any, key: str, _: tuple[str, ...]) -> Any:
    from pydantic_core import from_json  # noqa: PLC0415

    from bookly.cache import Hit  # noqa: PLC0415

    entry = await redis.get(key)
    return None if entry is None else Hit(from_json(entry.split(b"\n", 2)[2]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), of=st.sampled_from([STATUS, MINE]), actors=st.lists(st.sampled_from("rrwwef"), min_size=2, max_size=7))
async def test_any_number_of_actors_in_any_order(
    data: st.DataObject, of: CacheType, actors: str, cache: Cache, redis: Redis
) -> None:
    world = World(cache, redis, of)
    makers = {"r": world.reader, "w": world.writer, "e": world.evictor, "f": world.flusher}
    running = [makers[actor]() for actor in actors]
    steps = []
    while running:
        chosen = data.draw(st.sampled_from(range(len(running))))
        steps.append(running[chosen].pop(0))
        running = [actor for actor in running if actor]
    assert await world.run(steps) is None
