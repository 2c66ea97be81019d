"""From publish to cache emptied: the engine against a raw loop, at half of the raw loop's full speed and on a quiet system.

    python -m bench.latency [--quick] [--runs N]

One publisher at the same steady rate, one watcher and the same probes for every side; see bench/publishing.py, bench/watching.py
and, for the two orders of the raw loop, bench/raw.py. Sides take turns, each with a fresh process that starts at the topic's end.
"""

from __future__ import annotations

import statistics
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import redis

from bench import raw
from bench.alone import HOME, alone
from bench.apart import COMPACT, PATIENCE_S, fold_of, make, make_topics
from bench.children import MeasureFailed, Telling, addresses, figures
from bench.groups import move
from bench.publishing import RESOURCES
from bench.reservations import encoder, fill
from bench.samples import percentile, spread
from bench.watching import Watcher
from bookly.cache.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack import Stack

NAME, TOPIC = "latency", "bench.latency"
PARTITIONS = 4
FULL, FEW = 200_000, 40_000  # events to find the raw loop's full speed with
LOAD_S, FEW_LOAD_S = 10.0, 4.0
WARM_S = 2.0  # of the load, which no probe of is counted
PROBES_A_S = 100
QUIET_RATE, QUIET_EVENTS = 2.3, 50  # further apart than the engine's idle commit, so that each meets a system at rest
SEEN_S = 30.0

SIDES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {  # module, the key of a resource (*), more arguments
    "engine": ("bench.worker", TYPES["resource"].stem + "{*}", (str(PARTITIONS),)),
    "raw": ("bench.raw", "fold:resource:*", ("late",)),  # which does the same: what it shows stale is durable
    "raw_early": ("bench.raw", "fold:resource:*", ("early",)),
}


def measure(stack: Stack, *, runs: int, quick: bool) -> dict[str, Any]:
    """The keys p99_ratio_to_raw_at_half_load and quiet_ratio_to_raw of build/bench.json, and what they are made of.

    Both are to the raw loop in our order. The one that empties before anything is durable is beside it, as `..._raw_early`.
    """
    make_topics(stack.brokers, fold_of(NAME, TOPIC), PARTITIONS)
    make(stack.brokers, dict.fromkeys(raw.changelogs(NAME), COMPACT), PARTITIONS)
    rate = full_speed(stack, FEW if quick else FULL) / 2
    seconds, singles = (FEW_LOAD_S, 5) if quick else (LOAD_S, max(5, -(-QUIET_EVENTS // runs)))
    loaded: dict[str, list[float]] = {side: [] for side in SIDES}
    quiet: dict[str, list[float]] = {side: [] for side in SIDES}
    late: list[float] = []
    acknowledged: list[float] = []
    for run in range(runs):
        for side in SIDES:
            turn = Turn(stack, side, run)
            with turn.running():
                waits = turn.probe("load", rate, seconds + WARM_S, round(rate / PROBES_A_S))
                loaded[side].append(percentile(waits[round(WARM_S * PROBES_A_S) :], 0.99))
                late.append(turn.late_s)
                acknowledged.append(turn.acknowledged_s)
                quiet[side] += turn.probe("quiet", QUIET_RATE, singles / QUIET_RATE, 1)  # of what has run for a while
    found = summary(rate, loaded, quiet)
    found["latency"]["published_late_p99_ms"] = spread([1e3 * one for one in late], 1)
    found["latency"]["broker_had_it_p99_ms"] = spread([1e3 * one for one in acknowledged], 1)
    return found


def summary(rate: float, loaded: Mapping[str, list[float]], quiet: Mapping[str, list[float]]) -> dict[str, Any]:
    """`loaded`: the p99 of each run in seconds; `quiet`: each single event's wait."""
    p99 = {side: statistics.median(values) for side, values in loaded.items()}
    single = {side: statistics.median(values) for side, values in quiet.items()}
    return {
        "p99_ratio_to_raw_at_half_load": round(p99["engine"] / p99["raw"], 2),
        "quiet_ratio_to_raw": round(single["engine"] / single["raw"], 2),
        "latency": {
            "rate": round(rate),
            "p99_ratio_to_raw_early": round(p99["engine"] / p99["raw_early"], 2),
            "quiet_ratio_to_raw_early": round(single["engine"] / single["raw_early"], 2),
            "p99_ms_at_rate": {side: spread([1e3 * value for value in values], 1) for side, values in loaded.items()},
            "quiet_ms": {
                side: {"median": round(1e3 * single[side], 1), "p99": round(1e3 * percentile(values, 0.99), 1)}
                for side, values in quiet.items()
            },
        },
    }


def full_speed(stack: Stack, events: int) -> float:
    """Events a second of the faster raw loop over a topic that is full already."""
    encoded = encoder(str(stack.registry))
    rooms = [f"room-{number % RESOURCES}" for number in range(events)]
    fill(stack.brokers, TOPIC, ((room, encoded(number, room, number / events)) for number, room in enumerate(rooms)))
    turn = Turn(stack, "raw_early", -1)
    with turn.running(from_end=False) as told:
        told.wait(lambda lines: lines[0][-1].get("applied", 0) >= events, f"the raw loop folds {events:,} events")
        last = told.told[0][-1]
    return float(last["applied"] / (last["at"] - last["began"]))


class Turn:
    """One side's turn. `late_s`, `acknowledged_s`: p99 of how late the last probes were sent, and were on the broker."""

    def __init__(self, stack: Stack, side: str, run: int) -> None:
        self._stack, self._side, self._run = stack, side, run
        self._module, self._key, self._arguments = SIDES[side]
        self._redis = redis.Redis.from_url(str(stack.redis))

    def _of(self, resource: str) -> str:
        return self._key.replace("*", resource)

    @contextmanager
    def running(self, *, from_end: bool = True) -> Iterator[Telling]:
        """The side's process, once it has its partitions. Raises MeasureFailed when it does not get them."""
        if from_end:
            group = fold_of(NAME, TOPIC).group if self._side == "engine" else raw.group(NAME)
            move(self._stack.brokers, group, TOPIC, PARTITIONS, "end")
        with Telling(addresses(self._stack), HOME / f"{NAME}-{self._side}.log") as telling:
            telling.start(self._module, NAME, TOPIC, *self._arguments)
            wanted = f"{self._side} has its partitions"
            telling.wait(lambda told: any(line.get("took_over") for line in told[0]), wanted, PATIENCE_S)
            yield telling

    def probe(self, kind: str, rate: float, seconds: float, every: int) -> list[float]:
        """Seconds from when each probe was due to its cache emptied, in the order in which they were due."""
        name = f"probe-{kind}-{self._side}-{self._run}"
        keys = [self._of(f"{name}-{number}") for number in range(0, round(rate * seconds), every)]
        self._redis.mset(dict.fromkeys([*keys, *(self._of(f"room-{number}") for number in range(RESOURCES))], 1))
        with Watcher(str(self._stack.redis), [self._key.partition("*")[0] + "probe-"]) as watcher:
            arguments = (TOPIC, rate, seconds, every, name)
            published = figures(addresses(self._stack), "bench.publishing", *arguments)
            if not watcher.wait(set(keys), SEEN_S):
                missing = len(set(keys) - watcher.seen.keys())
                raise MeasureFailed(
                    f"{self._side} left {missing} of {len(keys)} caches full, {SEEN_S:.0f} s after the last event"
                )
        self.late_s, self.acknowledged_s = float(published["late_p99_s"]), float(published["acknowledged_p99_s"])
        self._redis.delete(*keys)
        return [watcher.seen[self._of(resource)] - at for resource, at in published["dues"].items()]


if __name__ == "__main__":
    alone(NAME, measure)
