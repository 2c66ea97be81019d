"""What waits behind failed events, by key, and the command that releases it."""

from __future__ import annotations

import json
import string
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, Producer

from api.lag import LagReader
from api.tables import read_log
from bookly.errors import BrokerUnavailable
from bookly.transport import librdkafka_log

if TYPE_CHECKING:
    from collections.abc import Mapping

SENDING_S = 30.0
OBEYING_S = 30.0
VISIBLE_S = 5.0  # a group's offset can be read a moment before the rest of its transaction
PAUSE_S = 0.1
_PLAIN = set(string.digits + string.ascii_letters + string.punctuation + " ") - set("\\'")


class NothingWaits(Exception):
    """No event of this key waits; the message names the keys that some wait of."""


class NotObeyed(Exception):
    """The command is on its topic, and no worker has carried it out yet."""


class Changed(Exception):
    """Another event is the first of its key by now, or it has failed again: nothing was done; the message names what is there."""

    def __init__(self, domain: str, head: Waiting) -> None:
        super().__init__(
            f"what waits of {spelled(head.key)} in {domain} has changed since you looked, and nothing was done: first is now "
            f"{head.event} with sequence {head.sequence} ({head.topic}, offset {head.offset}), which failed {head.attempt} times"
        )


@dataclass(frozen=True)
class Waiting:
    """A record in line. `attempt`: how often it failed; 0 for one that waits behind another. `partition`: the group's number.

    `key`: bytes that are no UTF-8 are surrogates (PEP 383), as in the arguments of a command.
    """

    key: str
    sequence: int
    topic: str
    partition: int
    offset: int
    event: str
    attempt: int
    headers: Mapping[str, str]


def read_parked(brokers: str, domain: str, key: str | None = None) -> list[Waiting]:
    """All that waits, of one key or of all, each key in order. Raises UnknownTable, BrokerUnavailable."""
    found: dict[bytes, Waiting] = {}
    for message in read_log(brokers, f"bookly-{domain}-parked-changelog"):
        name = message.key() or b""
        if message.value() is None:
            found.pop(name, None)
        else:
            found[name] = _waiting(name, message)
    return sorted((one for one in found.values() if key in (None, one.key)), key=lambda one: (one.key, one.sequence))


def first_of(brokers: str, domain: str, key: str) -> Waiting:
    """The failed event that the others of its key wait behind. Raises NothingWaits, UnknownTable, BrokerUnavailable."""
    found = read_parked(brokers, domain)
    mine = [one for one in found if one.key == key]
    if not mine:
        others = ", ".join(map(spelled, sorted({one.key for one in found})[:10])) or "none"
        raise NothingWaits(f"nothing of {spelled(key)} waits in {domain}; keys that wait: {others}")
    return mine[0]


def release(brokers: str, domain: str, head: Waiting, *, by: str, skip: bool = False) -> list[Waiting]:
    """Tell the group to try `head`, the first of its key, and then those behind it again, or to skip it; what still waits then.

    Raises Changed when it is not the first as it was seen, NotObeyed, BrokerUnavailable.
    """
    topic = f"bookly.{domain}.control"
    offset = _send(brokers, topic, head.partition, _bytes(head.key), command(head, by=by, skip=skip))
    _wait_until_obeyed(brokers, domain, topic, head.partition, offset)
    left = _what_is_left(brokers, domain, head)
    if any(one.sequence == head.sequence and (skip or one.attempt <= head.attempt) for one in left):
        raise Changed(domain, left[0])
    return left


def command(head: Waiting, *, by: str, skip: bool, why: str = "") -> bytes:
    """What the group's control topic takes: it is refused where the head is not this one with so many failures."""
    act = "skip" if skip else "retry"
    said = {"act": act, "by": by, "sequence": head.sequence, "attempt": head.attempt}
    return json.dumps({**said, "why": why} if why else said).encode()


def spelled(key: str) -> str:
    """A key for people: as it is, or where it cannot be printed as bash reads it back."""
    if key and key.isprintable():
        return key
    return "$'" + "".join(chr(byte) if chr(byte) in _PLAIN else f"\\x{byte:02x}" for byte in _bytes(key)) + "'"


def _send(brokers: str, topic: str, partition: int, key: bytes, value: bytes) -> int:
    placed: list[int] = []
    failed: list[str] = []

    def delivered(error: Any, message: Any) -> None:
        if error is None:
            placed.append(message.offset())
        else:
            failed.append(error.str())

    settings = {"bootstrap.servers": brokers, "acks": "all", "message.timeout.ms": int(SENDING_S * 1000)}
    producer = Producer({**settings, "logger": librdkafka_log()})
    try:
        producer.produce(topic, value, key, partition, on_delivery=delivered)
    except KafkaException as error:
        raise BrokerUnavailable(brokers, SENDING_S, error.args[0].str()) from error
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


def _what_is_left(brokers: str, domain: str, head: Waiting) -> list[Waiting]:
    deadline = time.monotonic() + VISIBLE_S
    while True:
        left = read_parked(brokers, domain, head.key)
        if head not in left or time.monotonic() > deadline:
            return left
        time.sleep(PAUSE_S)


def _bytes(key: str) -> bytes:
    return key.encode(errors="surrogateescape")


def _waiting(name: bytes, message: Any) -> Waiting:
    key, _, sequence = name.decode(errors="surrogateescape").rpartition("|")
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
