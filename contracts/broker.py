"""Topics on the broker: the five of the contracts, the dead letters of each group, and what else is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic  # type: ignore[attr-defined]  # its __init__ names them

from bookly.errors import BrokerUnavailable
from contracts.errors import ContractError
from contracts.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE_S = 30.0
DAY_MS = 86_400_000
DEAD_LETTER_BYTES = 2 * 1024 * 1024  # an event of the largest size, and the headers that say why it is here

Wanted = tuple[str, int, dict[str, Any]]


def wanted_topics(internal: Iterable[Wanted] = ()) -> tuple[Wanted, ...]:
    """Name, partitions and configuration of every topic that the system needs."""
    topics = load_topics()
    events = tuple((topic.name, topic.partitions, {"retention.ms": str(topic.retention_days * DAY_MS)}) for topic in topics)
    dead = {"retention.ms": "-1", "max.message.bytes": str(DEAD_LETTER_BYTES)}
    return (*events, *((topic.dead_letters, topic.partitions, dead) for topic in topics), *internal)


def provision_broker(brokers: str, internal: Iterable[Wanted] = (), *, replication: int = 1) -> list[str]:
    """Create what is missing; the names created. Raises BrokerUnavailable; ContractError where a topic has another shape."""
    admin = AdminClient({"bootstrap.servers": brokers})
    try:
        existing = {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=PATIENCE_S).topics.items()}
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error
    wanted = wanted_topics(internal)
    for name, partitions, _ in wanted:
        if existing.get(name, partitions) != partitions:
            raise ContractError(
                f"topic {name} has {existing[name]} partitions, the contracts say {partitions}: keys would move. "
                "Delete the topic (its events with it) or put the old number back."
            )
    missing = [
        NewTopic(name, partitions, replication, config=config) for name, partitions, config in wanted if name not in existing
    ]
    for name, future in (admin.create_topics(missing, operation_timeout=PATIENCE_S) if missing else {}).items():
        _created(name, future)
    return [topic.topic for topic in missing]


def topic_config(brokers: str, topic: str) -> dict[str, str]:
    """The configuration of a topic as the broker has it."""
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    found = AdminClient({"bootstrap.servers": brokers}).describe_configs([resource])[resource].result(PATIENCE_S)
    return {name: entry.value for name, entry in found.items()}


def _created(name: str, future: Any) -> None:
    try:
        future.result(PATIENCE_S)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody was faster: as good
            raise ContractError(f"topic {name} could not be created: {error}") from error
