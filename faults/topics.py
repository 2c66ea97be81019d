"""The topics of one run: made before it, and gone after it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]  # its __init__ names them

from agents import PARTITIONS, changelogs_of
from bookly.errors import BrokerUnavailable
from contracts.broker import DEAD_LETTER_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.domains import RunDomain

PATIENCE_S = 30.0
SETTLING_S = 5.0


def names_of(domain: RunDomain) -> tuple[str, ...]:
    """Input, output, dead letters, commands, replays and changelogs."""
    engine = (domain.dead_letters, domain.control, domain.replay)
    return (*domain.renamed.values(), *engine, *(name for name, _, _ in changelogs_of(domain)))


@contextlib.contextmanager
def topics_of(brokers: str, domain: RunDomain, copies: int = 1) -> Iterator[None]:
    """They exist within the block, each partition so many times. Changelogs are not compacted: a run is too short for it."""
    admin, names = AdminClient({"bootstrap.servers": brokers, "log_level": 0}), names_of(domain)
    large = {"max.message.bytes": str(DEAD_LETTER_BYTES)}
    keep_large = {domain.dead_letters, domain.parked}
    wanted: Any = [NewTopic(name, PARTITIONS, copies, config=large if name in keep_large else {}) for name in names]
    for future in admin.create_topics(wanted).values():
        future.result(PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while not set(names) <= admin.list_topics(timeout=PATIENCE_S).topics.keys():
        if time.monotonic() > deadline:
            raise BrokerUnavailable(brokers, PATIENCE_S, "it does not show the topics that it created")
        time.sleep(0.05)  # what a broker shows can only be asked for
    try:
        yield
    finally:
        with contextlib.suppress(KafkaException):  # what is left is gone with the stack's data
            for future in admin.delete_topics(list(names)).values():
                future.result(PATIENCE_S)


def wait_until_settled(brokers: str, domain: RunDomain) -> bool:
    """Return when no transaction is open on any of the topics. False when one still is after SETTLING_S."""
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    places = [TopicPartition(name, number) for name in names_of(domain) for number in range(PARTITIONS)]
    deadline = time.monotonic() + SETTLING_S
    while time.monotonic() < deadline:
        stable, written = (
            _ends(admin, places, level) for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED)
        )
        if stable == written:
            return True
        time.sleep(0.05)  # markers can only be asked for
    return False


def _ends(admin: AdminClient, places: list[TopicPartition], level: IsolationLevel) -> dict[Any, int]:
    asked: Any = {place: OffsetSpec.latest() for place in places}  # type: ignore[no-untyped-call]
    found: Any = admin.list_offsets(asked, isolation_level=level, request_timeout=PATIENCE_S)
    return {(place.topic, place.partition): end.result().offset for place, end in found.items()}
