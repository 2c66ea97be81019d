"""The fence around entries: a value counts only under the generations that its tags had before it was loaded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from bookly.cache.scripts import FILL, HOLD, TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis

    from bookly.cache.link import Link
    from bookly.cache.server import Server
    from bookly.cache.types import Names

LOAD_S = 60.0  # a load that takes longer is not kept
_LOAD_MS = int(LOAD_S * 1000)


class Missing(Enum):
    """Why a read gives nothing. An entry that has expired is told by its own generation, which lives one time to live longer."""

    ABSENT = "absent"
    EXPIRED = "expired"
    STALE = "stale"


Found: TypeAlias = bytes | Missing


@dataclass(frozen=True, slots=True)
class Token:
    """The generations under which a load began. Take it before the load: only then can the fill be refused.

    `generations`: of each tag, behind the run that gave it. `times`: when it was taken, by the clock of each run.
    """

    names: Names
    generations: tuple[bytes, ...]
    times: Mapping[bytes, bytes]


async def read(link: Link, wanted: Sequence[Names]) -> list[Found]:
    """The current payload of each entry, or why there is none. One MGET a slot; a second one for what loaders said that the
    entries show.

    Generations may be read in any order, since none comes back to a number that it had: those that were seen after the read
    began were all there at once, or one of them is no longer what the entry was loaded under.
    """
    seen = await link.look([key for names in wanted for key in (names.key, *names.tags)])
    found: list[tuple[Found, bytes]] = []
    start = 0
    for names in wanted:
        (entry, _), *tags = seen[start : start + 1 + len(names.tags)]
        start += 1 + len(names.tags)
        found.append(_opened(entry, tags))
    shown = [word for _, words in found for word in words.split()]
    if not shown:
        return [payload for payload, _ in found]
    now = dict(zip(shown[::2], await link.look([tag.decode() for tag in shown[::2]]), strict=True))
    return [
        payload if all(b"%b:%b" % (now[tag][1], now[tag][0] or b"") == under for tag, under in _pairs(words)) else Missing.STALE
        for payload, words in found
    ]


async def take_token(link: Link, names: Names, *, shows: bool) -> Token:
    """The generations, from now on; those that are missing begin. `shows`: entities anywhere may be named by the fill."""

    def take(redis: Redis, _: bytes, places: Sequence[int]) -> Any:
        return redis.eval(TOKEN, len(places), *(names.tags[place] for place in places), _LOAD_MS)

    generations = [b""] * len(names.tags)
    times: dict[bytes, bytes] = {}
    for places, (time, *numbers), run in await link.ask(names.tags, take):
        times.setdefault(run, time)
        for place, number in zip(places, numbers, strict=True):
            generations[place] = b"%b:%b" % (run, number)
    if shows and len(times) < len(link.servers):
        times = dict(await asyncio.gather(*map(_time, link.servers))) | times
    return Token(names, tuple(generations), times)


async def fill(link: Link, token: Token, payload: bytes, ttl: float, shown: Sequence[str]) -> bool:
    """Keep a payload for so long (seconds). False when a tag has moved since the token, or may have: the payload may be old.

    What lies in other slots than the entry is looked at before it is written, since generations that move in between are no
    longer those that it is written under.
    """
    (key, tags), life = token.names, int((2 * ttl + LOAD_S) * 1000)
    keys = (key, *tags, *shown)
    home = link.slot_of(key)

    def held(run: bytes, places: Sequence[int]) -> tuple[list[str], list[bytes]] | None:
        """The tags among these places, and what the token says of those that it has; None if it is of another run."""
        known = [token.generations[place - 1].split(b":") for place in places if 0 < place <= len(tags)]
        if run not in token.times or any(of != run for of, _ in known):
            return None
        return [keys[place] for place in places if place], [number for _, number in known]

    async def hold(redis: Redis, run: bytes, places: Sequence[int]) -> Any:
        if (found := held(run, places)) is None:
            return None
        named, numbers = found
        return await redis.eval(HOLD, len(named), *named, life, token.times[run], run, *numbers)

    async def keep(redis: Redis, run: bytes, places: Sequence[int]) -> Any:
        if (found := held(run, places)) is None:
            return 0
        named, numbers = found
        about = (payload, int(ttl * 1000) or 1, b" ".join(token.generations), elsewhere)
        return await redis.eval(FILL, 1 + len(named), key, *named, life, token.times[run], run, *about, *numbers)

    apart = [place for place, each in enumerate(keys) if link.slot_of(each) != home]
    parts = await link.ask([keys[place] for place in apart], lambda r, run, places: hold(r, run, [apart[p] for p in places]))
    if any(part.answer is None for part in parts):
        return False
    elsewhere = b" ".join(part.answer for part in parts if part.answer)
    here = [place for place in range(len(keys)) if place not in set(apart)]
    (kept,) = await link.ask([keys[place] for place in here], lambda r, run, _: keep(r, run, here))
    return bool(kept.answer)


def _opened(entry: bytes | None, tags: Sequence[tuple[bytes | None, bytes]]) -> tuple[Found, bytes]:
    """The payload, if the tags are what it was loaded under, and the words about what it shows."""
    if entry is None:
        return Missing.ABSENT if tags[0][0] is None else Missing.EXPIRED, b""
    if any(number is None for number, _ in tags):
        return Missing.STALE, b""
    under, _, rest = entry.partition(b"\n")
    shown, _, payload = rest.partition(b"\n")
    current = b"2 " + b" ".join([b"%b:%b" % (run, number or b"") for number, run in tags])
    return (payload, shown) if under == current else (Missing.STALE, b"")


def _pairs(words: bytes) -> list[tuple[bytes, bytes]]:
    shown = words.split()
    return list(zip(shown[::2], shown[1::2], strict=True))


async def _time(server: Server) -> tuple[bytes, bytes]:
    (seconds, micros), run = await server.call_on_run(lambda redis, _: redis.time())
    return run, b"%d" % (seconds * 1_000_000 + micros)
