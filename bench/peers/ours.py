"""Ours: the fold's domain in the engine of the five domains, all guarantees on. One worker process.

Reads the environment of every peer (FOLD_*), and FOLD_REGISTRY: the engine learns its decoders from the registry.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import faust
import uvloop

from agents import changelogs_of
from agents.engine.logs import configure_logs
from agents.engine.partition import Tally
from agents.engine.worker import prepare, tune_interpreter
from bench.fold.domain import FOLD, STALE
from bench.peers.stopwatch import Stopwatch
from bookly.settings import Settings
from contracts.broker import create_topics

if TYPE_CHECKING:
    from agents.engine.app import BooklyApp


def main() -> None:
    """Fold FOLD_EVENTS events into tables of a group of its own and print one JSON line."""
    configure_logs()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    settings = Settings(os.environ["FOLD_BROKERS"], os.environ["FOLD_REGISTRY"], os.environ["FOLD_REDIS"])
    domain = replace(FOLD, name=os.environ["FOLD_GROUP"])
    partitions = int(os.environ.get("FOLD_PARTITIONS", "4"))
    engine = (domain.dead_letters, domain.control, domain.replay)
    others: list[tuple[str, int, dict[str, str]]] = [(topic, partitions, {}) for topic in engine]
    create_topics(settings.brokers, [*changelogs_of(domain, partitions), *others])
    stale = {(domain.name, event): found for (_, event), found in STALE.items()}
    app = prepare(domain, settings, stale=stale, partitions=partitions)
    tune_interpreter()
    Watch(app, int(os.environ["FOLD_EVENTS"]))
    faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True).execute_from_commandline()


class Watch:
    """Looks at the runner from outside: when the first slice was in hand, and when the last one was committed."""

    def __init__(self, app: BooklyApp, events: int) -> None:
        self._runner = cast("Any", app.runner)
        self._events = events
        self._told: dict[Any, int] = {}
        self._watch = Stopwatch()
        self._apply, self._commit = self._runner._apply, self._runner.committing.commit
        self._runner._apply, self._runner.committing.commit = self.apply, self.commit

    async def apply(self, batch: Any) -> None:
        if batch.records:
            self._watch.start()
        await self._apply(batch)

    async def commit(self, taken: Any) -> None:
        """The tallies that a commit carries say how far it reaches. Redis has to have taken what is stale, too."""
        await self._commit(taken)
        self._told.update({tp: Tally.parse(at.metadata)["applied"] for _, one in taken for tp, at in one.places.items()})
        if sum(self._told.values()) >= self._events:
            while self._runner.invalidations:  # noqa: ASYNC110  # seen from outside: nobody sets an event
                await asyncio.sleep(0.001)
            self._watch.stop(self._sum("by_resource"), self._sum("by_hour"), self._events)
            os._exit(0)

    def _sum(self, table: str) -> int:
        return sum(row.count for partition in self._runner.partitions.values() for row in partition.rows[table].values())


if __name__ == "__main__":
    main()
