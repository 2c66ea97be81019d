"""All planned runs on one stack: beside each other where they share nothing that breaks, alone where a server suffers."""

from __future__ import annotations

import shutil
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agents import PARTITIONS
from bookly.catalog import EventType
from bookly.registry import Registry
from contracts.registry import provision_registry
from faults import run
from faults.checker import INVARIANTS
from faults.proxy import Proxy
from faults.setting import Servers
from stack import Stack, state
from stack.controller import controller
from stack.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from faults.plan import Planned
    from faults.run import Outcome

LANES = 4


class SharedRegistry(Registry):
    """One for all runs; it knows every schema from the start, so a registry that is away stops no publisher."""

    def close(self) -> None:
        """Stays open: another run may use it."""


@contextmanager
def servers(home: Path, say: Callable[[str], None]) -> Iterator[Servers]:
    """A stack of its own with empty data, its controller apart (docs/decisions/0007), and a proxy before the broker's second
    listener. Raises StackError.
    """
    stack_home = state.stack_directory(home)
    if state.running(stack_home) is None:  # else its owner needs the data, and the next line says so
        shutil.rmtree(home / ".stack/data", ignore_errors=True)
        shutil.rmtree(home / "runs", ignore_errors=True)
    own = free_port(set())
    proxy = free_port({own})
    with (
        controller(stack_home, say) as metadata,
        Stack.start(home, ports={"proxied": own, "proxy": proxy, "controller": metadata}, say=say) as stack,
        Proxy(proxy, own) as broker_proxy,
    ):
        provision_registry(str(stack.registry))
        registry = SharedRegistry(str(stack.registry))
        registry.warm_up(event_type.value for event_type in EventType)
        yield Servers(stack, broker_proxy, registry, home)


def play(servers: Servers, plan: Iterable[Planned], lanes: int, done: Callable[[Outcome], None], mutant: str = "") -> None:
    """Every run of the plan, in its order where runs are alone. Raises what the first run raises that the harness cannot do."""
    under_way: set[Future[Outcome]] = set()

    def settle(most: int) -> None:
        while len(under_way) > most:
            for finished in wait(under_way, return_when=FIRST_COMPLETED).done:
                under_way.discard(finished)
                done(finished.result())

    pool = ThreadPoolExecutor(lanes)
    try:
        for planned in plan:
            settle(0 if planned.fault.alone else lanes - 1)
            under_way.add(pool.submit(run.play, servers, planned, mutant))
            if planned.fault.alone:
                settle(0)
        settle(0)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C nobody waits for what is under way


def figures(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """What build/faults.json holds."""
    outcomes = list(outcomes)
    by_fault: dict[str, Any] = {}
    for outcome in outcomes:
        of = by_fault.setdefault(outcome.planned.fault.name, {"runs": 0, "violations": 0, "max_recovery_s": 0.0, "unstruck": 0})
        of["runs"] += 1
        of["violations"] += len(outcome.violations)
        of["unstruck"] += bool(outcome.unstruck)
        of["max_recovery_s"] = max(of["max_recovery_s"], round(outcome.recovery_s or 0.0, 2))
    counted = Counter(violation.invariant for outcome in outcomes for violation in outcome.violations)
    return {
        "runs": len(outcomes),
        "faults": len(by_fault),
        "events": sum(outcome.events for outcome in outcomes),
        "partitions": PARTITIONS,
        "spy_samples": sum(outcome.samples for outcome in outcomes),
        "cache_reads": sum(outcome.reads for outcome in outcomes),
        "cache_hits": sum(outcome.hits for outcome in outcomes),
        "worker_deaths": sum(outcome.restarts for outcome in outcomes),
        "unstruck": sum(bool(outcome.unstruck) for outcome in outcomes),
        "violations": {name: counted[name] for name in INVARIANTS},
        "max_recovery_s": max((of["max_recovery_s"] for of in by_fault.values()), default=0.0),
        "by_fault": dict(sorted(by_fault.items())),
    }
