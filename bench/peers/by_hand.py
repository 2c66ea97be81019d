"""What a framework without tables leaves to its user: both tables, a changelog record a dirty key and an UNLINK a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.peers.stopwatch import HOUR_US, stale_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.peers.stopwatch import Task


BATCH = 2000  # records at once, as many as the framework allows


def changelogs(group: str) -> tuple[str, str]:
    """Their topics, which the bench makes."""
    return f"{group}-by_resource-changelog", f"{group}-by_hour-changelog"


class Tables:
    """Counts by resource, and by resource and hour. What is dirty is remembered until it is taken."""

    def __init__(self, task: Task) -> None:
        self.by_resource: dict[str, int] = {}
        self.by_hour: dict[tuple[str, int], int] = {}
        self._resources: set[str] = set()
        self._hours: set[tuple[str, int]] = set()
        self.changelogs = changelogs(task.group)

    def count(self, resource_id: str, occurred_at: int) -> None:
        slot = resource_id, occurred_at // HOUR_US
        self.by_resource[resource_id] = self.by_resource.get(resource_id, 0) + 1
        self.by_hour[slot] = self.by_hour.get(slot, 0) + 1
        self._resources.add(resource_id)
        self._hours.add(slot)

    def take_dirty(self) -> tuple[list[tuple[str, bytes, bytes]], list[str]]:
        """Changelog records (topic, key, value) and the cache keys that are stale since the last call."""
        resources, hours = self.changelogs
        records = [(resources, key.encode(), b"%d" % self.by_resource[key]) for key in self._resources]
        records += [(hours, f"{slot[0]}|{slot[1]}".encode(), b"%d" % self.by_hour[slot]) for slot in self._hours]
        stale = [key for resource_id in self._resources for key in stale_keys(resource_id)]
        self._resources.clear()
        self._hours.clear()
        return records, stale

    def sums(self) -> tuple[int, int]:
        return sum(self.by_resource.values()), sum(self.by_hour.values())


def send(producer: Any, records: list[tuple[str, bytes, bytes]]) -> None:
    """With confluent-kafka's producer; waits where its queue is full."""
    for topic, key, value in records:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.01)
    producer.poll(0)


def flush(producer: Any) -> None:
    if producer.flush(30):
        raise TimeoutError("the changelog could not be delivered within 30 s: look at the broker's log")


def values(messages: list[Any], decode: Callable[[bytes], tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Decoded, in order. A message that is an error ends the run."""
    for message in messages:
        if message.error():
            raise RuntimeError(f"the consumer says: {message.error()}")
        yield decode(message.value())
