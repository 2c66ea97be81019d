"""What failed: dead letters by what went wrong, the queues that wait behind them, and the commands that end the wait."""

from __future__ import annotations

import time
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confluent_kafka import KafkaException, Producer

from api.console.found import Found
from api.console.masking import scrubbed
from api.lag import LagReader
from api.parking import Changed, NotObeyed, command, read_parked, spelled
from api.refusing import Refusal
from bookly.errors import BrokerUnavailable
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.console.decoding import Decoding
    from api.parking import Waiting

PATIENCE_S: Final = 30.0
PAUSE_S: Final = 0.1
VISIBLE_S: Final = 5.0  # a group's offset can be read a moment before the rest of its transaction


class NothingMeets(Refusal):
    """No key that waits is meant. Nothing was done."""

    kept = "no key that waits is meant"


class Queue(NamedTuple):
    """A key that waits in a group: the failed event first. The last four say of its last failure what its dead letter says."""

    domain: str
    key: str
    waiting: Sequence[Waiting]
    reason: str
    handler: str
    error: str

    @property
    def head(self) -> Waiting:
        return self.waiting[0]

    def meets(self, *, key: str | None = None, reason: str = "", handler: str = "", event: str = "", error: str = "") -> bool:
        """`key`: as it is, or as it is spelled. `error`: a part of its text. What is not said holds for all."""
        return (
            key in (None, self.key, spelled(self.key))
            and reason in ("", self.reason)
            and (not handler or handler in self.handler.split(","))
            and event in ("", self.head.event)
            and error in self.error
        )


def queues(brokers: str, domain: str, decoding: Decoding | None = None) -> list[Queue]:
    """Every key that waits, those that failed first at the front. `decoding`: errors are shown without what is personal.

    Raises UnknownTable, BrokerUnavailable, RegistryUnavailable.
    """
    by_key: dict[str, list[Waiting]] = {}
    for one in read_parked(brokers, domain):
        by_key.setdefault(one.key, []).append(one)
    found = [_queue(domain, key, waiting, decoding) for key, waiting in by_key.items()]
    return sorted(found, key=lambda queue: (queue.head.partition, queue.head.sequence))


def summary(found: Sequence[Queue]) -> list[dict[str, Any]]:
    """How many keys and events wait, by why and where it failed; the most first."""
    keys: Counter[tuple[str, ...]] = Counter()
    events: Counter[tuple[str, ...]] = Counter()
    for queue in found:
        what = queue.domain, queue.head.event, queue.reason, queue.handler, queue.error
        keys[what] += 1
        events[what] += len(queue.waiting)
    names = ("group", "event", "reason", "handler", "error")
    return [{**dict(zip(names, what, strict=True)), "keys": many, "events": events[what]} for what, many in keys.most_common()]


def seen(queues: Sequence[Queue]) -> str:
    """Stands for the failed events as they are: which they are, and how often each has failed."""
    heads = sorted((queue.key, queue.head.sequence, queue.head.attempt) for queue in queues)
    return sha256(repr(heads).encode()).hexdigest()[:32]


def refuse_none(queues: Sequence[Queue]) -> None:
    """Raises NothingMeets."""
    if not queues:
        raise NothingMeets("no key that waits is meant, so nothing was done; `dead list` shows those that do.")


def order(
    brokers: str,
    queues: Sequence[Queue],
    *,
    by: str,
    skip: bool = False,
    why: str = "",
    told: Callable[[int], None] = lambda _: None,
) -> list[Queue]:
    """Tell the group to try the keys again in the order of their failures, or to give their failed events up; what waits then.

    A command that meets another head than was seen changes nothing, and its key is among what waits. `told`: how many were
    carried out. Raises NothingMeets, Changed where no head is another by then, NotObeyed, BrokerUnavailable.
    """
    refuse_none(queues)
    domain = queues[0].domain
    topic = f"bookly.{domain}.control"
    ends = _send(brokers, topic, queues, by=by, skip=skip, why=why)
    _wait(brokers, domain, topic, ends, told, len(queues))
    before = {queue.key: queue.head for queue in queues}
    left = [queue for queue in _settled(brokers, domain, queues) if queue.key in before]
    same = [one for one in left if _is_as_it_was(one.head, before[one.key], skip=skip)]
    if len(same) == len(queues):
        raise Changed(domain, same[0].head)
    return left


def _is_as_it_was(head: Waiting, before: Waiting, *, skip: bool) -> bool:
    return head.sequence == before.sequence and (skip or head.attempt <= before.attempt)


def _settled(brokers: str, domain: str, before: Sequence[Queue]) -> list[Queue]:
    """As it is once none of the heads is as it was, or has had the time to change."""
    heads = {(queue.key, queue.head.sequence, queue.head.attempt) for queue in before}
    deadline = time.monotonic() + VISIBLE_S
    while True:
        left = queues(brokers, domain)
        if time.monotonic() > deadline or not any((q.key, q.head.sequence, q.head.attempt) in heads for q in left):
            return left
        time.sleep(PAUSE_S)


def _send(brokers: str, topic: str, queues: Sequence[Queue], *, by: str, skip: bool, why: str) -> dict[int, int]:
    """Behind the last command of each partition."""
    ends: dict[int, int] = {}
    failed: list[str] = []

    def delivered(error: Any, message: Any) -> None:
        if error is not None:
            failed.append(error.str())
        else:
            ends[message.partition()] = max(ends.get(message.partition(), 0), message.offset() + 1)

    producer = Producer(
        {
            **librdkafka_settings(brokers),
            "enable.idempotence": True,
            "message.timeout.ms": int(PATIENCE_S * 1000),
        }
    )
    try:
        for queue in queues:
            key = queue.key.encode(errors="surrogateescape")
            value = command(queue.head, by=by, skip=skip, why=why)
            producer.produce(topic, value, key, queue.head.partition, on_delivery=delivered)
            producer.poll(0)
    except (KafkaException, BufferError) as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error
    if producer.flush(PATIENCE_S) or failed:
        raise BrokerUnavailable(brokers, PATIENCE_S, failed[0] if failed else "it did not confirm the commands")
    return ends


def _wait(brokers: str, domain: str, topic: str, ends: dict[int, int], told: Callable[[int], None], many: int) -> None:
    reader, deadline, most = LagReader(brokers), time.monotonic() + PATIENCE_S, -1
    while True:
        left = [(ends.get(at.partition, 0), at.committed) for at in reader.read(f"bookly-{domain}", [topic])]
        behind = sum(max(0, end - committed) for end, committed in left)
        told(max(0, many - behind))
        if not behind:
            return
        if behind != most:  # it goes on
            most, deadline = behind, time.monotonic() + PATIENCE_S
        if time.monotonic() > deadline:
            raise NotObeyed(
                f"{len(ends)} partitions of {topic} have commands that no worker of {domain} has carried out within "
                f"{PATIENCE_S:.0f} s: start one, it will"
            )
        time.sleep(PAUSE_S)


def _queue(domain: str, key: str, waiting: Sequence[Waiting], decoding: Decoding | None) -> Queue:
    head = waiting[0]
    reason, handler, error = (head.headers.get(f"parked.{name}", "") for name in ("reason", "handler", "error"))
    if decoding is not None and head.found is not None:
        value, headers = head.found
        failed = Found(head.topic, head.partition, head.offset, -1, None, value, tuple(headers))
        error = scrubbed(error, decoding.event(failed))
    return Queue(domain, key, waiting, reason, handler, error)


def shown(queue: Queue) -> dict[str, Any]:
    """For people and scripts."""
    head = queue.head
    return {
        "key": queue.key,
        "event": head.event,
        "topic": head.topic,
        "partition": head.partition,
        "offset": head.offset,
        "failed": head.attempt,
        "waiting": len(queue.waiting),
        "reason": queue.reason,
        "handler": queue.handler,
        "error": queue.error,
        "sequence": head.sequence,
    }
