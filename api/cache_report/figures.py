"""What the pages of edges and workers say of each type of cache entries, added up over all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterable

READS: Final = "bookly_cache"  # of an edge: by type and outcome
MOVED: Final = "bookly_cache_invalidations"  # of a worker, as those that follow: by type
AFTER: Final = "bookly_cache_staleness_seconds"
LONGEST: Final = "bookly_cache_staleness_longest_seconds"


@dataclass
class Figures:
    """Of one type, since the processes began. `counts`: of its reads and fills, by outcome. `within`: how many invalidations had
    taken so many seconds or less from their cause, those of the last bound being all that were measured.
    """

    counts: Counter[str] = field(default_factory=Counter)
    invalidations: int = 0
    within: Counter[float] = field(default_factory=Counter)
    longest_s: float = 0.0

    @property
    def reads(self) -> int:
        """Those that Redis answered."""
        return self.counts["hit"] + self.counts["miss"]

    @property
    def hit_ratio(self) -> float:
        return self.counts["hit"] / self.reads if self.reads else 0.0

    def of_misses(self, outcome: str) -> float:
        """The share of misses that were `stale`, `expired` or `absent`."""
        return self.counts[outcome] / self.counts["miss"] if self.counts["miss"] else 0.0

    def staleness_s(self, share: float) -> float | None:
        """So many of the invalidations took so long at most: a bound of the histogram, or the longest. None: unknown."""
        measured = max(self.within.values(), default=0)
        if not measured:
            return None
        bound = next(bound for bound in sorted(self.within) if self.within[bound] >= share * measured)
        return min(bound, self.longest_s)


def read_pages(pages: Iterable[str]) -> dict[str, Figures]:
    """The figures by type. Raises ValueError for a text that is no page of metrics."""
    found: dict[str, Figures] = {}
    for page in pages:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                if "type" in sample.labels and family.name in {READS, MOVED, AFTER, LONGEST}:
                    _add(found.setdefault(sample.labels["type"], Figures()), sample.name, sample.labels, sample.value)
    return found


def families(page: str) -> set[str]:
    """What a page tells about, even if there is nothing to tell yet. Raises ValueError for what is no page of metrics."""
    return {family.name for family in text_string_to_metric_families(page)}


def _add(figures: Figures, name: str, labels: dict[str, str], value: float) -> None:
    if name == f"{READS}_total":
        figures.counts[labels["outcome"]] += int(value)
    elif name == f"{MOVED}_total":
        figures.invalidations += int(value)
    elif name == f"{AFTER}_bucket":
        figures.within[inf if labels["le"] == "+Inf" else float(labels["le"])] += int(value)
    elif name == LONGEST:
        figures.longest_s = max(figures.longest_s, value)
