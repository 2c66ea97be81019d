"""What waits behind failed events, by key, and the command that releases it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, Producer

from api.lag import LagReader
from api.tables import read_log
from bookly.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

SENDING_S = 30.0
OBEYING_S = 30.0
PAUSE_S = 0.1


class NothingWaits(Exception):
    """No event of this key waits; the message names the keys that some wait of."""


class NotObeyed(Exception):
    """The command is on its topic, and no worker has carried it out yet."""


@dataclass(frozen=True)
class Waiting:
    """A record in line. `attempt`: how often it failed; 0 for one that waits behind another. `partition`: the group's number."""

    key: str
    sequence: int
    topic: str
    partition: int
    offset: int
    event: str
    attempt: int
    headers: Mapping[str, str]


def read_parked(brokers: str, domain: str, key: str = "") -> list[Waiting]:
    """All that waits, of one key or of all, each key in order. Raises UnknownTable, BrokerUnavailable."""
    found: dict[bytes, Waiting] = {}
    for message in read_log(brokers, f"bookly-{domain}-parked-changelog"):
        name = message.key() or b""
        if message.value() is None:
            found.pop(name, None)
        else:
            found[name] = _waiting(name, message)
    return sorted((one for one in found.values() if key in ("", one.key)), key=lambda one: (one.key, one.sequence))


def release(brokers: str, domain: str, key: str, *, by: str, skip: bool = False) -> list[Waiting]:
    """Tell the group to try what waits of a key again, or to skip the failed one; what still waits when it has done so.

    Raises NothingWaits, NotObeyed, BrokerUnavailable.
    """
    before = read_parked(brokers, domain)
    mine = [one for one in before if one.key == key]
    if not mine:
        others = ", ".join(sorted({one.key for one in before})[:10]) or "none"
        raise NothingWaits(f"nothing of {key!r} waits in {domain}; keys that wait: {others}")
    topic = f"bookly.{domain}.control"
    command = json.dumps({"act": "skip" if skip else "retry", "by": by}).encode()
    offset = _send(brokers, topic, mine[0].partition, key.encode(), command)
    _wait_until_obeyed(brokers, domain, topic, mine[0].partition, offset)
    return read_parked(brokers, domain, key)


def _send(brokers: str, topic: str, partition: int, key: bytes, value: bytes) -> int:
    placed: list[int] = []
    failed: list[str] = []

    def delivered(error: Any, message: Any) -> None:
        if error is None:
            placed.append(message.offset())
        else:
            failed.append(str(error))

    producer = Producer({"bootstrap.servers": brokers, "acks": "all", "message.timeout.ms": int(SENDING_S * 1000)})
    try:
        producer.produce(topic, value, key, partition, on_delivery=delivered)
    except KafkaException as error:
        raise BrokerUnavailable(brokers, SENDING_S, str(error)) from error
    producer.flush(SENDING_S)
    if not placed:
        raise BrokerUnavailable(brokers, SENDING_S, failed[0] if failed else "it did not confirm the command")
    return placed[0]


def _wait_until_obeyed(brokers: str, domain: str, topic: str, partition: int, offset: int) -> None:
    reader, deadline = LagReader(brokers), time.monotonic() + OBEYING_S
    while True:
        if any(one.partition == partition and one.committed > offset for one in reader.read(f"bookly-{domain}", [topic])):
            return
        if time.monotonic() > deadline:
            raise NotObeyed(
                f"the command is on {topic} (partition {partition}, offset {offset}), but no worker of {domain} has carried it "
                f"out within {OBEYING_S:.0f} s: start one, it will"
            )
        time.sleep(PAUSE_S)


def _waiting(name: bytes, message: Any) -> Waiting:
    key, _, sequence = name.decode(errors="replace").rpartition("|")
    headers = {header: (value or b"").decode(errors="replace") for header, value in message.headers() or ()}
    return Waiting(
        key,
        int(sequence),
        headers["parked.topic"],
        message.partition(),
        int(headers["parked.offset"]),
        headers.get("ce_type", "unknown"),
        int(headers["parked.attempt"]),
        headers,
    )
