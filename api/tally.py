"""What a group did with its records, as exact as its offsets: it commits the figures with them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from bookly.errors import BrokerUnavailable

PATIENCE_S = 10.0


def read_tally(brokers: str, group: str) -> Counter[str]:
    """Records applied, ignored (no handler) and dead, and repeats among the transitions. Raises BrokerUnavailable.

    By aiokafka: confluent-kafka 2.16 reads the metadata of an offset beyond its end.
    """
    try:
        return asyncio.run(_read(brokers, group))
    except KafkaError as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error


async def _read(brokers: str, group: str) -> Counter[str]:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=brokers, request_timeout_ms=int(PATIENCE_S * 1000))
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    tally: Counter[str] = Counter()
    for place in committed.values():
        if place.metadata.startswith("{"):
            tally.update(json.loads(place.metadata))
    return tally
