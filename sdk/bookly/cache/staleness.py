"""How long after its cause an entry goes stale, by type. Counting costs a dictionary's entry a tag: it runs beside the engine."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from bookly.cache.tags import complete
from bookly.cache.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


@dataclass
class Spread:
    """Seconds, as a histogram: `counts` has one number for each of BOUNDS_S (up to it), and one for what is above."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    total_s: float = 0.0
    longest_s: float = 0.0

    def add(self, seconds: float, times: int = 1) -> None:
        self.counts[bisect_left(BOUNDS_S, seconds)] += times
        self.total_s += seconds * times
        self.longest_s = max(self.longest_s, seconds)

    def include(self, other: Spread) -> None:
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.total_s += other.total_s
        self.longest_s = max(self.longest_s, other.longest_s)


class Staleness:
    """What was made stale, by the stem of the tag. A tag that many types carry counts for each of them."""

    def __init__(self) -> None:
        self._moved: Counter[str] = Counter()
        self._after: defaultdict[str, Spread] = defaultdict(Spread)

    def observe(self, tags: Sequence[str], since: float | None) -> None:
        """These tags have moved. `since`: when the oldest of their causes happened, so that none is measured too short."""
        stems = Counter([tag.partition("{")[0] for tag in tags])
        self._moved.update(stems)
        if since is not None:
            seconds = max(0.0, time.time() - since)
            for stem, times in stems.items():
                self._after[stem].add(seconds, times)

    def figures(self) -> dict[str, dict[str, float]]:
        """By type, for people: how many invalidations, and the longest (seconds). May be asked from any thread."""
        spreads = self.by_type()
        return {
            name: {"invalidations": count, "longest_s": round(spreads[name].longest_s, 3) if name in spreads else 0.0}
            for name, count in self.invalidations().items()
        }

    def invalidations(self) -> Counter[str]:
        """By type: how many invalidations could have met its entries."""
        found: Counter[str] = Counter()
        for stem, times in list(self._moved.items()):
            found.update(dict.fromkeys(_carriers_of(stem), times))
        return found

    def by_type(self) -> dict[str, Spread]:
        """By type: seconds from the cause to the invalidation, where a cause was given."""
        found: defaultdict[str, Spread] = defaultdict(Spread)
        for stem, spread in list(self._after.items()):
            for name in _carriers_of(stem):
                found[name].include(spread)
        return dict(found)


def _carriers_of(stem: str) -> Sequence[str]:
    """A key part that comes before the slot is no part of the type."""
    return _carriers().get(stem) or _carriers().get(":".join(stem.split(":")[:3]) + ":", ())


@cache
def _carriers() -> Mapping[str, Sequence[str]]:
    """The types whose entries carry a tag, by its stem."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in TYPES.values():
        entities = (entity.stem for entity in (*each.carries, *each.shows))
        for stem in (each.stem, *entities, complete(each.service)):
            found[stem].append(each.name)
    return found
