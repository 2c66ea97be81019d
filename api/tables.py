"""A table of a group, read from its changelog: all that is committed, by whoever owns the partitions at the moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from bookly.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluent_kafka import Message

PATIENCE_S = 10.0


class UnknownTable(Exception):
    """There is no such table, or nobody has provisioned it; the message names the topic that was looked for."""


def read_table(brokers: str, domain: str, table: str) -> dict[str, Any]:
    """Every row of a table by its key, as JSON values. Raises UnknownTable, or BrokerUnavailable after ten seconds."""
    rows: dict[str, Any] = {}
    for message in read_log(brokers, f"bookly-{domain}-{table}-changelog"):
        key, value = message.key(), message.value()
        if key is None:
            continue
        if value is None:
            rows.pop(key.decode(), None)
        else:
            rows[key.decode()] = json.loads(value)
    return rows


def read_log(brokers: str, *topics: str, since: Mapping[tuple[str, int], int] | None = None) -> Iterator[Message]:
    """Every committed record of topics, each partition in order, from the offsets in `since` to the end as it is now."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "bookly-reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,  # who reads to the end need not wait there for more
            "auto.offset.reset": "earliest",
        }
    )
    try:
        places = [(topic, number) for topic in topics for number in _partitions(consumer, brokers, topic)]
        consumer.assign([TopicPartition(*place, (since or {}).get(place, OFFSET_BEGINNING)) for place in places])
        unfinished = set(places)
        while unfinished:
            for message in _next_messages(consumer, brokers):
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # the client's public name for it
                    unfinished.discard((message.topic(), message.partition()))
                else:
                    raise KafkaException(error)
    finally:
        consumer.close()


def _partitions(consumer: Consumer, brokers: str, topic: str) -> list[int]:
    try:
        found = consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic]
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error
    if found.error is not None:
        raise UnknownTable(f"there is no topic {topic!r} on {brokers}; the stack is provisioned by `make provision`")
    return sorted(found.partitions)


def _next_messages(consumer: Consumer, brokers: str) -> list[Message]:
    """At least one message, and whatever else is there: `consume` alone would wait for its batch to fill."""
    first = consumer.poll(PATIENCE_S)
    if first is None:
        raise BrokerUnavailable(brokers, PATIENCE_S, "it fell silent while a topic was read")
    return [first, *consumer.consume(5_000, 0)]
