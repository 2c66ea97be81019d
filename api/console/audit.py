"""The audit trail: every act in the console and every refusal, each with the hash of the one before it.

It is a topic of one partition that is kept for ever. Writers take turns by one transactional id: who begins fences whoever wrote
last, so that nobody can write after a record that is no longer the last; who was fenced reads the last one again. A record that
was changed, left out or put elsewhere breaks the chain at that place. The newest has nobody behind it: keep its hash elsewhere.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from api.console.found import Span
from api.console.reading import read, spans_of
from api.console.selection import Selection, Unselectable
from api.showing import as_text
from bookly.errors import BooklyError, BrokerUnavailable
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable, Iterator, Mapping

TOPIC: Final = "bookly.console.audit"
BEGINNING: Final = "0" * 64
PATIENCE_S: Final = 20.0
PAUSE_S: Final = 0.05
_FENCED: Final = {
    *(KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH),  # noqa: SLF001  # librdkafka's own codes
    *(KafkaError.CONCURRENT_TRANSACTIONS, KafkaError.INVALID_TXN_STATE),
}


class NotAudited(BooklyError):
    """What was to be done could not be written down, so it was not done."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`number` counts from 1. `outcome`: allowed, which is said before it is done, or refused. `about`: what it was done to,
    never what is personal or secret.
    """

    number: int
    at: str
    who: str
    verb: str
    outcome: str
    why: str
    about: dict[str, str]
    previous: str


class Broken(msgspec.Struct, frozen=True):
    """Where the chain breaks: the offset, and what is wrong with the record there. None: a record is missing that was there."""

    offset: int | None
    reason: str


class Trail:
    """Writes entries, one after the other, whoever else does as well. One for a process; may be used by several threads."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._lock = Lock()
        self._producer: Producer | None = None
        self._last: tuple[int, str] = (0, BEGINNING)

    def write(self, who: str, verb: str, outcome: str, about: Mapping[str, Any] | None = None, why: str = "") -> Entry:
        """It is durable when this returns. Raises NotAudited."""
        who, verb, outcome, why = map(as_text, (who, verb, outcome, why))
        said = {name: as_text(str(value)) for name, value in (about or {}).items()}
        with self._lock:
            tried: Entry | None = None
            until, fenced = time.monotonic() + PATIENCE_S, 0
            while time.monotonic() < until:
                try:
                    producer = self._producer or self._begin()
                    if tried is not None and self._last == (tried.number, _hash(encoded(tried))):
                        return tried  # it was there all along, and its confirmation was lost
                    number, previous = self._last
                    tried = Entry(number + 1, datetime.now(UTC).isoformat(), who, verb, outcome, why, said, previous)
                    self._commit(producer, encoded(tried))
                except KafkaException as error:
                    self._producer = None
                    if error.args[0].code() not in _FENCED and not error.args[0].retriable():
                        raise NotAudited(f"the audit trail cannot be written: {error.args[0].str()}. Nothing was done.") from None
                    fenced += 1  # who waits a moment, and each another one, does not fence the others for ever
                    time.sleep(random.uniform(0, min(PAUSE_S * fenced, 1.0)))  # noqa: S311
                else:
                    return tried
        raise NotAudited(f"the audit trail is busy: others wrote before us {fenced} times. Nothing was done; try again.")

    def _begin(self) -> Producer:
        settings: dict[str, Any] = {
            **librdkafka_settings(self._brokers),
            "transactional.id": "bookly-console-audit",
            "linger.ms": 0,
            "message.timeout.ms": int(PATIENCE_S * 1000),
            "transaction.timeout.ms": int(PATIENCE_S * 1000),
        }
        producer = Producer(settings)
        producer.init_transactions(PATIENCE_S)
        try:
            self._last = last(self._brokers)
        except msgspec.DecodeError:
            raise NotAudited("the newest record of the audit trail is no entry: see `audit verify`. Nothing was done.") from None
        except Unselectable:
            raise NotAudited(f"there is no topic {TOPIC}: `make provision` creates it. Nothing was done.") from None
        except BrokerUnavailable as error:
            raise NotAudited(f"the audit trail cannot be read: {error} Nothing was done.") from error
        self._producer = producer
        return producer

    def _commit(self, producer: Producer, value: bytes) -> None:
        producer.begin_transaction()
        producer.produce(TOPIC, value, partition=0)
        producer.commit_transaction(PATIENCE_S)
        self._last = self._last[0] + 1, _hash(value)


def encoded(entry: Entry) -> bytes:
    """The bytes that are hashed: fields in their order, `about` sorted."""
    return msgspec.json.encode(entry, order="deterministic")


def last(brokers: str) -> tuple[int, str]:
    """Number and hash of the newest entry. Looks back in growing steps, since markers and aborted entries lie between."""
    spans = spans_of(brokers, Selection((TOPIC,)))
    back = 16
    for span in spans:
        while True:
            first = max(span.first, span.end - back)
            found = [message.value() for batch in read(brokers, [Span(TOPIC, 0, first, span.end)]) for message in batch]
            if found:
                return msgspec.json.decode(found[-1], type=Entry).number, _hash(found[-1])
            if first == span.first:
                break
            back *= 8
    return 0, BEGINNING


def entries(brokers: str) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of every record, from the first on. Raises BrokerUnavailable; Unselectable: nobody has provisioned it."""
    for batch in read(brokers, spans_of(brokers, Selection((TOPIC,)))):
        for message in batch:
            yield message.offset(), message.value() or b""


def kept(records: Iterable[tuple[int, bytes]], newest: deque[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """All of them, of which the newest stay: the trail is as long as it is old."""
    for each in records:
        newest.append(each)
        yield each


def entry_of(value: bytes) -> Entry:
    """As it is to be shown, whatever somebody has written into the topic."""
    try:
        return msgspec.json.decode(value, type=Entry)
    except msgspec.DecodeError:
        return Entry(0, "", "", "", "no entry", "these bytes are no entry of the trail", {}, "")


def verified(
    records: Iterable[tuple[int, bytes]], told: Callable[[str], None] = lambda _: None
) -> tuple[int, str, Broken | None]:
    """How many entries hold, the hash of the last of them, and where the chain breaks, if it does. `told`: each entry's hash."""
    count, previous = 0, BEGINNING
    for offset, value in records:
        try:
            entry = msgspec.json.decode(value, type=Entry)
        except msgspec.DecodeError as error:
            return count, previous, Broken(offset, f"it is no entry: {error}")
        if encoded(entry) != value:
            return count, previous, Broken(offset, "it is not written as entries are: somebody has changed it")
        if entry.previous != previous:
            return (
                count,
                previous,
                Broken(offset, f"entry {entry.number} is not behind entry {count}: one was changed or left out"),
            )
        if entry.number != count + 1:
            return count, previous, Broken(offset, f"entry {entry.number} stands where {count + 1} should")
        count, previous = entry.number, _hash(value)
        told(previous)
    return count, previous, None


def _hash(value: bytes) -> str:
    return sha256(value).hexdigest()
