"""A connection that was reset under uvloop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from agents.engine import connections


async def sends_on_a_closed_transport() -> list[Any]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    closed: list[Any] = []
    connection = AIOKafkaConnection("127.0.0.1", port, request_timeout_ms=1000, on_close=lambda _, reason: closed.append(reason))
    loop = asyncio.get_running_loop()
    reader, gone = asyncio.StreamReader(), loop.create_future()
    transport, protocol = await loop.create_connection(lambda: AIOKafkaProtocol(gone, reader, loop=loop), "127.0.0.1", port)
    connection._reader, connection._writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)
    connection._closed_fut, connection._versions = gone, {3: (0, 5)}
    connection._read_task = asyncio.create_task(asyncio.sleep(0))
    transport.abort()
    await asyncio.sleep(0.05)
    server.close()
    with pytest.raises(KafkaConnectionError, match=f"connection at 127.0.0.1:{port} is closed"):
        await connections.send(connection, MetadataRequest([]))
    return closed


def test_a_closed_transport_is_a_broken_connection_and_not_the_end_of_who_uses_it() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        closed = runner.run(sends_on_a_closed_transport())
    assert closed, "else nobody would connect again"
