"""`python -m bench.caching [--quick] [--runs N]`: the caches' promises in figures, into build/cache.json."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from agents import changelogs
from api.tables import read_table
from bench.caching.away import EVENTS, throughput
from bench.caching.costs import costs
from bench.caching.reading import room_of
from bench.caching.staleness import Mover, broken, judged
from bench.children import MeasureFailed, addresses, command, figures
from bookly import BlockingProducer
from bookly.cache import OPERATIONS, TYPES
from contracts.broker import provision_broker
from contracts.registry import provision_registry
from faults.proxy import before
from stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HOME, TARGET = Path("build/bench/caching"), Path("build/cache.json")
READERS, RESERVATIONS, PAUSE_S = 200, 10, 0.1
START_S = 60.0


def main(
    runs: Annotated[int, typer.Option(min=1, help="rounds of what is compared; they take turns")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="a small measure, to see that it works; nothing is written")] = False,
) -> None:
    """Staleness through the whole pipeline while 200 readers loop; what a read, an invalidation and a stampede cost; how fast a
    group is while Redis is in trouble. Exit code 1 when a promise is broken.
    """
    console = Console(stderr=True)
    shutil.rmtree(HOME / ".stack/data", ignore_errors=True)
    HOME.mkdir(parents=True, exist_ok=True)
    with Stack.start(HOME) as stack:
        provision_broker(stack.brokers, changelogs())
        provision_registry(str(stack.registry))
        with console.status("200 readers, and moves through the whole pipeline"):
            shown = staleness(stack, 4.0 if quick else 30.0)
        with console.status("reads, invalidations, a stampede"):
            found = asyncio.run(costs(str(stack.redis), 1 if quick else runs))
        with console.status("commits while Redis is killed, halted, slow, emptied, read-only, full"):
            ratios = without_redis(stack, 1 if quick else runs, 5_000 if quick else EVENTS)
    found = {"types": len(TYPES), "operations": len(OPERATIONS), **shown, **found, "throughput_ratio": ratios}
    if not quick:
        TARGET.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if reasons := broken(found):
        sys.stderr.write("".join(f"{reason}\n" for reason in reasons))
        raise typer.Exit(1)


def staleness(stack: Stack, seconds: float) -> dict[str, Any]:
    """Moves and reads at once, then compared."""
    environment = {**addresses(stack), "BOOKLY_INTERNAL_SECRET": secrets.token_hex(), "BOOKLY_QUERIES": "0"}
    reservations = [f"reservation-{number}" for number in range(RESERVATIONS)]
    with BlockingProducer(brokers=stack.brokers, registry=str(stack.registry), source="bench", linger=0) as producer:
        mover = Mover(producer, str(stack.redis), reservations)
        with _worker("availability", environment), ThreadPoolExecutor(1) as pool:
            mover.furnish()
            _wait_for(stack.brokers, "resources", map(room_of, reservations))
            mover.place()
            _wait_for(stack.brokers, "reservations", reservations)
            reading = pool.submit(figures, environment, "bench.caching.reading", seconds + 2, READERS, PAUSE_S, *reservations)
            mover.run(seconds, PAUSE_S)
            read = reading.result()
    return {
        **judged(mover.moves, read["reads"]),
        "moves": len(mover.moves),
        "reads": len(read["reads"]),
        "counts": read["counts"],
    }


def without_redis(stack: Stack, runs: int, events: int) -> Mapping[str, float]:
    """The resources' group reaches Redis on a way that can be slow."""
    proxy, redis = before(str(stack.redis))
    with proxy as way, _worker("resources", {**addresses(stack), "BOOKLY_REDIS": redis}):
        return throughput(stack, way, runs, events)


@contextmanager
def _worker(domain: str, environment: Mapping[str, str]) -> Iterator[None]:
    with (HOME / f"{domain}.log").open("wb") as log:
        worker = subprocess.Popen(command("agents", domain), env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(START_S)


def _wait_for(brokers: str, table: str, keys: Iterable[str]) -> None:
    wanted, deadline = set(keys), time.monotonic() + START_S
    while not wanted <= read_table(brokers, "availability", table).keys():
        if time.monotonic() > deadline:
            raise MeasureFailed(f"the worker has not filled {table} within {START_S:.0f} s: see {HOME}/availability.log")
        time.sleep(0.1)  # what a group has committed can only be asked for


if __name__ == "__main__":
    typer.run(main)
