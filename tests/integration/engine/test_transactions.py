"""Transactions on a real broker: fenced, large, over a connection that is reset."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its __init__ names them

from agents.engine.outgoing import Outgoing
from agents.engine.refusing import RefusedError
from agents.engine.transactions import Transactions
from api.tables import read_log
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from stack import Stack

GROUP = "bookly-test-transactions"
_numbers = count(1)


@pytest.fixture
def topic(stack: Stack) -> str:
    name = f"test.transactions.{next(_numbers)}"
    admin = AdminClient({**librdkafka_settings(stack.brokers)})
    admin.create_topics([NewTopic(name, 2, 1, config={"max.message.bytes": str(9 * 1024 * 1024)})])[name].result(30)
    return name


@pytest.fixture
def name() -> str:
    return f"bookly-test-{next(_numbers)}"


def records(topic: str, number: int, size: int = 100) -> list[Outgoing]:
    return [Outgoing(topic, index % 2, b"%d" % index, b"v" * size) for index in range(number)]


def keys(stack: Stack, topic: str, partition: int) -> list[int]:
    return [int(message.key() or b"") for message in read_log(stack.brokers, topic) if message.partition() == partition]


async def commit(transactions: Transactions, what: list[Outgoing], offset: int) -> None:
    await transactions.write(what)
    await transactions.send_offsets({TopicPartition(what[0].topic, 0): OffsetAndMetadata(offset, "{}")}, GROUP)
    await transactions.commit()


async def test_many_batches_and_a_large_row_lie_in_order(stack: Stack, topic: str, name: str) -> None:
    transactions = Transactions(stack.brokers, name)
    await transactions.start()
    try:
        await commit(transactions, records(topic, 20_000), 1)
        await commit(transactions, [Outgoing(topic, 0, b"20000", b"x" * 8 * 1024 * 1024), *records(topic, 10)], 2)
    finally:
        await transactions.close()
    assert keys(stack, topic, 0) == [*range(0, 20_000, 2), 20_000, *range(0, 10, 2)]
    assert keys(stack, topic, 1) == [*range(1, 20_000, 2), *range(1, 10, 2)]


async def test_who_starts_next_aborts_what_is_open_and_fences_who_was_before(stack: Stack, topic: str, name: str) -> None:
    former, latter = Transactions(stack.brokers, name), Transactions(stack.brokers, name)
    try:
        await former.start()
        await former.write(records(topic, 4))
        await latter.start()
        with pytest.raises(RefusedError):
            await former.write(records(topic, 4))
        with pytest.raises(RefusedError):
            await former.send_offsets({TopicPartition(topic, 0): OffsetAndMetadata(99, "")}, GROUP)
        with pytest.raises(RefusedError):
            await former.commit()
        await commit(latter, records(topic, 2), 3)
    finally:
        await former.close()
        await latter.close()
    assert (keys(stack, topic, 0), keys(stack, topic, 1)) == ([0], [1])


async def test_a_connection_that_is_lost_again_and_again_loses_and_doubles_nothing(stack: Stack, topic: str, name: str) -> None:
    transactions = Transactions(stack.brokers, name)
    await transactions.start()

    def reset() -> None:
        for connection in list(transactions._client._conns.values()):
            connection.close()

    try:
        for number in range(20):
            asyncio.get_running_loop().call_later(number / 1000, reset)  # at another moment of each transaction
            await asyncio.wait_for(commit(transactions, records(topic, 3_000), number), 30)
    finally:
        await transactions.close()
    assert keys(stack, topic, 0) == [*range(0, 3_000, 2)] * 20
    assert keys(stack, topic, 1) == [*range(1, 3_000, 2)] * 20
