"""From the tables to the topics, until it is stopped. Any number may run at once; whichever dies, another goes on."""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Unpack

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from bookly.errors import BooklyError, InvalidSettings
from bookly.outbox.claims import LEASE_S
from bookly.outbox.framing import Framing
from bookly.outbox.lanes import Lanes, Outcome
from bookly.outbox.metrics import Figures
from bookly.outbox.settings import database_url
from bookly.outbox.turns import Terms, Turns
from bookly.producer import Producer
from bookly.registry import Registry
from bookly.settings import ProducerArgs, ProducerSettings

if TYPE_CHECKING:
    from bookly.outbox.framing import Versions
    from bookly.transport import Transport

log = logging.getLogger(__name__)

_LANES = 500  # under way at once
_WAIT_FOR_A_FILE_S = 30.0  # for the services that write to it
_POLL_S = 0.1  # between two looks at an empty outbox


class Relay:
    """Publishes a database's outbox, in order for each key.

    `database`: SQLAlchemy URL of PostgreSQL or SQLite. `keep_s`: how long rows stay after they are published. `hold_s`: when a
    key whose first event was refused is tried again. `retry_s`: how long to wait for a server that is away. `lease_s`: after
    which time the keys of a relay that is halted or cut off are another's. Other settings are a producer's, but for a `linger`
    of 0.
    """

    def __init__(
        self,
        database: str,
        *,
        keep_s: float = 0.0,
        hold_s: float = 60.0,
        retry_s: float = 1.0,
        lease_s: float = LEASE_S,
        transport: Transport | None = None,
        schemas: Versions | None = None,
        **settings: Unpack[ProducerArgs],
    ) -> None:
        self._settings = ProducerSettings.of({"linger": 0.0, **settings})  # a key's next event waits for the answer
        url = database_url(database)
        patience = {"timeout": _WAIT_FOR_A_FILE_S} if url.get_backend_name() == "sqlite" else {}
        self._engine = create_engine(url, poolclass=NullPool, connect_args=patience)  # a pool would keep our locks alive
        self._terms, self._retry_s = Terms(keep_s, hold_s, lease_s, holder=str(uuid.uuid4())), retry_s
        self._transport, self._schemas = transport, schemas
        self._outcome = Outcome()
        self._prefixes: dict[tuple[str, str], bytes] = {}
        self.figures = Figures()

    async def run(self, stop: asyncio.Event) -> None:
        """Return when `stop` is set and nothing is under way. A server that is away is waited for.

        Raises InvalidSettings where the tables are missing, or a setting is wrong.
        """
        log.info("publishing the outbox %s to %s", self._engine.url.database, self._settings.brokers)
        while not stop.is_set():
            try:
                await self._serve(stop)
            except InvalidSettings:
                raise
            except (DBAPIError, BooklyError) as error:
                self.figures.interruptions += 1
                reason = error.orig if isinstance(error, DBAPIError) else error
                log.warning("interrupted, goes on in %g s: %s", self._retry_s, reason)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._retry_s)
            finally:
                self.figures.shards = 0

    async def _serve(self, stop: asyncio.Event) -> None:
        """One producer and one connection, until one of them fails: then both are made anew."""
        schemas = self._schemas or Registry(self._settings.registry, limit=self._settings.connect_timeout)
        async with Producer(transport=self._transport, schemas=schemas, **self._arguments()) as producer:
            lanes = Lanes(producer, Framing(schemas, self._prefixes), self._outcome, self._retry_s)
            connection = await asyncio.to_thread(self._engine.connect)
            try:
                turns = Turns(connection, self.figures, self._terms)
                await self._turn_by_turn(turns, lanes, stop)
            finally:
                await lanes.drain()
                await asyncio.to_thread(connection.close)

    async def _turn_by_turn(self, turns: Turns, lanes: Lanes, stop: asyncio.Event) -> None:
        await asyncio.to_thread(turns.enter)
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                lanes.news.clear()
                if not await self._turn(turns, lanes):
                    news = asyncio.create_task(lanes.news.wait())
                    await asyncio.wait({news, stopped}, timeout=_POLL_S, return_when=asyncio.FIRST_COMPLETED)
                    news.cancel()
        finally:
            stopped.cancel()
        draining = asyncio.ensure_future(lanes.drain())
        while not draining.done():  # the keys stay ours only as long as the database hears of us
            await asyncio.wait({draining}, timeout=_POLL_S)
            await self._turn(turns, lanes, last=True)
        await self._turn(turns, lanes, last=True)
        await asyncio.to_thread(turns.leave)

    async def _turn(self, turns: Turns, lanes: Lanes, *, last: bool = False) -> bool:
        """Settle what has come of rows, and start others. Whether there may be more at once."""
        ended, settled = lanes.ended(), self._outcome.copy()
        busy = [lane for lane in lanes.busy if lane not in ended]
        rows = await asyncio.to_thread(turns.take, settled, busy, most=0 if last else max(0, _LANES - len(busy)))
        self._outcome.forget(settled)
        lanes.free(ended)
        lanes.start(rows)
        return bool(rows)

    def _arguments(self) -> Any:
        return {**{name: getattr(self._settings, name) for name in ProducerArgs.__annotations__}, "warm_up": False}
