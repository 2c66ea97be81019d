"""Each operation is really tried on the broker: what it says decides, not what is configured."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.structs import OffsetAndMetadata
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its __init__ names them
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from bookly.access import aiokafka_settings
from bookly.transport import admin_client, librdkafka_settings
from contracts.granting import rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE_S = 20.0
REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}


def allowed(error: KafkaError | None) -> bool:
    """Whether it was done; an error that is about nobody's rights fails the test."""
    if error is None:
        return True
    assert error.code() in REFUSED, error
    return False


def writable(brokers: str, topics: Iterable[str]) -> set[str]:
    """The topics that took a record."""
    said: dict[str, bool] = {}

    def answered(error: KafkaError | None, message: Any) -> None:
        said[message.topic()] = allowed(error)

    producer = Producer(librdkafka_settings(brokers, {"message.timeout.ms": int(PATIENCE_S * 1000)}))
    for topic in topics:
        producer.produce(topic, b"x", b"k", on_delivery=answered)
    assert producer.flush(PATIENCE_S) == 0
    assert said.keys() == set(topics)
    return {topic for topic, taken in said.items() if taken}


def readable(brokers: str, topics: Iterable[str]) -> set[str]:
    """The topics of which a partition can be read. Who may read may describe; of others the client would say nothing at all."""
    said: dict[str, bool] = {}
    own = {"group.id": "bookly-console-reader", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer(librdkafka_settings(brokers, {**own, "auto.offset.reset": "earliest"}))
    try:
        left = {topic for topic in topics if allowed(consumer.list_topics(topic, PATIENCE_S).topics[topic].error)}
        deadline = time.monotonic() + PATIENCE_S
        consumer.assign([TopicPartition(topic, 0, 0) for topic in left])
        while left:
            assert time.monotonic() < deadline, left
            message = consumer.poll(0.5)
            if message is None or message.topic() not in left:
                continue
            error, topic = message.error(), str(message.topic())
            at_its_end = error is not None and error.code() == KafkaError._PARTITION_EOF
            said[topic] = at_its_end or allowed(error)
            left.discard(topic)
        return {topic for topic, read in said.items() if read}
    finally:
        consumer.close()


def committable(brokers: str, groups: Iterable[str], topic: str) -> set[str]:
    """The groups whose offset can be set; where the topic alone is refused, the group was not.

    By aiokafka: confluent-kafka 2.16 gives errors of this answer that cannot be read.
    """
    return {group for group in groups if asyncio.run(_commits(brokers, group, Place(topic, 0)))}


async def _commits(brokers: str, group: str, place: Place) -> bool:
    consumer: Any = AIOKafkaConsumer(**aiokafka_settings(brokers), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([place])
        async with asyncio.timeout(PATIENCE_S):
            await consumer.commit({place: OffsetAndMetadata(0, "")})
    except GroupAuthorizationFailedError:
        return False
    except TopicAuthorizationFailedError:
        return True
    finally:
        await consumer.stop()
    return True


def usable(brokers: str, ids: Iterable[str]) -> set[str]:
    """The transactional ids that it may take."""
    found = set()
    for name in ids:
        producer = Producer(librdkafka_settings(brokers, {"transactional.id": name}))
        try:
            producer.init_transactions(PATIENCE_S)
        except KafkaException as error:
            if not allowed(error.args[0]):
                continue
        found.add(name)
    return found


def administrable(brokers: str, topic: str) -> set[str]:
    """What it may do to the cluster and to one of our topics."""
    admin = admin_client(brokers)
    change = ConfigEntry("retention.ms", "-1", incremental_operation=AlterConfigOpType.SET)
    tried: dict[str, Any] = {
        "create one of our topics": lambda: admin.create_topics([NewTopic("bookly.of-a-test", 1, 1)], validate_only=True),
        "create another topic": lambda: admin.create_topics([NewTopic("of-a-test", 1, 1)], validate_only=True),
        "delete a topic": lambda: admin.delete_topics([topic]),
        "change a topic": lambda: admin.incremental_alter_configs(
            [ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[change])], validate_only=True
        ),
        "give rights": lambda: admin.create_acls([rule_of("nobody", "topic", "bookly.of-a-test", "READ", False)]),
    }
    found = set()
    for what, question in tried.items():
        [answer] = question().values()
        try:
            answer.result(PATIENCE_S)
        except KafkaException as error:
            if not allowed(error.args[0]):
                continue
        found.add(what)
    return found
