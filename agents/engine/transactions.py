"""The transactions of one transactional id, one after the other, in the second protocol (KIP-890): three round trips each.

Records, then offsets, then the end. What is refused for a while (a leader that moves, a broker that is away, the markers of the
transaction before) is sent again as it was, and counts once, since the broker knows each batch by its sequence. What is refused
for good is an error, and the transaction is never committed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import BrokerResponseError, KafkaError
from aiokafka.protocol.transaction import InitProducerIdRequest

from agents.engine import protocol
from agents.engine.batching import batches_of
from agents.engine.refusing import SECOND, OldProtocolError, is_done
from bookly.access import aiokafka_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from aiokafka.structs import OffsetAndMetadata

    from agents.engine.batching import RecordBatch
    from agents.engine.outgoing import Outgoing

log = structlog.get_logger(__name__)
TRANSACTION_MS = 60_000
REQUEST_MS = 15_000  # a connection that swallows everything is given up, and the request sent again, before a commit stands still
RETRY_S, SAID_EACH = 0.01, 100  # what is refused for now is said after a second
CLOSE_S = 2.0
ALL, NO_GENERATION, NO_EPOCH = -1, -1, -1


class Transactions:
    """Between `start` and `close`. One transaction at a time: `write` and `send_offsets`, then `commit`."""

    def __init__(self, brokers: str, transactional_id: str) -> None:
        self._id = transactional_id
        self._brokers = brokers
        self._client: Any = None
        self._coordinators: dict[tuple[int, str], int] = {}
        self._producer = (-1, NO_EPOCH)  # the broker's id of us, and the epoch of this transaction

    async def start(self) -> None:
        """From here on every other owner of the transactional id is refused, and what it left open is aborted.

        Raises OldProtocolError, RefusedError (NotPermittedError), and KafkaError where no broker answers.
        """
        self._client = AIOKafkaClient(
            **aiokafka_settings(self._brokers), request_timeout_ms=REQUEST_MS, retry_backoff_ms=int(RETRY_S * 1000)
        )
        await self._client.bootstrap()
        features = await self._client.send(self._client.get_random_node(), protocol.Features("bookly", "1", protocol.NONE))
        level = features.level_of("transaction.version")
        if level < SECOND:
            raise OldProtocolError(level)
        begin = InitProducerIdRequest(self._id, TRANSACTION_MS)
        answer = await self._until_taken(f"starting of {self._id}", lambda: self._coordinate(begin))
        self._producer = answer.producer_id, answer.producer_epoch

    async def close(self) -> None:
        """An open transaction is aborted by whoever starts next.

        A broker that does not answer is not waited for: nothing that is still under way counts, or all of it does.
        """
        client, self._client = self._client, None
        if client is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(client.close(), CLOSE_S)

    async def write(self, records: Iterable[Outgoing]) -> None:
        """Every record is durable in the open transaction when this returns. Raises RefusedError."""
        waiting = {place: deque(batches) for place, batches in batches_of(records, self._producer).items()}
        for topic in {place.topic for place in waiting}:
            await self._client.add_topic(topic)
        tries = 0
        while waiting:
            taken = await self._produce([batches[0] for batches in waiting.values()])
            if len(taken) < len(waiting):
                tries += 1
                await self._look_again("writing", tries)
            for place in taken:
                waiting[place].popleft()
            waiting = {place: batches for place, batches in waiting.items() if batches}

    async def send_offsets(self, places: Mapping[TopicPartition, OffsetAndMetadata], group: str) -> None:
        """The group's offsets are those of the open transaction, once it is committed. Raises RefusedError."""
        topics = _by_topic((place, (at.offset, NO_EPOCH, at.metadata, protocol.NONE)) for place, at in places.items())
        request = protocol.SendOffsets(self._id, group, *self._producer, NO_GENERATION, "", None, topics, protocol.NONE)

        async def send() -> Any:
            return await self._coordinate(request, CoordinationType.GROUP, group)

        await self._until_taken("sending offsets", send)

    async def commit(self) -> None:
        """All of it counts when this returns. Raises RefusedError: none of it does."""
        request = protocol.End(self._id, *self._producer, True, protocol.NONE)
        answer = await self._until_taken("committing", lambda: self._coordinate(request))
        self._producer = answer.producer_id, answer.producer_epoch

    async def _produce(self, batches: list[RecordBatch]) -> list[TopicPartition]:
        """Send at most one batch a partition; the partitions whose batch is durable. The others are to be sent again."""
        by_leader: defaultdict[int, list[RecordBatch]] = defaultdict(list)
        for batch in batches:
            by_leader[self._client.cluster.leader_for_partition(batch.place)].append(batch)
        taken = await asyncio.gather(*(self._produce_to(leader, each) for leader, each in by_leader.items()))
        return [place for each in taken for place in each]

    async def _produce_to(self, leader: int | None, batches: list[RecordBatch]) -> list[TopicPartition]:
        topics = _by_topic((batch.place, (batch.data, protocol.NONE)) for batch in batches)
        try:
            answer = await self._client.send(leader, protocol.Produce(self._id, ALL, REQUEST_MS, topics, protocol.NONE))
        except KafkaError:
            return []
        return [place for place, code in _codes(answer) if is_done("writing", code)]

    async def _coordinate(self, request: Any, kind: int = CoordinationType.TRANSACTION, key: str = "") -> Any:
        """Send to a coordinator: of our transactions, or of a group."""
        known = kind, key or self._id
        if known not in self._coordinators:
            try:
                self._coordinators[known] = await self._client.coordinator_lookup(*known)
            except BrokerResponseError as error:
                is_done(f"looking for a coordinator of {known[1]}", error.errno)
                raise  # for now
        return await self._client.send(self._coordinators[known], request, group=ConnectionGroup.COORDINATION)

    async def _until_taken(self, what: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        tries = 0
        while True:
            with suppress(KafkaError):
                answer = await ask()
                codes = [answer.error_code] if hasattr(answer, "error_code") else [code for _, code in _codes(answer)]
                if all(is_done(what, code) for code in codes):
                    return answer
            self._coordinators.clear()
            tries += 1
            await self._look_again(what, tries)

    async def _look_again(self, what: str, tries: int) -> None:
        """After a moment, where leaders and coordinators may be others."""
        if tries % SAID_EACH == 0:
            log.warning("a transaction waits: the broker is away or refuses it for now", id=self._id, what=what, tries=tries)
        await asyncio.sleep(RETRY_S)
        await self._client.force_metadata_update()


def _by_topic(partitions: Iterable[tuple[TopicPartition, tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    topics: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for place, about in partitions:
        topics[place.topic].append((place.partition, *about))
    return [(topic, about, protocol.NONE) for topic, about in topics.items()]


def _codes(answer: Any) -> Iterable[tuple[TopicPartition, int]]:
    """The error code of each partition that an answer is about."""
    for topic, partitions, _ in answer.topics:
        for number, code, *_ in partitions:
            yield TopicPartition(topic, number), code
