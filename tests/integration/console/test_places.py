"""Topics and groups as they are, told of a group that really stopped, and of partitions that hold more than records."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from api.console import places
from api.console.places import Partition
from api.console.selection import Unselectable
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.console.places import Group

PATIENCE_S = 60.0


def until(brokers: str, holds: Callable[[Group], bool]) -> Group:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        (found,) = places.groups(brokers)
        if holds(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def written(brokers: str, topic: str, *, keeps: bool = True) -> float:
    """By when it was."""
    producer = Producer({**librdkafka_settings(brokers), "transactional.id": topic, "log_level": 2})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"x", "u-1", 0)
    producer.flush(30)
    if keeps:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)
    return time.time()


def test_a_group_that_stopped_is_behind_by_the_age_of_the_oldest_record_that_it_has_not_read(
    brokers: str, topic: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = topic(2)
    monkeypatch.setattr(places, "TOPICS", {name: (name,)})  # a group of its own: others of the suite read the system's
    written(brokers, name)
    member = Consumer({**librdkafka_settings(brokers), "group.id": f"bookly-{name}", "enable.auto.commit": False, "log_level": 2})
    member.subscribe([name])
    deadline = time.monotonic() + PATIENCE_S
    while not member.assignment():
        assert time.monotonic() < deadline
        member.poll(0.1)
    ends = [TopicPartition(name, one.partition, one.end) for one in places.partitions(brokers, name)]
    member.commit(offsets=ends, asynchronous=False)
    caught_up = until(brokers, lambda group: group.members == 1)
    assert (caught_up.state, caught_up.lag, caught_up.behind_s) == ("running", 0, 0.0)

    member.close()
    written(brokers, name, keeps=False)
    assert until(brokers, lambda group: group.members == 0).behind_s == 0.0, "an aborted record is nobody's to read"
    first = written(brokers, name)
    written(brokers, name)
    found = until(brokers, lambda group: group.behind_s > 2.0)
    age = time.time() - first
    assert found.state == "no workers"
    assert found.lag >= 2
    assert found.behind_s == pytest.approx(age, abs=1.5)


def test_a_topic_is_told_by_its_partitions(brokers: str, topic: Callable[[int], str]) -> None:
    name = topic(2)
    producer = Producer({**librdkafka_settings(brokers), "log_level": 2})
    for _ in range(3):
        producer.produce(name, b"x", partition=1)
    assert producer.flush(30) == 0
    assert places.partitions(brokers, name) == [Partition(0, 0, 0, 0), Partition(1, 0, 3, 3)]
    with pytest.raises(Unselectable, match="there is no topic 'nowhere'"):
        places.partitions(brokers, "nowhere")
