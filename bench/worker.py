"""A worker of a copy of the fold: `python -m bench.worker NAME TOPIC PARTITIONS`, run by the real engine until SIGTERM.

It tells what happens in lines of JSON: the partitions that it took over, and after each commit how many events it has applied,
when (time.monotonic) and with how much CPU since the first of them was in hand.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any, cast

import faust
import uvloop

from agents.engine.logs import configure_logs
from agents.engine.partition import Tally
from agents.engine.worker import prepare, tune_interpreter
from bench.apart import fold_of
from bench.fold.domain import STALE
from bench.recovering import used_cpu
from bookly.settings import Settings

if TYPE_CHECKING:
    from agents.engine.app import BooklyApp


def main(name: str, topic: str, partitions: str) -> None:
    configure_logs()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    stale = {(name, event): found for (_, event), found in STALE.items()}
    app = prepare(fold_of(name, topic), Settings.from_environment(), stale=stale, partitions=int(partitions))
    tune_interpreter()
    Teller(app)
    faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True).execute_from_commandline()


class Teller:
    """Stands between the engine and its runner, and tells."""

    def __init__(self, app: BooklyApp) -> None:
        self._runner = cast("Any", app.runner)
        self._began: tuple[float, float] | None = None
        self._told = 0
        self._committed: dict[Any, int] = {}
        self._calls = self._runner.take_over, self._runner._apply, self._runner.committing.commit  # noqa: SLF001  # there is no other seam
        self._runner.take_over, self._runner._apply, self._runner.committing.commit = self.take_over, self.apply, self.commit  # noqa: SLF001

    async def take_over(self, numbers: list[int]) -> None:
        await self._calls[0](numbers)
        tell({"took_over": numbers})

    async def apply(self, batch: Any) -> None:
        if self._began is None and batch.records:
            self._began = time.monotonic(), used_cpu()
        await self._calls[1](batch)

    async def commit(self, taken: Any) -> None:
        await self._calls[2](taken)
        self._committed.update({tp: Tally.parse(at.metadata)["applied"] for _, one in taken for tp, at in one.places.items()})
        applied = sum(self._committed.values())
        if self._began is not None and applied > self._told:
            self._told = applied
            began, cpu = self._began
            tell({"applied": applied, "began": began, "at": time.monotonic(), "cpu_s": used_cpu() - cpu})


def tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
