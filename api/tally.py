"""What a group did with its records, as exact as its offsets: it commits the figures with them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from bookly.access import aiokafka_settings
from bookly.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE_S = 10.0


class Reached(NamedTuple):
    """Where a group goes on in a partition, and what it has counted there, as it is committed: `metadata`."""

    offset: int
    tally: Counter[str]
    metadata: str


def read_tally(brokers: str, group: str) -> Counter[str]:
    """Records applied, ignored (no handler) and dead, and repeats among the transitions. Raises BrokerUnavailable."""
    return sum((reached.tally for reached in read_reached(brokers, group).values()), Counter())


def read_reached(brokers: str, group: str) -> Mapping[tuple[str, int], Reached]:
    """By topic and partition, where anything was committed. Raises BrokerUnavailable.

    By aiokafka: confluent-kafka 2.16 reads the metadata of an offset beyond its end.
    """
    try:
        return asyncio.run(_read(brokers, group))
    except KafkaError as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error


async def _read(brokers: str, group: str) -> dict[tuple[str, int], Reached]:
    admin: Any = AIOKafkaAdminClient(**aiokafka_settings(brokers), request_timeout_ms=int(PATIENCE_S * 1000))
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {
        (at.topic, at.partition): Reached(found.offset, _counted(found.metadata), found.metadata)
        for at, found in committed.items()
    }


def _counted(metadata: str) -> Counter[str]:
    """What confluent-kafka commits ends with the zero byte of a C string."""
    return Counter(json.loads(metadata.rstrip("\0"))) if metadata.startswith("{") else Counter()
