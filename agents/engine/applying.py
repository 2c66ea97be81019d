"""A slice of records to changes of a partition: handlers all at once where all is well, one by one where it is not.

A record fails when its bytes are no event or one of its handlers raises. It leaves no trace but a dead letter, and those of
its key that come after it wait behind it. All others are applied.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from agents.engine.dead_letters import dead_letter, failure_of
from agents.engine.decoding import Bad
from agents.engine.fatal import EXIT_DATA, stop_process
from agents.engine.fuse import Fuse, Limits
from agents.engine.ledger import GivenUp
from agents.engine.parking import Parked
from bookly.at_work import ids_of
from bookly.personal import values_hidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faust.types import TP

    from agents.domain import Domain
    from agents.engine.consuming import Batch
    from agents.engine.decoding import Decoded
    from agents.engine.fetching import Fetched
    from agents.engine.handling import Handling
    from agents.engine.partition import Partition
    from agents.engine.replaying import Arrived
    from bookly.cache.invalidator import Invalidator
    from bookly.records import Record

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Aside:
    """A record of the slice that is not applied: it failed, or (no `bad`) it waits behind one of its key that did."""

    index: int
    bad: Bad | None
    event: Record | None


class Applying:
    """Runs a domain's handlers. Nothing here does I/O: what it changes is kept for the partition's next transaction."""

    def __init__(self, domain: Domain, handling: Handling, invalidator: Invalidator, limits: Limits | None = None) -> None:
        self._domain, self._handling, self._invalidator = domain, handling, invalidator
        self._limits = limits or Limits()
        self._fuses: dict[TP, Fuse] = {}
        self.seen: Counter[type[Any]] = Counter()  # events by class, those that nobody handles included

    def forget(self) -> None:
        """The partitions have changed hands: their fuses are those that were committed."""
        self._fuses.clear()

    def apply(self, partition: Partition, batch: Batch, decoded: Decoded, *, final: bool) -> int:
        """How many records, from the first on, are done. A run of failed ones at the end waits for a good one to follow,
        unless this is `final`: so that nothing behind the last good event is committed when the fuse blows.
        """
        if batch.records:
            partition.take_up(batch.records[0].timestamp / 1000)
        if not decoded.bad and not partition.parking:
            try:
                self.run(partition, batch.tp, batch.records, decoded.events, self._written(batch))
                self._fuse(partition, batch.tp).good(self._tally(partition, batch.tp, decoded.events))
                return len(batch.records)
            except Exception:  # noqa: BLE001  # whatever a handler raises: which event it was is found out one by one
                partition.state.discard()
        return self._one_by_one(partition, batch, decoded, final=final)

    def run(
        self,
        partition: Partition,
        tp: TP,
        records: Sequence[Fetched | Parked | Arrived],
        events: Sequence[Record],
        written_at: Sequence[int | None],
    ) -> None:
        """All handlers of all events, or nothing: after an exception the caller discards the state."""
        outgoing = self._handling.handle(partition, tp, records, events, written_at)
        stale = self._invalidator.tags(self._domain.name, events)
        if partition.state.repeats:
            partition.tally(tp, repeats=partition.state.repeats)
        partition.merge(outgoing)
        partition.stale.update(stale)

    def _written(self, batch: Batch) -> Sequence[int | None]:
        """When each record was, in microseconds; of none where nothing goes by time, for that is asked on the hot path."""
        if not self._domain.has_clock:
            return [None] * len(batch.records)
        return [record.timestamp * 1000 for record in batch.records]

    def try_one(
        self, partition: Partition, tp: TP, record: Fetched | Parked | Arrived, event: Record, written_at: int | None
    ) -> Bad | None:
        """Apply one event wholly, or say why it cannot be and leave no trace. `written_at`: microseconds since 1970."""
        try:
            self.run(partition, tp, [record], [event], [written_at])
        except Exception as error:  # noqa: BLE001  # bad for this group: kept in its dead letters with the reason
            partition.state.discard()
            return Bad("HANDLER_RAISED", error)
        return None

    def let_time_pass(self, partition: Partition, now: int) -> None:
        """What happens by time alone up to `now` (microseconds since 1970) is kept as what events do is. Where it fails there is
        no event that could be set aside, so the process stops.
        """
        state = partition.state
        state.event, state.written_at = None, now
        try:
            self._domain.on_time(now, state)
            outgoing = self._handling.by_time(partition)
        except Exception as error:  # noqa: BLE001  # whatever it was: half of it must not be kept
            state.discard()
            stop_process(
                f"what {self._domain.name} does by time alone failed on partition {partition.number}. Nothing is committed, "
                "and a restart will stop here again: deploy a corrected one",
                error,
                code=EXIT_DATA,
            )
        partition.merge_by_time(outgoing, self._invalidator.tags(self._domain.name, state.emitted), now / 1e6)

    def _tally(self, partition: Partition, tp: TP, events: Sequence[Record]) -> int:
        """How many of these, all done, somebody handled; the others were ignored."""
        kinds = Counter(map(type, events))
        self.seen.update(kinds)
        applied = sum(count for kind, count in kinds.items() if kind in self._domain.handlers)
        partition.tally(tp, applied=applied, ignored=len(events) - applied)
        return applied

    def _one_by_one(self, partition: Partition, batch: Batch, decoded: Decoded, *, final: bool) -> int:
        fuse, done = self._fuse(partition, batch.tp), []
        aside: list[Aside] = []  # since the last good event
        failed: set[bytes | None] = set()  # their keys
        first = partition.parking.reserve(len(batch.records))
        for index, (record, event) in enumerate(zip(batch.records, decoded.events, strict=True)):
            bad = decoded.bad.get(index)
            handled = bad is not None or type(event) in self._domain.handlers
            if handled and record.key is not None and (record.key in failed or record.key in partition.parking):
                aside.append(Aside(index, None, event))
                if fuse.failed + len(failed) >= self._limits.keys:
                    self._check_fuse(fuse, batch, aside)
                continue
            bad = bad or self.try_one(partition, batch.tp, record, event, record.timestamp * 1000)
            if bad is None:
                done.append((index, event))
                if handled:
                    self._set_aside(partition, batch, aside, first)
                    fuse.good()
                    failed.clear()
                continue
            aside.append(Aside(index, bad, event))
            failed.add(record.key)
            self._check_fuse(fuse, batch, aside)
        end = len(batch.records)
        if failed and not final:
            end = next(one.index for one in aside if one.bad)
            aside = [one for one in aside if one.index < end]
        self._set_aside(partition, batch, aside, first)
        self._tally(partition, batch.tp, [event for index, event in done if index < end])
        return end

    def _set_aside(self, partition: Partition, batch: Batch, aside: list[Aside], first: int) -> None:
        """Dead letters of those that failed, and a place in line for each that has a key."""
        fuse = self._fuse(partition, batch.tp)
        for one in aside:
            record, attempt = batch.records[one.index], int(one.bad is not None)
            if one.bad is not None:
                fuse.bad()
                self.fail(partition, batch.tp, record, one.bad, one.event, first + one.index)
            else:
                fuse.parked()
                partition.parking.put(Parked.of(batch.tp, record, first + one.index, 0))
            partition.tally(batch.tp, dead=attempt, parked=1 - attempt)
        if aside:
            self.check_room(partition)
        aside.clear()

    def fail(
        self, partition: Partition, tp: TP, record: Fetched, bad: Bad, event: Record | None, sequence: int, attempt: int = 1
    ) -> None:
        """It is a dead letter, and heads the line of its key; without a key nothing waits for it, and it is given up."""
        say(tp, record, bad, event)
        partition.merge([dead_letter(self._domain, tp, record, bad, event, attempt)])
        failure = failure_of(self._domain, bad, event)
        if record.key is not None:
            partition.parking.put(Parked.of(tp, record, sequence, attempt, failure))
        else:
            entry = GivenUp.of(None, failure, self._domain.group, attempt)
            partition.ledger.add((tp.topic, tp.partition, record.offset), entry)

    def _fuse(self, partition: Partition, tp: TP) -> Fuse:
        """Its run is committed with the tally: were it forgotten at restarts, a slow trickle of failures would go on for ever."""
        found = self._fuses.get(tp)
        if found is None:
            found = self._fuses[tp] = Fuse(self._limits, partition.tallies[tp])
        return found

    def _check_fuse(self, fuse: Fuse, batch: Batch, aside: Sequence[Aside]) -> None:
        failed = [one for one in aside if one.bad]
        why = fuse.blown_by(len(failed), len(aside) - len(failed))
        if why is not None:
            where = f"{batch.tp.topic} partition {batch.tp.partition}, from offset {batch.records[aside[0].index].offset} on"
            stop_process(
                f"the fuse is blown: {why} on {where}. Nothing behind the last good event is committed, and a restart will stop "
                "here again. If the handler is wrong, deploy a corrected one; if the events are, set BOOKLY_FUSE=off for one "
                "start to let them become dead letters",
                failed[-1].bad.error if failed and failed[-1].bad else None,
                code=EXIT_DATA,
            )

    def check_room(self, partition: Partition) -> None:
        parking = partition.parking
        if len(parking) > self._limits.parked or parking.size > self._limits.parked_bytes:
            stop_process(
                f"{len(parking):,} records of partition {partition.number} wait behind failed ones, more than memory is for. "
                "Release their keys (python -m api dead list), with the handler mended or the failed record skipped",
                code=EXIT_DATA,
            )


def say(tp: TP, record: Fetched | Parked | Arrived, bad: Bad, event: Record | None = None) -> None:
    """In the log, with the ids by which its event is found and without what is personal of it."""
    about = {"topic": tp.topic, "partition": tp.partition, "offset": record.offset, **ids_of(record.headers)}
    log.error("dead letter", reason=bad.reason, error=values_hidden(str(bad.error), event), **about)
