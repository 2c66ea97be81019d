"""Engines that break a promise, each in one way: what the harness says of them shows whether it sees."""

# what is put around the engine takes hold of what is its own

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from agents.engine import replaying
from agents.engine.consuming import Batch
from agents.engine.ledger import GivenUp
from agents.engine.partition import Partition, Transaction
from agents.engine.transactions import Transactions
from bookly.cache.invalidator import Invalidator

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.engine.parking import Place
    from agents.engine.replaying import Verdict

AHEAD_S = 0.3  # how long an offset is committed and its rows are not: longer than the spy needs to look


def commit_before_changelog() -> None:
    commit = Partition.commit

    async def ahead(self: Partition, transaction: Transaction) -> None:
        transactions = self._transactions
        if transactions is not None:
            await transactions.send_offsets(transaction.places, self.domain.group)
            await transactions.commit()
            await asyncio.sleep(AHEAD_S)
        await commit(self, transaction)

    Partition.commit = ahead  # type: ignore[method-assign]


def drop_dead_letter() -> None:
    merge = Partition.merge

    def dropping(self: Partition, outgoing: Any) -> None:
        merge(self, [record for record in outgoing if record.topic != self.domain.dead_letters])

    Partition.merge = dropping  # type: ignore[method-assign]


def _change_records(change: Callable[[list[Any]], list[Any]]) -> None:
    after = Batch.after

    def changed(self: Batch, offset: int) -> Batch | None:
        batch = after(self, offset)
        return None if batch is None else replace(batch, records=change(list(batch.records)))

    Batch.after = changed  # type: ignore[method-assign]


def double_apply() -> None:
    _change_records(lambda records: [*records[:1], *records])


def reorder() -> None:
    _change_records(lambda records: records[::-1])


def no_fence() -> None:
    construct = Transactions.__init__

    def unfenced(self: Transactions, brokers: str, transactional_id: str) -> None:
        construct(self, brokers, f"{transactional_id}-{uuid4()}")

    Transactions.__init__ = unfenced  # type: ignore[method-assign]


def skip_invalidation() -> None:
    async def forget(self: Invalidator) -> None:
        self._waiting.clear()

    Invalidator.send = forget  # type: ignore[method-assign]


def apply_replayed() -> None:
    def unasked(partition: Partition, place: Place) -> Verdict:
        partition.ledger.add(place, GivenUp.of(None, None, "mutant", 0))
        return "given up"

    replaying.judge = unasked


@dataclass(frozen=True)
class Mutant:
    """`fault`: under which it shows; `breaks`: the invariants of which at least one must be violated."""

    patch: Callable[[], None]
    fault: str
    breaks: frozenset[str]


MUTANTS = {
    "commit-before-changelog": Mutant(commit_before_changelog, "kill-random", frozenset({"commit_ahead", "lost"})),
    "drop-dead-letter": Mutant(drop_dead_letter, "poison-magic", frozenset({"lost"})),
    "double-apply": Mutant(double_apply, "clock-jumps", frozenset({"doubled"})),
    "reorder": Mutant(reorder, "clock-jumps", frozenset({"order"})),
    "skip-invalidation": Mutant(skip_invalidation, "clock-jumps", frozenset({"stale_cache"})),
    "apply-replayed": Mutant(apply_replayed, "replay", frozenset({"doubled", "tables", "order"})),
    "no-fence": Mutant(no_fence, "stop-past-session", frozenset({"doubled", "tables", "emitted", "order", "lost"})),
}
