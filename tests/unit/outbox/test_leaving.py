"""A relay that is told to end keeps its keys until what it has sent is answered, and then the database knows of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine

from bookly.outbox import METADATA, BlockingOutbox, Relay
from bookly.outbox.queries import measure
from bookly.testing import InMemoryBroker, InMemorySchemas
from tests.unit.outbox.events import PLACE, status

if TYPE_CHECKING:
    from pathlib import Path

    from bookly.delivery import Ticket
    from bookly.outgoing import Outgoing

LEASE_S = 0.5


class SlowBroker(InMemoryBroker):
    """Answers nothing of `slow` until it may."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self.sent, self.may = asyncio.Event(), asyncio.Event()
        self._slow = slow
        self._held: list[tuple[Outgoing, Ticket]] = []

    def send(self, outgoing: Outgoing, ticket: Ticket) -> None:
        if outgoing.event_id != self._slow or self.may.is_set():
            return super().send(outgoing, ticket)
        self._held.append((outgoing, ticket))
        self.sent.set()
        return None

    def poll(self, timeout: float) -> None:
        if self.may.is_set():
            held, self._held = self._held, []
            for outgoing, ticket in held:
                super().send(outgoing, ticket)
        super().poll(min(timeout, 0.005))


async def test_what_is_answered_while_another_key_is_waited_for_is_settled_and_the_keys_stay_ours(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'service.db'}"
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        METADATA.create_all(connection)
        broker = SlowBroker(BlockingOutbox(source="facility-service").write(connection, status("room-1")))
    stop, schemas = asyncio.Event(), InMemorySchemas()
    relay = asyncio.create_task(Relay(url, transport=broker, schemas=schemas, lease_s=LEASE_S, **PLACE).run(stop))
    await broker.sent.wait()
    stop.set()
    await asyncio.sleep(3 * LEASE_S)  # what is tried is that this time changes nothing
    other = asyncio.create_task(Relay(url, transport=broker, schemas=schemas, lease_s=LEASE_S, **PLACE).run(asyncio.Event()))
    await asyncio.sleep(LEASE_S)
    broker.may.set()
    await relay
    other.cancel()
    with engine.begin() as connection:
        assert measure(connection).size == 0
    assert len(broker.records) == 1, "nobody else has sent it meanwhile"
