"""The log is given to a group once more while it is loaded and killed: however often, nothing may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer

from agents import PARTITIONS
from api.tables import read_log
from faults.following import AwayError, Offsets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluent_kafka import Message

    from faults.domains import RunDomain
    from faults.strikes import Scene

TIMES = 2  # to replay twice is to replay once


def replay_and_kill(scene: Scene) -> None:
    """A stretch of what was published so far, twice, and a worker dies over it; behind the workload, the same stretch again."""
    scene.flowing(0.3, 0.7)
    domain, brokers = scene.spy.domain, scene.spy.brokers
    stretch = list(_stretch(brokers, domain, scene.rng.uniform(0.0, 0.5)))
    for _ in range(TIMES):
        _replay(brokers, domain, stretch)
    scene.workers.kill(scene.rng.randrange(2))
    scene.wait_for(lambda: scene.publisher.is_done)
    _replay(brokers, domain, stretch)
    offsets = Offsets(brokers, domain.group, "read_committed")
    try:
        scene.wait_for(lambda: _is_read(offsets, domain), 60.0)
    finally:
        offsets.close()


def _stretch(brokers: str, domain: RunDomain, share: float) -> Iterator[Message]:
    """What lies on the group's topics, but for this share of each partition's beginning.

    And but for records without a key: one that failed was given up, and it is right that a replay tries it again.
    """
    found = [message for message in read_log(brokers, *domain.topics) if message.key() is not None]
    ends = {(message.topic(), message.partition()): message.offset() or 0 for message in found}
    return (message for message in found if (message.offset() or 0) >= share * ends[message.topic(), message.partition()])


def _replay(brokers: str, domain: RunDomain, stretch: list[Message]) -> None:
    producer = Producer({"bootstrap.servers": brokers, "log_level": 0, "acks": "all"})
    for message in stretch:
        place = {"id": "faults", "topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
        headers: Any = [*(message.headers() or []), *((f"replay.{name}", str(it).encode()) for name, it in place.items())]
        producer.produce(domain.replay, message.value(), message.key(), message.partition() or 0, headers=headers)
        producer.poll(0)
    if producer.flush(60):
        raise RuntimeError("the broker did not take all that is replayed")


def _is_read(offsets: Offsets, domain: RunDomain) -> bool:
    places = [(domain.replay, number) for number in range(PARTITIONS)]
    try:
        return offsets.committed(places) == offsets.ends(places)
    except AwayError:
        return False
