"""`python -m faults.worker <spec>`: one worker process of a run. The engine is the real one; what is around it is put on here."""

# ruff: noqa: SLF001  # what is put around the engine takes hold of what is its own

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.engine import worker
from agents.engine.committing import Committing
from agents.engine.encoding import Encoding
from agents.engine.partition import Partition, Transaction
from agents.engine.runner import Runner
from bookly.cache.invalidator import Invalidator
from bookly.cache.tags import complete, own
from bookly.cache.types import TYPES
from bookly.settings import Settings
from faults import arming, mutants, probe
from faults.domains import PROBE, domain_of
from faults.evidence import Evidence
from faults.spec import Spec, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agents.domain import Domain


def main(path: str) -> None:
    spec = read(Path(path))
    evidence = Evidence(spec.evidence)
    domain: Domain = domain_of(spec.domain, spec.mode)
    emit_to(spec.topics)
    if spec.mode == PROBE:
        forget_usage()
        tell_invalidations(evidence)
    tell_work(evidence, spec.worker)
    if spec.slow_s or spec.raising:
        domain = burden(domain, spec)
    for arm in spec.arms:
        trigger = arming.Trigger(arm, evidence)
        if arm.point == "in-handler":
            domain = arming.arm_domain(domain, trigger)
        else:
            arming.POINTS[arm.point](trigger)
    if spec.mutant:
        mutants.MUTANTS[spec.mutant].patch()
    worker.run_worker(domain, Settings(spec.brokers, spec.registry, spec.redis))


def emit_to(topics: Mapping[str, str]) -> None:
    """Emitted events go to the run's topics."""
    encode = Encoding._encode

    def renamed(self: Encoding, record: Any, traceparent: str | None = None) -> Any:
        outgoing = encode(self, record, traceparent)
        return outgoing._replace(topic=topics[outgoing.topic])

    Encoding._encode = renamed  # type: ignore[method-assign]


def forget_usage() -> None:
    """What the probe makes stale: the usage of the resource that an event is about."""

    def tags(_self: Invalidator, _group: str, events: Iterable[Any]) -> set[str]:
        return {own(TYPES["usage"].key_of(event.resource_id)) for event in events if isinstance(event, probe.Handled)}

    async def took_over(self: Invalidator, _group: str) -> None:
        self.add([complete("res")])
        await self.send()

    Invalidator.tags, Invalidator.took_over = tags, took_over  # type: ignore[method-assign, assignment]


def tell_invalidations(evidence: Evidence) -> None:
    """Once Redis has taken all that went stale: which version of which row no reader may miss from now on."""
    commit, take_over = Committing.commit, Runner.take_over
    waiting: dict[str, int] = {}

    def tell(invalidator: Invalidator) -> None:
        if waiting and not invalidator.pending:
            evidence.tell("stale", rows=waiting)
            waiting.clear()

    async def telling(self: Committing, taken: Sequence[tuple[Partition, Transaction]]) -> None:
        counts = taken[0][0].domain.changelog("counts")
        rows = [record for _, one in taken for record in one.records if record.topic == counts and record.value is not None]
        await commit(self, taken)
        waiting.update({(row.key or b"").decode(): json.loads(row.value or b"")["version"] for row in rows})
        tell(self._invalidator)

    async def telling_all(self: Runner, numbers: list[int]) -> None:
        await take_over(self, numbers)
        waiting.clear()
        waiting.update({key: row.version for each in self.partitions.values() for key, row in each.rows["counts"].items()})
        tell(self._invalidator)

    Committing.commit, Runner.take_over = telling, telling_all  # type: ignore[method-assign]


def tell_work(evidence: Evidence, worker: int) -> None:
    """Who owns what, and what is handed to the handlers, so that work that is done twice can be counted."""
    reached, take_over = Partition.reached, Runner.take_over

    async def telling_owner(self: Runner, numbers: list[int]) -> None:
        await take_over(self, numbers)
        evidence.tell("owns", worker=worker, numbers=numbers)

    def telling(self: Partition, tp: Any, offset: int, **about: Any) -> None:
        before = self.done_up_to(tp)
        evidence.tell("slice", topic=tp.topic, partition=tp.partition, first=before, next=offset, **about)
        reached(self, tp, offset, **about)

    Partition.reached, Runner.take_over = telling, telling_owner  # type: ignore[method-assign]


def burden(domain: Domain, spec: Spec) -> Domain:
    """Handlers that take long, or that raise as long as a file is there: a bad deploy, and its end."""

    def burdened(event: Any, state: Any) -> None:
        if spec.slow_s:
            time.sleep(spec.slow_s)
        if spec.raising and Path(spec.raising).exists():
            raise RuntimeError(f"a bad deploy cannot bear {event.TYPE}")
        del state

    return replace(domain, handlers={event: (*handlers, burdened) for event, handlers in domain.handlers.items()})


if __name__ == "__main__":
    main(sys.argv[1])
