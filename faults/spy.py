"""Watches the group from outside while faults strike: offsets against the durable changelog, progress against silence."""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from agents import PARTITIONS
from bookly.records.availability import ReservationCreated
from faults.background import Background
from faults.domains import AVAILABILITY
from faults.following import AwayError, Follower, Offsets
from faults.oracle import APPLIED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from faults.domains import RunDomain
    from faults.log import Entry, Place

log = logging.getLogger(__name__)
PAUSE_S = 0.05
STALLED_S = 30.0
OPEN_S = 0.5  # how long a transaction is waited for

Input = tuple[str, int]  # topic (of the catalogue) and partition


class Sample(NamedTuple):
    """The offsets that were committed at a moment, and how many applied records the changelog held just after it."""

    committed: dict[Input, int]
    backed: dict[Input, int]


@dataclass
class Spy:
    """Runs in a thread of its own from `start` to `stop`. `all_up`: whether every server is meant to answer at the moment."""

    brokers: str
    domain: RunDomain
    mode: str
    all_up: Callable[[], bool]
    samples: list[Sample] = field(default_factory=list)
    lags: list[tuple[float, int, int]] = field(default_factory=list)  # when, lag, committed offsets in sum
    stalled: int = 0

    def start(self) -> None:
        self._ending = Event()
        self._thread = Background("spy", self._watch)

    def stop(self) -> None:
        self._ending.set()
        self._thread.finish()

    def caught_up_at(self, after: float) -> float | None:
        """When the lag was first 0 at or after a moment."""
        return next((at for at, lag, _ in self.lags if at >= after and lag == 0), None)

    def _watch(self) -> None:
        self._offsets = Offsets(self.brokers, self.domain.group, "read_uncommitted")
        follower = Follower(self.brokers, self.domain.changelog(backing(self.mode)), PARTITIONS)
        moved = time.monotonic()
        try:
            while not self._ending.wait(PAUSE_S):
                if self._look(follower) or not self.all_up():
                    moved = time.monotonic()
                elif time.monotonic() - moved > STALLED_S:
                    self.stalled += 1
                    moved = time.monotonic()
        finally:
            follower.close()
            self._offsets.close()

    def _look(self, follower: Follower) -> bool:
        """Take a sample; whether there was progress, or nothing to do. The rows are read after the offsets."""
        catalogued = {name: topic for topic, name in self.domain.renamed.items()}
        now = time.monotonic()
        places = [(topic, number) for topic in self.domain.topics for number in range(PARTITIONS)]
        try:
            reached = self._offsets.committed(places)
            ends = self._offsets.ends(places)
        except AwayError as error:
            log.warning("%s: %s", self.domain.name, error)
            return False
        committed = {(catalogued[topic], number): offset for (topic, number), offset in reached.items()}
        behind, done = sum(ends[place] - offset for place, offset in reached.items()), sum(committed.values())
        before = self.lags[-1][2] if self.lags else -1
        self.lags.append((now, behind, done))
        with suppress(AwayError):  # of a dead worker's open transaction nothing can be said until it is ended
            follower.catch_up(written=True, patience=OPEN_S)
            self.samples.append(Sample(committed, backed_by(self.mode, follower.rows)))
        return behind == 0 or done != before


def backing(mode: str) -> str:
    """The table whose rows say how many records were applied."""
    return "reservations" if mode == AVAILABILITY else "chains"


def backed_by(mode: str, rows: Mapping[int, Mapping[str, Any]]) -> dict[Input, int]:
    """How many applied records the rows of each partition vouch for, by input."""
    if mode == AVAILABILITY:
        return {(ReservationCreated.TOPIC, number): len(found) for number, found in rows.items()}
    backed: Counter[Input] = Counter()
    for number, found in rows.items():
        for key, row in found.items():
            backed[key.partition("|")[0], number] += row["count"]
    return dict(backed)


def commits_ahead(samples: Iterable[Sample], entries: Iterable[Entry], outcomes: Mapping[Place, str], mode: str) -> int:
    """Samples in which an offset was committed whose applied records were not all in the changelog."""
    owed: dict[Input, list[int]] = {}
    known: set[str] = set()
    for entry in sorted(entries, key=lambda entry: entry.place):
        if outcomes.get(entry.place) != APPLIED:
            continue
        if mode == AVAILABILITY:
            if not isinstance(entry.event, ReservationCreated) or entry.event.reservation_id in known:
                continue
            known.add(entry.event.reservation_id)
        owed.setdefault(entry.place[:2], []).append(entry.place.offset)
    return sum(
        any(
            sample.backed.get(place, 0) < bisect_left(owed[place], offset)
            for place, offset in sample.committed.items()
            if place in owed
        )
        for sample in samples
    )
