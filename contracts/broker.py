"""Topics on the broker: the five of the contracts, the dead letters of each group, and what else is asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its __init__ names them

from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client
from contracts.aligning import Change, align, configurations, differences, refuse_to_delete
from contracts.errors import ContractError
from contracts.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE_S = 30.0
PAUSE_S = 0.05
DAY_MS = 86_400_000
CONTROL_DAYS = 90
MOST_COPIES = 3
# How far a group has read is told by when records were written. Producers' clocks differ, and one that is ahead would make
# no-shows of visitors whose check-in lies behind its record. When a fact became true is in the event itself.
BY_THE_BROKER = {"message.timestamp.type": "LogAppendTime"}
FOR_EVER = {"retention.ms": "-1"}
CONSOLE = (  # what was done in the replay console, and the replays that it knows
    ("bookly.console.audit", 1, {**BY_THE_BROKER, **FOR_EVER}),
    ("bookly.console.replays", 1, {"cleanup.policy": "compact"}),
)
DEAD_LETTER_BYTES = 2 * 1024 * 1024  # an event of the largest size, and the headers that say why it is here

Wanted = tuple[str, int, dict[str, Any]]


def wanted_topics(internal: Iterable[Wanted] = ()) -> tuple[Wanted, ...]:
    """Name, partitions and configuration of every topic that the system needs."""
    topics = load_topics()
    events = tuple(
        (topic.name, topic.partitions, {**BY_THE_BROKER, "retention.ms": str(topic.retention_days * DAY_MS)}) for topic in topics
    )
    dead = {**FOR_EVER, "max.message.bytes": str(DEAD_LETTER_BYTES)}
    control = {**BY_THE_BROKER, "retention.ms": str(CONTROL_DAYS * DAY_MS)}
    return (
        *events,
        *((topic.dead_letters, topic.partitions, dead) for topic in topics),
        *((name, topic.partitions, control) for topic in topics for name in (topic.control, topic.replay)),
        *CONSOLE,
        *internal,
    )


class Provisioned(NamedTuple):
    """The topics that were created, and what was changed of others; the broker shows all of it."""

    created: list[str]
    changed: list[Change]


def provision_broker(
    brokers: str, internal: Iterable[Wanted] = (), *, replication: int | None = None, lower_retention: bool = False
) -> Provisioned:
    """Create what is missing, and bring what is there to what is wanted: the settings that are stated, those that differ.

    Raises BrokerUnavailable; ContractError where a topic has another number of partitions, or keeps its records for longer and
    `lower_retention` does not say that they may go. Then nothing was created or changed.
    """
    wanted = wanted_topics(internal)
    existing = _partitions(admin_client(brokers), brokers)
    _refuse_other_shapes(wanted, existing)
    changes = differences(brokers, {name: config for name, _, config in wanted if name in existing})
    if not lower_retention:
        refuse_to_delete(changes)
    created = create_topics(brokers, internal, replication=replication)
    align(brokers, changes)
    return Provisioned(created, changes)


def create_topics(brokers: str, internal: Iterable[Wanted] = (), *, replication: int | None = None) -> list[str]:
    """Create what is missing; the names created, which the broker shows by then. What is there stays as it is.

    `replication`: copies of each partition; without it one on each broker, three at most.

    Raises BrokerUnavailable; ContractError where a topic has another number of partitions.
    """
    admin = admin_client(brokers)
    wanted = wanted_topics(internal)
    existing = _partitions(admin, brokers)
    _refuse_other_shapes(wanted, existing)
    copies = replication or min(MOST_COPIES, len(admin.list_topics(timeout=PATIENCE_S).brokers))
    # Only at creation: who provisions anew with the default of one copy must not take away what others decided.
    durable = {"min.insync.replicas": str(max(1, copies - 1))}  # acks=all means that many, and one broker may be away
    missing = [
        NewTopic(name, partitions, copies, config={**durable, **config})
        for name, partitions, config in wanted
        if name not in existing
    ]
    created = [name for name, future in (admin.create_topics(missing) if missing else {}).items() if _created(name, future)]
    deadline = time.monotonic() + PATIENCE_S
    while not {name for name, _, _ in wanted} <= existing.keys():
        if time.monotonic() > deadline:
            raise BrokerUnavailable(brokers, PATIENCE_S, "it does not show the topics that it created")
        time.sleep(PAUSE_S)
        existing = _partitions(admin, brokers)
    _refuse_other_shapes(wanted, existing)  # somebody else may have created one meanwhile
    return created


def _partitions(admin: AdminClient, brokers: str) -> dict[str, int]:
    try:
        return {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=PATIENCE_S).topics.items()}
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error


def _refuse_other_shapes(wanted: Iterable[Wanted], existing: dict[str, int]) -> None:
    for name, partitions, _ in wanted:
        if existing.get(name, partitions) != partitions:
            raise ContractError(
                f"topic {name} has {existing[name]} partitions, the contracts say {partitions}: keys would move. "
                "Delete the topic (its events with it) or put the old number back."
            )


def topic_config(brokers: str, topic: str) -> dict[str, str]:
    """The configuration of a topic as the broker has it."""
    return configurations(brokers, [topic])[topic]


def _created(name: str, future: Any) -> bool:
    """Whether it was us; somebody who was faster is as good, if the shape is right."""
    try:
        future.result(PATIENCE_S)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise ContractError(f"topic {name} could not be created: {error}") from error
    return True
