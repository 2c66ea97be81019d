"""Points at which a worker process kills itself, put around the engine's methods from outside: the engine has no hook for it."""

# ruff: noqa: SLF001  # what is put around the engine takes hold of what is its own

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import agents.engine.recovery
from agents.engine.partition import Partition
from agents.engine.runner import Runner
from agents.engine.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.domain import Domain
    from faults.evidence import Evidence
    from faults.spec import Arm


class Trigger:
    """Strikes at the nth pass of its point: tells it, and kills the process as a power cut would."""

    def __init__(self, arm: Arm, evidence: Evidence) -> None:
        self.arm = arm
        self._evidence = evidence
        self._left = arm.nth

    def passes(self) -> bool:
        """Whether this pass is the one."""
        self._left -= 1
        return self._left == 0

    def strike(self) -> NoReturn:
        self._evidence.tell("struck", point=self.arm.point)
        os.kill(os.getpid(), signal.SIGKILL)
        raise SystemExit  # never reached: the signal cannot be caught

    def pass_by(self) -> None:
        if self.passes():
            self.strike()


def arm_domain(domain: Domain, trigger: Trigger) -> Domain:
    """In a handler: the first of each event's handlers counts, so the strike comes between two changes of an overlay."""

    def armed(handler: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def handle(event: Any, state: Any) -> None:
            handler(event, state)
            trigger.pass_by()

        handle.__name__ = handler.__name__
        return handle

    return replace(domain, handlers={event: (armed(first), *rest) for event, (first, *rest) in domain.handlers.items()})


def after_fetch(trigger: Trigger) -> None:
    apply = Runner._apply

    async def armed(self: Runner, *waiting: Any) -> Any:
        trigger.pass_by()
        return await apply(self, *waiting)

    Runner._apply = armed  # type: ignore[method-assign, assignment]


def after_overlay(trigger: Trigger) -> None:
    merge = Partition.merge

    def armed(self: Partition, outgoing: Any) -> None:
        merge(self, outgoing)
        trigger.pass_by()

    Partition.merge = armed  # type: ignore[method-assign]


def changelog_half(trigger: Trigger) -> None:
    """One batch of a transaction is on the broker, the next is not."""
    produce = Transactions._produce

    async def armed(self: Transactions, batches: Any) -> Any:
        if len(batches) > 1 and trigger.passes():
            await produce(self, batches[:1])
            trigger.strike()
        return await produce(self, batches)

    Transactions._produce = armed  # type: ignore[method-assign]


def delivered_not_committed(trigger: Trigger) -> None:
    commit = Transactions.commit

    async def armed(self: Transactions) -> None:
        trigger.pass_by()
        await commit(self)

    Transactions.commit = armed  # type: ignore[method-assign]


def in_commit(trigger: Trigger) -> None:
    """The request is under way: whether the broker commits is open."""
    commit = Transactions.commit

    async def armed(self: Transactions) -> None:
        if trigger.passes():
            asyncio.get_running_loop().call_later(trigger.arm.after_s, trigger.strike)
        await commit(self)

    Transactions.commit = armed  # type: ignore[method-assign]


def in_revoke(trigger: Trigger) -> None:
    """Partitions are given up: before the commit, or (after_s above 0) with the commit done and the producers open."""
    give_up, close = Runner.give_up, Runner._close

    async def armed(self: Runner) -> None:
        if self.partitions and not trigger.arm.after_s:
            trigger.pass_by()
        self.__dict__["gives_up"] = True
        await give_up(self)
        self.__dict__["gives_up"] = False

    async def armed_close(self: Runner) -> None:
        if self.__dict__.get("gives_up") and self.partitions and trigger.arm.after_s:
            trigger.pass_by()
        await close(self)

    Runner.give_up = armed  # type: ignore[method-assign]
    Runner._close = armed_close  # type: ignore[method-assign]


def in_recovery(trigger: Trigger) -> None:
    """Partitions are taken over: between two fences, or (after_s above 0) with rows read and offsets not."""
    if not trigger.arm.after_s:
        fence = Partition.fence

        async def armed(self: Partition, brokers: str) -> None:
            await fence(self, brokers)
            trigger.pass_by()

        Partition.fence = armed  # type: ignore[method-assign]
        return
    recover_offsets = agents.engine.recovery._recover_offsets

    async def armed_offsets(*about: Any) -> None:
        trigger.pass_by()
        await recover_offsets(*about)

    agents.engine.recovery._recover_offsets = armed_offsets  # type: ignore[assignment]


def in_dead_letter(trigger: Trigger) -> None:
    """A dead letter is on the broker, in a transaction that is open."""
    write = Transactions.write

    async def armed(self: Transactions, records: Any) -> None:
        await write(self, records)
        if any(record.topic.endswith(".dead") for record in records):
            trigger.pass_by()

    Transactions.write = armed  # type: ignore[method-assign]


POINTS: dict[str, Callable[[Trigger], None]] = {
    "after-fetch": after_fetch,
    "after-overlay": after_overlay,
    "changelog-half": changelog_half,
    "delivered-not-committed": delivered_not_committed,
    "in-commit": in_commit,
    "in-revoke": in_revoke,
    "in-recovery": in_recovery,
    "in-dead-letter": in_dead_letter,
}
