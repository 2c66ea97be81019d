"""What an event costs (CPU us) as keys, partitions and domains grow. `python -m bench.growth [--quick] [--runs N]`

rows held         the table holds so many rows from before; the events touch 2,000 resources
keys touched      the events are spread over so many resources; so the less each comes back, the less a commit saves
partitions        of the topic, and so of transactions a commit
domains           consumer groups, each a process, that read the same topic at once
"""

from __future__ import annotations

import asyncio
import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.alone import HOME, alone
from bench.apart import fold_of, make_topics
from bench.children import Telling, addresses
from bench.groups import move
from bench.recovery import write_rows
from bench.reservations import encoder, fill
from bench.samples import spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stack import Stack

EVENTS, FEW_EVENTS = 300_000, 40_000
USUAL_KEYS, USUAL_PARTITIONS = 2_000, 4
FLAT = 1.2
SIZES = {
    "rows_held": (1_000, 100_000, 1_000_000),
    "keys_touched": (1_000, 10_000, 100_000, 1_000_000),
    "partitions": (4, 16, 64),
    "domains": (1, 3, 5),
}


class Case(NamedTuple):
    """One point of one axis."""

    axis: str
    size: int

    @property
    def name(self) -> str:
        return f"{self.axis.replace('_', '-')}-{self.size}"

    @property
    def topic(self) -> str:
        return f"bench.growth-{self.keys}-{self.partitions}"

    @property
    def keys(self) -> int:
        return self.size if self.axis == "keys_touched" else USUAL_KEYS

    @property
    def partitions(self) -> int:
        return self.size if self.axis == "partitions" else USUAL_PARTITIONS

    @property
    def workers(self) -> tuple[str, ...]:
        """The names of the domains that run at once."""
        return tuple(f"{self.name}-{number}" for number in range(self.size if self.axis == "domains" else 1))


def cases(*, quick: bool) -> list[Case]:
    """All points; of a quick measure the two smallest of each axis."""
    return [Case(axis, size) for axis, sizes in SIZES.items() for size in (sizes[:2] if quick else sizes)]


def measure(stack: Stack, *, runs: int, quick: bool) -> dict[str, Any]:
    """The section growth of build/bench.json."""
    events, points = FEW_EVENTS if quick else EVENTS, cases(quick=quick)
    prepare(stack, points, events)
    costs: dict[Case, list[float]] = {case: [] for case in points}
    for _ in range(runs):
        for case in points:
            costs[case].append(cost(stack, case, events))
    return {"growth": {"events": events, **table(costs)}}


def table(costs: dict[Case, list[float]]) -> dict[str, Any]:
    """By axis and size: CPU us an event, and how much that is of the smallest size's; and whether the axis is flat."""
    axes: dict[str, Any] = {}
    for axis in dict.fromkeys(case.axis for case in costs):
        points = [(case, found) for case, found in costs.items() if case.axis == axis]
        base = statistics.median(points[0][1])
        ratios = [statistics.median(found) / base for _, found in points]
        sizes = {
            str(case.size): {"cpu_us_per_event": spread(found, 2), "ratio": round(ratio, 2)}
            for (case, found), ratio in zip(points, ratios, strict=True)
        }
        axes[axis] = {"sizes": sizes, "flat": max(ratios) <= FLAT}
    return axes


def prepare(stack: Stack, points: Sequence[Case], events: int) -> None:
    """Topics with their events, changelogs with the rows that are held."""
    encoded, filled = encoder(str(stack.registry)), set()
    for case in points:
        for worker in case.workers:
            make_topics(stack.brokers, fold_of(worker, case.topic), case.partitions)
        if case.topic not in filled:
            filled.add(case.topic)
            rooms = spread_over(case.keys, events)
            fill(stack.brokers, case.topic, ((room, encoded(n, room, n / events)) for n, room in enumerate(rooms)))
        if case.axis == "rows_held":
            asyncio.run(write_rows(stack.brokers, fold_of(case.workers[0], case.topic), case.size))


def spread_over(keys: int, events: int) -> Iterable[str]:
    """Resources, each as often as any other but never twice in a row; all of them, where there are events enough."""
    return (f"room-{number * 7_919 % keys:07d}" for number in range(events))


def cost(stack: Stack, case: Case, events: int) -> float:
    """CPU us an event, of all workers of the case from their first event in hand to their last commit."""
    telling = Telling(addresses(stack), HOME / "growth.log")
    with telling:
        for worker in case.workers:
            move(stack.brokers, fold_of(worker, case.topic).group, case.topic, case.partitions, "start")
            telling.start("bench.worker", worker, case.topic, case.partitions)
        telling.wait(
            lambda told: all(lines and lines[-1].get("applied", 0) >= events for lines in told), f"{case.name} is folded"
        )
    costs: list[float] = [lines[-1]["cpu_s"] / lines[-1]["applied"] * 1e6 for lines in telling.told]
    return statistics.mean(costs)


if __name__ == "__main__":
    alone("growth", measure)
