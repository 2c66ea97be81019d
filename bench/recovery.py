"""Recovery of a table: the engine's take-over against consumers that read the same changelog and do nothing with it.

    python -m bench.recovery [--quick] [--runs N]

The changelog is written by the engine's own commits: transactions of 4,000 rows, one record a key. Every side is a process of its
own and is timed from the first connection to the last record; the engine's also fences, decodes and keeps the rows. All sides
look for garbage as seldom as a worker does.
"""

from __future__ import annotations

import asyncio
import statistics
from typing import TYPE_CHECKING, Any

from faust.types import TP

from agents.engine.partition import Partition
from bench.alone import alone
from bench.apart import fold_of, make_topics
from bench.children import addresses, figures
from bench.fold.domain import HOUR, Count
from bench.samples import spread

if TYPE_CHECKING:
    from bench.apart import Apart
    from stack import Stack

KEYS, FEW_KEYS = 1_000_000, 100_000
RESOURCES = 2_000
ROWS_A_COMMIT = 4_000
PARTITIONS = 4
SIDES = ("engine", "confluent", "aiokafka")


def measure(stack: Stack, *, runs: int, quick: bool) -> dict[str, Any]:
    """The keys recovery_ratio_to_raw_consume and bytes_per_key of build/bench.json, and what they are made of."""
    keys = FEW_KEYS if quick else KEYS
    name = f"recovery-{keys}"
    asyncio.run(write_rows(stack.brokers, fold_of(name, f"bench.{name}"), keys))
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(runs):
        for side in SIDES:
            answer = figures(addresses(stack), "bench.recovering", side, name)
            if answer["records"] != keys:
                raise AssertionError(
                    f"{side} read {answer['records']:,} of {keys:,} records: the changelog is not as it was written"
                )
            found[side].append(answer)
    return summary(keys, found)


def summary(keys: int, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Ratio by medians, against the raw reader that was faster."""
    rates = {side: [keys / one["seconds"] for one in answers] for side, answers in found.items()}
    fastest = max(("confluent", "aiokafka"), key=lambda side: statistics.median(rates[side]))
    ours = statistics.median(rates["engine"])
    return {
        "recovery_ratio_to_raw_consume": round(ours / statistics.median(rates[fastest]), 2),
        "bytes_per_key": round(statistics.median(one["grown_bytes"] / keys for one in found["engine"])),
        "recovery": {
            "keys": keys,
            "fastest_raw": fastest,
            "records_per_s": {side: spread(values, 0) for side, values in rates.items()},
            "cpu_us_per_record": {
                side: spread([1e6 * one["cpu_s"] / keys for one in answers]) for side, answers in found.items()
            },
        },
    }


async def write_rows(brokers: str, domain: Apart, keys: int) -> None:
    """A changelog with one record a key, as the engine writes it."""
    make_topics(brokers, domain, PARTITIONS)
    for number in range(PARTITIONS):
        partition = Partition(domain, number)
        await partition.fence(brokers)
        mine = range(number, keys, PARTITIONS)
        for start in range(0, len(mine), ROWS_A_COMMIT):
            for key in mine[start : start + ROWS_A_COMMIT]:
                partition.state.by_hour[row_key(key)] = Count(key % 100 + 1)  # type: ignore[attr-defined]  # a FoldState
            partition.merge([])
            partition.reached(TP(domain.topic, number), start + 1, records=1)
            transaction = partition.take()
            assert transaction is not None, "rows were changed"  # noqa: S101
            await partition.commit(transaction)
        await partition.close()


def row_key(number: int) -> str:
    """Of one resource in one hour; every number another."""
    return f"room-{number % RESOURCES:04d}|{number // RESOURCES * HOUR + 1_790_000_000_000_000}"


if __name__ == "__main__":
    alone("recovery", measure)
