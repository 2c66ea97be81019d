"""What a service calls: the event becomes a row of its own transaction. Neither broker nor registry is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from sqlalchemy import BigInteger, Connection, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bookly.errors import InvalidSettings
from bookly.outbox.rows import values_of
from bookly.outbox.tables import OUTBOX
from bookly.outgoing import written
from bookly.sending import hand_over, way_out
from bookly.settings import EVENT_BYTES

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    from bookly._event import Event
    from bookly.payload import Circumstances, EventPayload

_PREFIX = 5  # bytes that the relay puts before the body
DIALECTS = ("postgresql", "sqlite")


class BlockingOutbox:
    """Writes events into the caller's transaction. May be shared by threads.

    `source`: the service, as in ProducerSettings. `max_event_bytes`: key, value and headers of one event; not above the relay's.
    """

    def __init__(self, *, source: str, max_event_bytes: int = EVENT_BYTES) -> None:
        if not source.strip():
            raise InvalidSettings('source is missing: name the service that publishes, for example source="booking-web".')
        self._source, self._limit = source, max_event_bytes

    def write(
        self,
        where: Session | Connection,
        event: Event | EventPayload[Any],
        *,
        traceparent: str | None = None,
        **circumstances: Unpack[Circumstances],
    ) -> str:
        """Add the event to the transaction, and return its id: committed with it, it will be published; rolled back, never was.

        On PostgreSQL another transaction that writes an event of the same key waits until this one ends, so that events
        of one key are published in the order of their commits. Raises InvalidEvent, EventTooLarge: nothing was written.
        """
        values = self._values(event, traceparent, circumstances)
        _insert(where if isinstance(where, Connection) else where.connection(), values)
        return str(values["event_id"])

    def _values(self, event: Event | EventPayload[Any], traceparent: str | None, circumstances: Circumstances) -> dict[str, Any]:
        contract, record = written(event, self._source, circumstances)
        make, _ = way_out()
        sent = make(contract, record, b"", traceparent, self._limit - _PREFIX)
        hand_over(sent)
        return values_of(sent)


class Outbox(BlockingOutbox):
    """BlockingOutbox for services on asyncio, with the same promises."""

    async def write(  # type: ignore[override]  # the same verb, awaited
        self,
        where: AsyncSession | AsyncConnection,
        event: Event | EventPayload[Any],
        *,
        traceparent: str | None = None,
        **circumstances: Unpack[Circumstances],
    ) -> str:
        """What BlockingOutbox.write does, in an AsyncSession's or AsyncConnection's transaction."""
        values = self._values(event, traceparent, circumstances)
        connection = where if isinstance(where, AsyncConnection) else await where.connection()
        await connection.run_sync(_insert, values)
        return str(values["event_id"])


def _insert(connection: Connection, values: dict[str, Any]) -> None:
    dialect = connection.dialect.name
    if dialect not in DIALECTS:
        raise InvalidSettings(f"An outbox is kept in {' or '.join(DIALECTS)}, and this database is {dialect}.")
    if dialect == "postgresql":  # before the row takes its number, so that numbers of a lane are in the order of commits
        connection.execute(select(func.pg_advisory_xact_lock(cast(values["lane"], BigInteger))))
    connection.execute(insert(OUTBOX).values(values))
