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

from bookly.cache import Caches, Entries, Loaded, Token, fence
from bookly.cache.scripts import FILL, HOLD
from bookly.cache.types import RESERVATION
from tests.integration.cache.world import ANY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bookly.cache import CacheType
    from tests.integration.cache.world import Client

MINE, STATUS = ANY["user_reservations"], ANY["resource_status"]
_fresh = count(1)


class TokenAtTheFill(Entries[Any]):
    """The fence without its first half: leave to fill is taken when the load is done."""

    parts: tuple[str, ...] = ()

    async def set(self, token: Token, loaded: Loaded[Any]) -> bool:
        late = await self.token(*self.parts)
        assert late is not None
        return await super().set(late, loaded)

    async def token(self, *parts: str) -> Token | None:
        self.parts = parts
        return await super().token(*parts)


class GenerationsBegunByTheFill(Entries[Any]):
    """A tag without a generation has none in the token, and begins with the fill: an eviction wipes an invalidation out."""

    parts: tuple[str, ...] = ()

    async def token(self, *parts: str) -> Token | None:
        self.parts, names = parts, self.of.names_of(*parts)
        found = await self._link.look(names.tags)
        if all(number for number, _ in found):
            return await super().token(*parts)
        return Token(names, (b"",), {})

    async def set(self, token: Token, loaded: Loaded[Any]) -> bool:
        if not token.times:
            found = await self._link.look(token.names.tags)
            begun = await super().token(*self.parts)
            if begun is None or any(number for number, _ in found):
                return False
            token = begun
        return await super().set(token, loaded)


class World:
    """One entry, its source, and the actors' steps. `old` is what may not be read once the invalidation has ended."""

    def __init__(self, entries: Entries[Any], caches: Caches, client: Client) -> None:
        self.entries, self.caches, self.client, self.of = entries, caches, client, entries.of
        self.parts = (f"e-{next(_fresh)}",)
        self.shown = f"s-{self.parts[0]}"
        self.tag = RESERVATION.tag(self.shown) if self.of.shows else self.of.tags_of(*self.parts)[0]
        self.version = 0
        self.invalidated = 0

    def loaded(self) -> Loaded[Any]:
        return Loaded(self.version, shows={RESERVATION: [self.shown]} if self.of.shows else {})

    def reader(self) -> list[Any]:
        held: dict[str, Any] = {}

        async def take_token() -> None:
            held["token"] = await self.entries.token(*self.parts)

        async def load() -> None:
            held["loaded"] = self.loaded()

        async def fill() -> None:
            await self.entries.set(held["token"], held["loaded"])

        return [take_token, load, fill]

    def writer(self) -> list[Any]:
        async def commit() -> None:
            self.version += 1

        async def invalidate() -> None:
            committed = self.version
            await self.caches.invalidate(self.tag)
            self.invalidated = committed

        return [commit, invalidate]

    def evictor(self) -> list[Any]:
        async def lose_the_generations() -> None:
            for tag in {self.tag, *self.of.tags_of(*self.parts)}:
                await self.client.delete(tag)

        return [lose_the_generations]

    def flusher(self) -> list[Any]:
        async def lose_everything() -> None:
            await self.client.flushall()

        return [lose_everything]

    async def run(self, steps: list[Any]) -> str | None:
        """A sentence about the first old value that was read; None when there was none."""
        done = []
        for step in steps:
            await step()
            done.append(step.__name__)
            hit = await self.entries.get(*self.parts)
            if hit is not None and int(hit.value or 0) < self.invalidated:
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


async def old_values(entries: Entries[Any], caches: Caches, client: Client, scene: str) -> tuple[list[str], int]:
    """What went wrong over all orders of a scene, from cold and from warm; and how many fills were taken."""
    wrong = []
    for warm in (False, True):
        for number in range(sum(1 for _ in orders(*SCENES[scene](World(entries, caches, client))))):
            world = World(entries, caches, client)
            if warm:
                for step in (*world.reader(), *world.reader()):
                    await step()
            steps = next(order for place, order in enumerate(orders(*SCENES[scene](world))) if place == number)
            if (found := await world.run(steps)) is not None:
                wrong.append(found)
    return wrong, caches.counts[entries.of.name, "kept"]


def broken(kind: type[Entries[Any]], caches: Caches) -> Entries[Any]:
    return kind(STATUS, caches._shared)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("of", [STATUS, MINE], ids=lambda of: str(of.name))
async def test_no_order_of_steps_shows_an_old_value(scene: str, of: CacheType, caches: Caches, client: Client) -> None:
    wrong, kept = await old_values(caches.of(of), caches, client, scene)
    assert wrong == []
    assert kept > 0, "nothing was ever kept: that proves nothing"


async def test_without_the_early_token_an_old_value_is_shown(caches: Caches, client: Client) -> None:
    wrong, _ = await old_values(broken(TokenAtTheFill, caches), caches, client, "a reader, two writers")
    assert wrong


async def test_without_comparing_generations_an_old_value_is_shown(
    caches: Caches, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "_opened", lambda entry, _: (entry.split(b"\n", 2)[2] if entry else fence.Missing.ABSENT, b""))
    wrong, _ = await old_values(caches.of(STATUS), caches, client, "a reader, two writers")
    assert wrong


async def test_with_generations_begun_by_the_fill_an_eviction_shows_an_old_value(caches: Caches, client: Client) -> None:
    wrong, _ = await old_values(broken(GenerationsBegunByTheFill, caches), caches, client, "a reader, a writer, an eviction")
    assert any("lose_the_generations" in each for each in wrong)


async def test_without_the_comparison_by_time_a_shown_entity_shows_an_old_value(
    caches: Caches, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in (("FILL", FILL), ("HOLD", HOLD)):
        blind = script.replace("current = current and tonumber(generation) <= tonumber(taken_at)", "")
        assert blind != script
        monkeypatch.setattr(fence, name, blind)
    wrong, _ = await old_values(caches.of(MINE), caches, client, "a reader, two writers")
    assert wrong


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), of=st.sampled_from([STATUS, MINE]), actors=st.lists(st.sampled_from("rrwwef"), min_size=2, max_size=7))
async def test_any_number_of_actors_in_any_order(
    data: st.DataObject, of: CacheType, actors: str, caches: Caches, client: Client
) -> None:
    world = World(caches.of(of), caches, client)
    makers = {"r": world.reader, "w": world.writer, "e": world.evictor, "f": world.flusher}
    running = [makers[actor]() for actor in actors]
    steps = []
    while running:
        chosen = data.draw(st.sampled_from(range(len(running))))
        steps.append(running[chosen].pop(0))
        running = [actor for actor in running if actor]
    assert await world.run(steps) is None
