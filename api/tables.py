"""A table of a group, read from its changelog: all that is committed, by whoever owns the partitions at the moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from api.refusing import Refusal
from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client, librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluent_kafka import Message

PATIENCE_S = 10.0


class UnknownTable(Refusal):
    """There is no such table, or nobody has provisioned it; the message names the topic that was looked for."""


def read_table(brokers: str, domain: str, table: str) -> dict[str, Any]:
    """The rows of a table by key, for tables whose keys are each in one partition. The rest is as for `read_rows`."""
    return dict(read_rows(brokers, domain, table))


def read_rows(brokers: str, domain: str, table: str) -> list[tuple[str, Any]]:
    """Every row of a table with its key, as JSON values; an index (`by_user`) has a row of a key in each partition.

    Raises UnknownTable, or BrokerUnavailable after ten seconds.
    """
    rows: dict[tuple[int | None, str], Any] = {}
    topic = f"bookly-{domain}-{table}-changelog"
    refuse_unknown_table(topic, known_tables(brokers), domain, table)
    for message in read_log(brokers, topic):
        key, value = message.key(), message.value()
        if key is None:
            continue
        if value is None:
            rows.pop((message.partition(), key.decode()), None)
        else:
            rows[message.partition(), key.decode()] = json.loads(value)
    return [(key, row) for (_, key), row in rows.items()]


def known_tables(brokers: str) -> dict[str, str]:
    """Domain and name of every table that has a changelog, by its topic. Raises BrokerUnavailable."""
    admin = admin_client(brokers)
    try:
        topics = sorted(admin.list_topics(timeout=PATIENCE_S).topics)
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    found = [(topic, topic.split("-", 2)) for topic in topics if topic.startswith("bookly-") and topic.endswith("-changelog")]
    return {topic: f"{parts[1]} {parts[2].removesuffix('-changelog')}" for topic, parts in found}


def refuse_unknown_table(topic: str, known: Mapping[str, str], domain: str, table: str) -> None:
    """Raises UnknownTable, which says which there are."""
    if topic in known:
        return
    of_it = [named for named in known.values() if named.startswith(f"{domain} ")]
    there_are = ", ".join(of_it or known.values()) or "none yet: `make provision` creates them"
    raise UnknownTable(f"there is no table {table!r} of {domain!r}; there are: {there_are}")


def read_log(brokers: str, *topics: str, since: Mapping[tuple[str, int], int] | None = None) -> Iterator[Message]:
    """Every committed record of topics, each partition in order, from the offsets in `since` to the end as it is now."""
    consumer = Consumer(
        {
            **librdkafka_settings(brokers),
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
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    if found.error is not None:
        raise UnknownTable(f"there is no topic {topic!r} on {brokers}; the stack is provisioned by `make provision`")
    return sorted(found.partitions)


def _next_messages(consumer: Consumer, brokers: str) -> list[Message]:
    """At least one message, and whatever else is there: `consume` alone would wait for its batch to fill."""
    first = consumer.poll(PATIENCE_S)
    if first is None:
        raise BrokerUnavailable(brokers, PATIENCE_S, "it fell silent while a topic was read")
    return [first, *consumer.consume(5_000, 0)]
