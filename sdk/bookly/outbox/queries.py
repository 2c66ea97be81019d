"""What the relay and the commands ask of the tables. Each is one short transaction, which the caller begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, inspect, select, update

from bookly.errors import InvalidSettings
from bookly.outbox.rows import SHARDS, Row, now
from bookly.outbox.tables import METADATA, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

_WAITS = OUTBOX.c.published_at.is_(None)
_COLUMNS = [OUTBOX.c[name] for name in Row._fields]


class Held(NamedTuple):
    """A lane that waits for its first event, and why."""

    event_id: str
    event_type: str
    key: str
    reason: str
    waiting: int  # events of the lane, itself included


class Measure(NamedTuple):
    """How much waits, how old the oldest of it is (seconds), and how many keys are held."""

    size: int
    age_s: float
    held: int


def refuse_missing(connection: Connection) -> None:
    """Raises InvalidSettings where the outbox's tables are not in the database."""
    there = inspect(connection)
    missing = [table.name for table in METADATA.sorted_tables if not there.has_table(table.name)]
    if missing:
        raise InvalidSettings(
            f"The database has no table {' and no '.join(missing)}: migrate it, or run `python -m bookly.outbox create`."
        )


def next_rows(connection: Connection, shards: Collection[int], busy: Collection[int], limit: int) -> list[Row]:
    """What may be published now, in the order in which it was written: not of lanes that are busy or held."""
    waits = select(OUTBOX.c.lane).where(_WAITS, OUTBOX.c.reason.is_not(None), OUTBOX.c.held_until > now())
    wanted = select(*_COLUMNS).where(_WAITS, OUTBOX.c.lane.not_in(waits)).order_by(OUTBOX.c.id).limit(limit)
    if busy:
        wanted = wanted.where(OUTBOX.c.lane.not_in(busy))
    if len(shards) < SHARDS:
        wanted = wanted.where(OUTBOX.c.shard.in_(shards))
    return [Row(*found) for found in connection.execute(wanted)]


def settle(connection: Connection, published: Collection[int], refused: Mapping[int, str], *, keep: bool, hold_s: float) -> None:
    """Note what came of rows: confirmed ones go, or stay as published; a refused one holds its lane for a while."""
    if published:
        done = OUTBOX.c.id.in_(published)
        kept = update(OUTBOX).where(done).values(published_at=now(), reason=None)
        connection.execute(kept if keep else delete(OUTBOX).where(done))
    until = now() + round(hold_s * 1_000_000)
    for number, reason in refused.items():
        connection.execute(update(OUTBOX).where(OUTBOX.c.id == number).values(held_until=until, reason=reason))


def purge(connection: Connection, keep_s: float) -> None:
    """Delete what was published longer ago."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.published_at < now() - round(keep_s * 1_000_000)))


def measure(connection: Connection) -> Measure:
    """Of the outbox in this database, whether a relay runs or not."""
    size, oldest, held = connection.execute(
        select(func.count(), func.min(OUTBOX.c.written_at), func.count(OUTBOX.c.reason)).where(_WAITS)
    ).one()
    return Measure(size, max(0.0, (now() - oldest) / 1_000_000) if oldest is not None else 0.0, held)


def held(connection: Connection) -> list[Held]:
    """The held lanes, the one that waits longest first."""
    first, rest = OUTBOX.alias(), OUTBOX.alias()
    waiting = select(func.count()).where(rest.c.lane == first.c.lane, rest.c.published_at.is_(None)).scalar_subquery()
    found = connection.execute(
        select(first.c.event_id, first.c.event_type, first.c.key, first.c.reason, waiting)
        .where(first.c.published_at.is_(None), first.c.reason.is_not(None))
        .order_by(first.c.id)
    )
    return [Held(*row) for row in found]


def retry(connection: Connection) -> int:
    """Let every held lane be tried again now; how many there are."""
    return connection.execute(update(OUTBOX).where(_WAITS, OUTBOX.c.held_until > now()).values(held_until=0)).rowcount


def drop(connection: Connection, event_id: str) -> int:
    """Give up a held event: its lane goes on without it. 0 where none with this id is held."""
    return connection.execute(delete(OUTBOX).where(_WAITS, OUTBOX.c.event_id == event_id, OUTBOX.c.reason.is_not(None))).rowcount
