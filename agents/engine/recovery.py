"""Taking over partitions: fence, then recover, then read on. The order is what makes a killed worker's successor exact.

Fencing first ends the former owner's open transaction, so the committed offset and the changelog's end that are read next are
final. Faust's own recovery reads one event at a time, waits for an offset that transaction markers make unreachable, and
starts before anything is fenced; so this replaces its loop and keeps its life cycle (faust-streaming 0.15.3, tables/recovery.py).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.types import TP
from mode import Service
from msgspec.json import Decoder

from agents.engine.fatal import EXIT_DATA, stop_process
from agents.engine.partition import Partition
from agents.engine.pulse import Phase
from agents.engine.refusing import NotPermittedError, OldProtocolError
from bookly.access import aiokafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.domain import Domain

log = structlog.get_logger(__name__)
READ_AT_ONCE = 20_000


class Revoked(Exception):
    """The partitions were given up while they were being taken over."""


class FencedRecovery(Recovery):
    app: Any  # a BooklyApp: Faust types its own protocol here

    @Service.task
    async def _restart_recovery(self) -> None:
        while not await self.wait_for_stopped(self.signal_recovery_start):  # type: ignore[arg-type]
            self.signal_recovery_start.clear()
            generation = self._generation_id
            sources = [tp for tp in self.app.consumer.assignment() if not self._is_changelog_tp(tp)]
            assigned = {tp.partition for tp in sources}
            if len(sources) != len(assigned) * len(self.app.runner.domain.inputs):
                stop_process(f"a partition number is shared with a worker that reads other topics: {sorted(sources)}")
            try:
                await self._wait(self.app.runner.take_over(sorted(assigned)))
                await self._resume_streams(generation)
                if self.app.consumer_generation_id == generation:  # else it has returned, and another assignment follows
                    self.app.runner.pulse.enter(Phase.RUNNING)
            except (RebalanceAgain, Revoked):
                continue
            except ServiceStopped:
                return
            except (OldProtocolError, NotPermittedError) as error:
                stop_process(str(error), error, code=EXIT_DATA)
            except Exception as error:  # noqa: BLE001  # whatever it was, the partitions are not ours
                stop_process(f"partitions {sorted(assigned)} could not be taken over", error)

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """`take_over` reads changelogs, by a consumer of its own."""

    @Service.task
    async def _publish_stats(self) -> None:
        """`take_over` logs what it read."""


class FencedTableManager(TableManager):
    @property
    def recovery(self) -> Recovery:
        if self._recovery is None:
            self._recovery = FencedRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery


async def take_over(
    domain: Domain, brokers: str, numbers: list[int], progress: Callable[[], None] = lambda: None
) -> dict[int, Partition]:
    """Fence and recover partitions; the answer holds each with its rows as of the last commit."""
    partitions = {number: Partition(domain, number) for number in numbers}
    try:
        for partition in partitions.values():
            await partition.fence(brokers)
            progress()
        await _recover_rows(domain, brokers, partitions, progress)
        await _recover_offsets(domain, brokers, partitions)
    except BaseException:
        await asyncio.gather(*(partition.close() for partition in partitions.values()))
        raise
    return partitions


async def _recover_rows(domain: Domain, brokers: str, partitions: dict[int, Partition], progress: Callable[[], None]) -> None:
    decoders = {domain.changelog(table.name): (table.name, Decoder(table.row)) for table in domain.tables}
    aside: dict[str, Callable[[Partition, Any], None]] = {
        domain.parked: lambda partition, record: partition.parking.restore(record),
        domain.given_up: lambda partition, record: partition.ledger.restore(record),
    }
    places = [TopicPartition(topic, number) for topic in (*decoders, *aside) for number in partitions]
    if not places:
        return
    consumer: Any = AIOKafkaConsumer(
        **aiokafka_settings(brokers),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        consumer.assign(places)
        ends = {place: end for place, end in (await consumer.end_offsets(places)).items() if end > 0}
        await consumer.seek_to_beginning(*places)
        read = 0
        while behind := [place for place, end in ends.items() if await consumer.position(place) < end]:
            for place, records in (await consumer.getmany(*behind, timeout_ms=200, max_records=READ_AT_ONCE)).items():
                read += len(records)
                progress()
                if place.topic in aside:
                    for record in records:
                        aside[place.topic](partitions[place.partition], record)
                else:
                    name, decoder = decoders[place.topic]
                    _restore(partitions[place.partition].rows[name], records, decoder.decode)
        log.info(
            "recovered",
            partitions=sorted(partitions),
            records=read,
            rows=sum(len(r) for p in partitions.values() for r in p.rows.values()),
        )
    finally:
        await consumer.stop()


def _restore(rows: dict[str, Any], records: Iterable[Any], decode: Callable[[bytes], Any]) -> None:
    for record in records:
        if record.value is None:
            rows.pop(record.key.decode(), None)
        else:
            rows[record.key.decode()] = decode(record.value)


async def _recover_offsets(domain: Domain, brokers: str, partitions: dict[int, Partition]) -> None:
    """Where each input goes on, with its tally; where it begins, if nothing of it was ever committed, or if it is gone."""
    places = [TopicPartition(topic, number) for topic in domain.inputs for number in partitions]
    if not places:
        return
    admin: Any = AIOKafkaAdminClient(**aiokafka_settings(brokers))
    try:
        await admin.start()
        committed = await admin.list_consumer_group_offsets(domain.group)
    finally:
        await admin.close()
    consumer: Any = AIOKafkaConsumer(**aiokafka_settings(brokers))
    try:
        await consumer.start()
        begins = await consumer.beginning_offsets(places)
    finally:
        await consumer.stop()
    _refuse_lost_offsets(domain, partitions, {place.partition for place, found in committed.items() if found.offset >= 0})
    for place in places:
        tp, begin, found = TP(*place), begins[place], committed.get(place)
        partition = partitions[place.partition]
        if found is None or found.offset < 0:
            partition.begin_at(tp, begin)
            continue
        partition.resume_from(tp, found.offset, found.metadata)
        if found.offset < begin:
            log.error("deleted unread", topic=tp.topic, partition=tp.partition, first=found.offset, next=begin)
            partition.reached(tp, begin, records=0)


def _refuse_lost_offsets(domain: Domain, partitions: dict[int, Partition], committed: set[int]) -> None:
    """Rows without any offset: the broker has forgotten how far the group came, and reading all again would count it twice."""
    for number in sorted(partitions.keys() - committed):
        partition = partitions[number]
        if partition.parking or partition.ledger or any(partition.rows.values()):
            stop_process(
                f"partition {number} of {domain.group} has rows, but no committed offset: the broker forgets those of a group "
                "that is away for longer than its offsets.retention.minutes, or somebody deleted them. Set them to where it "
                "was (kafka-consumer-groups --reset-offsets), or delete its changelog topics to build the tables anew",
                code=EXIT_DATA,
            )
