"""Live rows corrected: what differs is written to the live changelogs, under the transactional id of the partition's owner, so
that nobody who still believes to own it can commit, and everybody who owns it next recovers the corrected rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import KafkaException, Producer
from msgspec.json import encode as to_json

from agents.rebuild.comparing import corrected
from agents.rebuild.errors import NotRebuilt
from bookly.errors import BrokerUnavailable
from bookly.transport import librdkafka_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.domain import Domain
    from agents.rebuild.comparing import Difference
    from agents.rebuild.snapshot import Live, Snapshot

PATIENCE_S = 30.0


def refuse_while_it_runs(snapshot: Snapshot) -> None:
    """Raises NotRebuilt while the group has members: they hold the old rows in memory, and would write them again."""
    members = snapshot.members()
    if members:
        raise NotRebuilt(
            f"{snapshot.domain.group} has {members} workers: stop them, switch, and start them again. Nothing has changed."
        )


def switch(domain: Domain, brokers: str, snapshot: Snapshot, number: int, live: Live, found: Sequence[Difference]) -> None:
    """One transaction: all corrections of a partition or none. Raises NotRebuilt when the group has moved meanwhile."""
    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "logger": librdkafka_log(),
            "transactional.id": f"{domain.group}-{number}",
            "transaction.timeout.ms": 60_000,
        }
    )
    try:
        producer.init_transactions(PATIENCE_S)
        refuse_while_it_runs(snapshot)
        if snapshot.offsets({number}) != live.offsets:
            raise NotRebuilt(f"{domain.group} went on while its tables were rebuilt: stop its workers and begin again.")
        producer.begin_transaction()
        for one in found:
            row = corrected(one)
            value = None if row is None else to_json(row)
            _send(producer, domain.changelog(one.table), number, one.key.encode(), value)
        producer.commit_transaction(PATIENCE_S)
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error


def _send(producer: Producer, topic: str, number: int, key: bytes, value: bytes | None) -> None:
    while True:
        try:
            producer.produce(topic, value, key, partition=number)
        except BufferError:
            producer.poll(1.0)
        else:
            return
