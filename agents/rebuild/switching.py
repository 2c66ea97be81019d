"""Live rows corrected: what differs is written to the live changelogs, under the transactional id of the partition's owner, so
that nobody who still believes to own it can commit, and everybody who owns it next recovers the corrected rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException, Producer
from msgspec.json import encode as to_json

from agents.rebuild.comparing import corrected
from agents.rebuild.errors import NotRebuilt
from bookly.errors import BrokerUnavailable
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from agents.domain import Domain
    from agents.rebuild.comparing import Difference
    from agents.rebuild.snapshot import Live, Snapshot

PATIENCE_S = 30.0
FENCED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}  # noqa: SLF001  # librdkafka's own


def refuse_while_it_runs(snapshot: Snapshot) -> None:
    """Raises NotRebuilt while the group has members: they hold the old rows in memory, and would write them again."""
    members = snapshot.members()
    if members:
        raise NotRebuilt(
            f"{snapshot.domain.group} has {members} workers: stop them, switch, and start them again. Nothing has changed."
        )


def switch(
    domain: Domain,
    brokers: str,
    snapshot: Snapshot,
    found: Mapping[int, Sequence[Difference]],
    live: Mapping[int, Live],
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """All that could refuse is asked before anything is written: every partition is fenced, and none has moved since. Then each
    is corrected in a transaction of its own, all of its rows or none; `told` of each. Who is cut off between two finds the
    first ones right, and the rest still to be corrected, when they begin again.

    Raises NotRebuilt where a group has moved meanwhile, and nothing has changed.
    """
    try:
        producers = {number: _fenced(domain, brokers, number) for number in found}
        refuse_while_it_runs(snapshot)
        for number in found:
            if snapshot.offsets({number}) != live[number].offsets:
                raise NotRebuilt(f"{domain.group} went on while its tables were rebuilt: stop its workers and begin again.")
        for number, producer in producers.items():
            producer.begin_transaction()
            for one in found[number]:
                row = corrected(one)
                _send(producer, domain.changelog(one.table), number, one.key.encode(), None if row is None else to_json(row))
            producer.commit_transaction(PATIENCE_S)
            told(number)
    except KafkaException as error:
        if error.args[0].code() in FENCED:
            raise NotRebuilt(f"a worker of {domain.group} began meanwhile: stop it, and begin again.") from error
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error


def _fenced(domain: Domain, brokers: str, number: int) -> Producer:
    """From here on nobody else commits on the partition, who believed to own it."""
    producer = Producer(
        {
            **librdkafka_settings(brokers),
            "transactional.id": f"{domain.group}-{number}",
            "transaction.timeout.ms": 60_000,
        }
    )
    producer.init_transactions(PATIENCE_S)
    return producer


def _send(producer: Producer, topic: str, number: int, key: bytes, value: bytes | None) -> None:
    while True:
        try:
            producer.produce(topic, value, key, partition=number)
        except BufferError:
            producer.poll(1.0)
        else:
            return
