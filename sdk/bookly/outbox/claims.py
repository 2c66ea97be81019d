"""Which relay publishes which shards, so that two of them share the work and a dead one's is taken over.

Nobody's correctness rests on it: two relays that publish the same lane, as when one is halted and goes on later, write repeats,
and each of the two in order. It is what keeps repeats rare (docs/decisions/0015-an-outbox-in-the-services-database.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import func, insert, select, text, update

from bookly.outbox.rows import SHARDS, now
from bookly.outbox.tables import LEASE

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

LEASE_S = 10.0


class Claims(Protocol):
    """Of one relay, for as long as its connection lives. Each call is one transaction of the caller's."""

    def enter(self, connection: Connection) -> None:
        """Join the relays of this database."""

    def renew(self, connection: Connection, busy: Collection[int]) -> frozenset[int]:
        """The shards that are ours now. One that has lanes under way (`busy`) is given up only when they are done."""

    def leave(self, connection: Connection) -> None:
        """Free all of them at once."""


class AdvisoryLocks:
    """PostgreSQL: a session's lock for each shard, which the server frees in the moment in which it loses the session.

    It also ends the session of a relay that is halted, or whose machine is gone, after `lease_s`.
    """

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._ours: set[int] = set()
        self._space = 0

    def enter(self, connection: Connection) -> None:
        limit_ms = round(self._lease_s * 1000)
        for setting in ("idle_session_timeout", "idle_in_transaction_session_timeout", "tcp_user_timeout"):
            connection.execute(select(func.set_config(setting, str(limit_ms), False)))
        for setting in ("tcp_keepalives_idle", "tcp_keepalives_interval"):
            connection.execute(select(func.set_config(setting, str(max(1, round(self._lease_s / 3))), False)))
        connection.execute(select(func.set_config("tcp_keepalives_count", "2", False)))
        table = connection.execute(text("SELECT 'bookly_outbox'::regclass::oid::bigint")).scalar_one()
        self._space = (table + 2**31) % 2**32 - 2**31  # an oid as the signed number that the lock functions take
        connection.execute(select(func.pg_advisory_lock_shared(self._space, SHARDS)))  # counts us among the relays

    def renew(self, connection: Connection, busy: Collection[int]) -> frozenset[int]:
        share = -(-SHARDS // self._relays(connection))
        keep = set(sorted(self._ours)[:share])
        for shard in self._ours - keep - set(busy):
            connection.execute(select(func.pg_advisory_unlock(self._space, shard)))
            self._ours.discard(shard)
        for shard in range(SHARDS):
            if len(self._ours) < share and shard not in self._ours and self._locked(connection, shard):
                self._ours.add(shard)
                keep.add(shard)
        return frozenset(keep)

    def leave(self, connection: Connection) -> None:
        connection.execute(select(func.pg_advisory_unlock_all()))
        self._ours.clear()

    def _locked(self, connection: Connection, shard: int) -> bool:
        return bool(connection.execute(select(func.pg_try_advisory_lock(self._space, shard))).scalar_one())

    def _relays(self, connection: Connection) -> int:
        counted = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = :member AND objsubid = 2 "
            "AND classid = 'bookly_outbox'::regclass "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return max(1, int(connection.execute(counted, {"member": SHARDS}).scalar_one()))


class Lease:
    """SQLite: all shards or none, by a row that says until when. It is one machine's file, so that one clock is asked."""

    def __init__(self, lease_s: float, holder: str) -> None:
        self._lease, self._me = round(lease_s * 1_000_000), holder

    def enter(self, connection: Connection) -> None:
        free = {"name": "relay", "holder": "", "until": 0}
        connection.execute(insert(LEASE).prefix_with("OR IGNORE").values(free))

    def renew(self, connection: Connection, busy: Collection[int]) -> frozenset[int]:  # noqa: ARG002  # nothing is given up
        mine = (LEASE.c.holder == self._me) | (LEASE.c.until < now())
        taken = connection.execute(update(LEASE).where(mine).values(holder=self._me, until=now() + self._lease))
        return frozenset(range(SHARDS)) if taken.rowcount else frozenset()

    def leave(self, connection: Connection) -> None:
        connection.execute(update(LEASE).where(LEASE.c.holder == self._me).values(until=0))


def claims(connection: Connection, lease_s: float, holder: str) -> Claims:
    """As the database has them. `holder`: the relay's own name, which it keeps when it opens another connection."""
    return AdvisoryLocks(lease_s) if connection.dialect.name == "postgresql" else Lease(lease_s, holder)
