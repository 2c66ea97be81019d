"""`python -m tests.integration.engine.worker`: a worker of the suite's domain, as `python -m agents` runs one of ours.

With SUITE_DIES it ends as a power cut would in the first transaction that takes a row out of the table of this name (a timer that
fires, an event that is given up no longer): all of it is written, nothing committed.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from agents.engine import recovery
from agents.engine.partition import Partition
from agents.engine.worker import run_worker
from bookly.settings import Settings
from tests.integration.engine.domain import DOMAIN, STALE

if TYPE_CHECKING:
    from agents.engine.partition import Transaction


async def end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(Partition):
    """A partition whose commit does not come to its end when a row has gone."""

    async def commit(self, transaction: Transaction) -> None:
        if any(
            record.topic == DOMAIN.changelog(os.environ["SUITE_DIES"]) and record.value is None for record in transaction.records
        ):
            transactions: Any = self._transactions
            transactions.commit = end
        await super().commit(transaction)


if __name__ == "__main__":
    if os.environ.get("SUITE_DIES"):
        recovery.Partition = Dying  # type: ignore[attr-defined]
    run_worker(DOMAIN, Settings.from_environment(), stale=STALE)
