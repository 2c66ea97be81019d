"""Whatever becomes of attempts: a reader that knows repeats sees each key's events in order, up to one that was refused."""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine

from bookly.outbox import METADATA, BlockingOutbox, Relay
from bookly.outbox.queries import held, measure
from bookly.testing import InMemoryBroker, InMemorySchemas
from tests.unit.outbox.events import PLACE, status

if TYPE_CHECKING:
    from bookly.delivery import Ticket
    from bookly.outgoing import Outgoing

LOST, UNCONFIRMED, REFUSED, BROKEN = "_MSG_TIMED_OUT", "REQUEST_TIMED_OUT", "MSG_SIZE_TOO_LARGE", "_FATAL"


class Planned(NamedTuple):
    """An event, and what becomes of its attempts; the next one after these is confirmed."""

    key: str
    fates: list[str]


KEYS = st.sampled_from(["room-1", "room-2", "room-3"])
PASSING = st.lists(st.sampled_from([LOST, UNCONFIRMED, BROKEN]), max_size=2)
FATES = PASSING | PASSING.map(lambda fates: [*fates, REFUSED])
PLANS = st.lists(st.builds(Planned, KEYS, FATES), min_size=1, max_size=12)


class Failure:
    """What the real client says of an attempt: its text is its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        return self._name

    def __str__(self) -> str:
        return self._name


class UnreliableBroker(InMemoryBroker):
    """Lets attempts fail as planned: before it has the record, after it, for good, or with the session."""

    def __init__(self) -> None:
        super().__init__()
        self.fates: dict[str, deque[str]] = {}
        self._failing: deque[tuple[Ticket, str]] = deque()

    def send(self, outgoing: Outgoing, ticket: Ticket) -> None:
        fates = self.fates[outgoing.event_id]
        if not fates:
            return super().send(outgoing, ticket)
        fate = fates.popleft()
        if fate == UNCONFIRMED:
            self._keep(outgoing)
        self._failing.append((ticket, fate))
        return None

    def poll(self, timeout: float) -> None:
        super().poll(min(timeout, 0.005))
        while self._failing:
            ticket, fate = self._failing.popleft()
            ticket(Failure(fate), None)


class LateSchemas(InMemorySchemas):
    """Answers nothing the first times."""

    def __init__(self, failing: int) -> None:
        super().__init__()
        self._failing = failing

    def version_id(self, subject: str, fingerprint: str) -> int:
        self._failing -= 1
        self.away = self._failing >= 0
        return super().version_id(subject, fingerprint)


@given(PLANS, st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_each_key_is_published_in_order_up_to_what_was_refused(plans: list[Planned], unanswered: int) -> None:
    broker, expected, stopped, waiting = UnreliableBroker(), dict[str, list[str]](), set[str](), 0
    with tempfile.TemporaryDirectory() as place:
        url = f"sqlite:///{Path(place) / 'service.db'}"
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            METADATA.create_all(connection)
            for key, fates in plans:
                event_id = BlockingOutbox(source="facility-service").write(connection, status(key))
                broker.fates[event_id] = deque(fates)
                if key not in stopped and (REFUSED not in fates or UNCONFIRMED in fates):
                    expected.setdefault(key, []).append(event_id)
                waiting += key in stopped or REFUSED in fates
                stopped |= {key} if REFUSED in fates else set()

        async def publish() -> None:
            stop = asyncio.Event()
            relay = Relay(url, transport=broker, schemas=LateSchemas(unanswered), retry_s=0.01, hold_s=600, **PLACE)
            running = asyncio.create_task(relay.run(stop))
            async with asyncio.timeout(8):  # below the lease: who opens all anew does not wait for itself
                while True:
                    with engine.begin() as connection:
                        found = measure(connection)
                    if found.size == waiting and found.held == len(stopped):
                        break
                    await asyncio.sleep(0.01)
            stop.set()
            await running

        asyncio.run(publish())
        with engine.begin() as connection:
            assert {one.key for one in held(connection)} == stopped
    seen: dict[str, dict[str, None]] = {}
    for record in broker.records:
        seen.setdefault(record.key.decode(), {})[record.event_id] = None
    assert {key: list(ids) for key, ids in seen.items()} == expected
