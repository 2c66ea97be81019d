"""Which worker owns which partition: the members of a group as the broker knows them, each named by where it answers queries."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import KafkaException

from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK_S = 1.0


class Assignment(NamedTuple):
    """`partitions`: how many the group has, 0 before it is provisioned. `owners`: host:port by partition, where there is one."""

    partitions: int
    owners: Mapping[int, str]


class Assignments:
    """Asks the broker once for all who want to know, and remembers the answer until somebody finds it outdated."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._admin = admin_client(brokers)
        self._known: dict[str, Assignment] = {}
        self._looking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, domain: str, *, outdated: Assignment | None = None) -> Assignment:
        """What is known, if it is another than the outdated one; else what the broker says now. Raises BrokerUnavailable."""
        known = self._known.get(domain)
        if known is not None and known is not outdated:
            return known
        async with self._looking[domain]:
            known = self._known.get(domain)
            if known is None or known is outdated:
                known = await asyncio.to_thread(self._look, domain)
                if known.partitions:
                    self._known[domain] = known
            return known

    def _look(self, domain: str) -> Assignment:
        group, control = f"bookly-{domain}", f"bookly.{domain}.control"  # a topic that every member of the group reads
        try:
            partitions = len(self._admin.list_topics(control, timeout=LOOK_S).topics[control].partitions)
            members = self._admin.describe_consumer_groups([group], request_timeout=LOOK_S)[group].result().members
        except KafkaException as error:
            raise BrokerUnavailable(self._brokers, LOOK_S, error.args[0].str()) from error
        owners = {
            place.partition: address
            for member in members
            if (address := member.client_id.partition("@")[2])
            for place in member.assignment.topic_partitions
            if place.topic == control
        }
        return Assignment(partitions, owners)
