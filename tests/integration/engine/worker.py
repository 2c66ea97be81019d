"""`python -m tests.integration.engine.worker`: a worker of the suite's domain, as `python -m agents` runs one of ours.

With SUITE_DIES it ends as a power cut would in the first transaction in which a timer has fired: when all of it is written and
nothing committed (`inside`), or when it is committed and nobody here knows (`after`).
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from agents.engine.partition import Partition
from agents.engine.worker import run_worker
from bookly.settings import Settings
from tests.integration.engine.domain import DOMAIN, STALE

if TYPE_CHECKING:
    from agents.engine.partition import Transaction


def dying(at: str) -> Any:
    """The partition's commit, which does not come to its end when a timer has fired."""
    alive = Partition.commit

    async def commit(self: Partition, transaction: Transaction) -> Any:
        if any(record.topic == DOMAIN.changelog("timers") and record.value is None for record in transaction.records):
            producer: Any = self._producer
            committing = producer.commit_transaction

            async def end() -> None:
                if at == "after":
                    await committing()
                os.kill(os.getpid(), signal.SIGKILL)

            producer.commit_transaction = end
        return await alive(self, transaction)

    return commit


if __name__ == "__main__":
    if at := os.environ.get("SUITE_DIES"):
        Partition.commit = dying(at)  # type: ignore[method-assign]
    run_worker(DOMAIN, Settings.from_environment(), stale=STALE)
