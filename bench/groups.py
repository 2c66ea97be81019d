"""Where a consumer group goes on reading, set from outside while it has no members."""

from __future__ import annotations

import time
from typing import Literal

from confluent_kafka import Consumer, KafkaException, TopicPartition

PATIENCE_S = 30.0


def move(brokers: str, group: str, topic: str, partitions: int, to: Literal["start", "end"]) -> None:
    """Let a group go on from the start or the end of a topic. Raises KafkaException when it keeps members for PATIENCE_S."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "enable.auto.commit": False})
    places = [TopicPartition(topic, number) for number in range(partitions)]
    side = 0 if to == "start" else 1
    offsets = [TopicPartition(topic, place.partition, consumer.get_watermark_offsets(place)[side]) for place in places]
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            consumer.commit(offsets=offsets, asynchronous=False)
            return consumer.close()
        except KafkaException:  # a member of the turn before has not been counted out yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
