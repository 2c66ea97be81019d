"""An event shares the fate of the transaction that wrote it."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from bookly import EventPayload
from bookly.errors import EventTooLarge, InvalidEvent
from bookly.events.resources import CategoryUpdated
from bookly.outbox import BlockingOutbox, Outbox
from bookly.outbox.tables import OUTBOX as TABLE
from bookly.reading import decode_record
from bookly.records import fields
from bookly.registry import Registry
from tests.integration.outbox.world import OUTBOX, by_key, status, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.outbox.world import Database, World


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database.on_asyncio)
    yield engine
    await engine.dispose()


def test_what_is_committed_is_published_once_and_what_is_rolled_back_never(world: World) -> None:
    with world.database.engine.connect() as connection:
        write(connection, 1, "room-rolled-back")
        connection.rollback()
        write(connection, 2, "room-committed")
        connection.commit()
    world.relay()
    world.wait_until_empty()
    assert by_key(world.read()) == world.database.committed()
    assert [record.key for record in world.read()] == ["room-committed"]


def test_a_savepoint_takes_back_its_events_alone(world: World) -> None:
    with Session(world.database.engine) as session, session.begin():
        kept = OUTBOX.write(session, status("room-1"))
        savepoint = session.begin_nested()
        OUTBOX.write(session, status("room-1"))
        savepoint.rollback()
    world.relay()
    world.wait_until_empty()
    assert [record.event_id for record in world.read()] == [kept]


def test_the_record_is_what_the_producer_would_have_sent(world: World) -> None:
    cause = EventPayload.of(status("room-0"), source="facility-service", actor="u-1")
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Session(world.database.engine) as session, session.begin():
        event_id = OUTBOX.write(session, status("räume-1"), cause=cause, traceparent=trace)
    world.relay()
    world.wait_until_empty()
    (record,) = world.read()
    assert record.key == "räume-1"
    with closing(Registry(str(world.stack.registry))) as registry:
        spec, decoded = decode_record(record.value, registry)
    assert (spec.class_name, fields(decoded)) == (
        "ResourceStatusChanged",
        {"resource_id": "räume-1", "status": "AVAILABLE", "previous": "IN_USE"},
    )
    metadata = decoded.metadata
    assert (metadata.event_id, metadata.source, metadata.actor) == (event_id, "facility-service", "u-1")
    assert metadata.causation_id == str(cause.metadata.event_id)
    assert record.headers["ce_id"] == event_id.encode()
    assert record.headers["ce_subject"] == "räume-1".encode()
    assert record.headers["traceparent"] == trace.encode()
    assert record.headers["content-type"] == b"application/avro"


async def test_services_on_asyncio_write_by_session_or_connection(world: World, engine: AsyncEngine) -> None:
    outbox = Outbox(source="facility-service")
    async with AsyncSession(engine) as session, session.begin():
        first = await outbox.write(session, status("room-1"))
    async with engine.begin() as connection:
        second = await outbox.write(connection, status("room-1"))
    async with AsyncSession(engine) as session:
        await outbox.write(session, status("room-1"))
        await session.rollback()
    world.relay()
    world.wait_until_empty()
    assert [record.event_id for record in world.read()] == [first, second]


def test_services_with_threads_write_by_session_or_connection(world: World) -> None:
    with Session(world.database.engine) as session, session.begin():
        first = OUTBOX.write(session, status("room-1"))
    with world.database.engine.begin() as connection:
        second = OUTBOX.write(connection, status("room-1"))
    world.relay()
    world.wait_until_empty()
    assert [record.event_id for record in world.read()] == [first, second]


def test_an_event_that_is_refused_leaves_the_transaction_as_it_was(database: Database) -> None:
    small = BlockingOutbox(source="facility-service", max_event_bytes=500)
    with database.engine.begin() as connection:
        write(connection, 1, "room-1")
        with pytest.raises(InvalidEvent, match="is empty, but it is the record's key"):
            OUTBOX.write(connection, status(""))
        with pytest.raises(EventTooLarge):
            small.write(connection, status("room-" + "1" * 500))
    with database.engine.begin() as connection:
        assert connection.execute(select(TABLE.c.key)).scalars().all() == ["room-1"]


def test_an_event_as_large_as_a_producer_takes_is_published(world: World) -> None:
    """Key, value and headers come to the limit exactly: the five bytes that the relay adds were counted when it was written."""
    event = CategoryUpdated(category_id="rooms", name="Rooms", description="x" * 400)
    with world.database.engine.begin() as connection:
        OUTBOX.write(connection, event)
        row = connection.execute(select(TABLE)).one()
        size = 5 + len(row.body) + len(row.key) + sum(len(name) + len(text) for name, text in json.loads(row.headers))
        with pytest.raises(EventTooLarge):
            BlockingOutbox(source="facility-service", max_event_bytes=size - 1).write(connection, event)
        last = BlockingOutbox(source="facility-service", max_event_bytes=size).write(connection, event)
    world.relay()
    world.wait_until_empty()
    sent = world.read()[-1]
    assert sent.event_id == last
    assert len(sent.value) + len(sent.key) + sum(len(name) + len(text) for name, text in sent.headers.items()) == size
