"""The run, judged: what was expected, what was found, and every figure of build/demo.json."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from agents import NAMES
from api.tables import read_log, read_rows
from api.tally import read_tally
from demo.double_bookings import double_bookings
from demo.found import found_facts
from demo.oracle.facts import is_from_outside
from demo.oracle.fold import Oracle
from demo.verdict import verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bookly.records import Record
    from demo.verdict import Verdict
    from demo.workers import Worker

PROCESSED = ("applied", "ignored", "dead")


class Check:
    """`log`: every event, in the order of topic, partition and offset. `figures` is what build/demo.json holds."""

    def __init__(
        self,
        *,
        log: list[Record],
        brokers: str,
        published: int,
        workers: Sequence[Worker],
        about: Mapping[str, Any],
        began: float,
    ) -> None:
        expected = Oracle().expect(log)
        self.verdicts = verdicts(expected, found_facts(log, lambda domain, table: read_rows(brokers, domain, table)))
        self._outside = sum(map(is_from_outside, log))
        tallies = {f"bookly-{name}": read_tally(brokers, f"bookly-{name}") for name in NAMES}
        self.figures: dict[str, Any] = {
            "events_published": published,
            "events_processed_by_group": {group: sum(tally[of] for of in PROCESSED) for group, tally in tallies.items()},
            "dead_lettered": sum(1 for name in NAMES for _ in read_log(brokers, f"bookly.{name}.dead")),
            "flows": {verdict.flow: _figures(verdict) for verdict in self.verdicts},
            "double_bookings": double_bookings(log),
            "worker_rss_mb": {worker.name: round(worker.peak_rss_mb, 1) for worker in workers},
            "restarts": {worker.name: worker.restarts for worker in workers},
            "repeats_by_group": {group: tally["repeats"] for group, tally in tallies.items()},
            "events_in_log": len(log),
            "hours_told": sum(event.TYPE == "reports.demand.window_closed" for event in log),
            **about,
            "seconds": round(time.monotonic() - began, 1),
        }

    @property
    def right(self) -> bool:
        return not list(self.complaints())

    def complaints(self) -> Iterator[str]:
        """Everything that is not as it should be, in sentences; the first ten of a kind."""
        for verdict in self.verdicts:
            yield from verdict.sentences()
        published, dead, double = (self.figures[name] for name in ("events_published", "dead_lettered", "double_bookings"))
        if self._outside != published:
            yield f"{published} events were published, but the log holds {self._outside} that nobody caused"
        if dead:
            yield f"{dead} events are among the dead letters: look at bookly.<domain>.dead and the logs of the workers"
        if double:
            yield f"{double} pairs of confirmed reservations hold the same slot"


def _figures(verdict: Verdict) -> dict[str, int]:
    return {
        "expected": verdict.expected,
        "found": verdict.found,
        "missing": verdict.missing.total(),
        "unexpected": verdict.unexpected.total(),
    }
